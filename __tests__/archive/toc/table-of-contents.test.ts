import { appendFile, open, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBack } from '../../../src/archive/read-back.ts';
import {
  type TableOfContents,
  type TocEntry,
  readTableOfContents,
} from '../../../src/archive/toc/table-of-contents.ts';
import { tocOf } from './toc-of.ts';
import { UserError } from '../../../src/errors.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { ODD_DATABASE } from '../content/odd-database.ts';
import { smallArchive } from './small-archive.ts';
import { PlanBed } from '../../restore/plan/plan-bed.ts';
import { PLANNED_DATABASE } from '../../restore/plan/plan-database.ts';

let bed: PlanBed;
let servers: Database[];
let archive: string;

beforeAll(async () => {
  bed = await PlanBed.make();
  servers = await Promise.all([startDatabase({ version: '16' }), startDatabase()]);
  for (const server of servers) {
    await server.createRole('odd role');
    await server.createRole('reader');
    await server.createDatabase('odd "db"');
    await server.sql(ODD_DATABASE + PLANNED_DATABASE, 'odd "db"');
  }
  archive = await bed.dump(onServer(1));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await bed.remove();
});

function onServer(index: number): { server: Database; database: string } {
  const server = servers[index];
  if (!server) throw new Error('no such server');
  return { server, database: 'odd "db"' };
}

/** An entry as `pg_restore --list --verbose` prints it, names with line breaks made one line as it does. */
function listed({ dumpId, catalogOid, oid, kind, schema, tag, owner, dependencies }: TocEntry): string {
  const oneLine = (text: string): string => text.replaceAll(/[\n\r]/g, ' ');
  const line =
    `${dumpId}; ${catalogOid} ${oid} ${kind} ${oneLine(schema === '' ? '-' : schema)} ${oneLine(tag)} ${owner}`.trimEnd();
  return dependencies.length === 0 ? line : `${line}\n;\tdepends on: ${dependencies.join(' ')}`;
}

/** Without the spaces that it ends lines with where there is no owner. */
async function expectedList(file: string): Promise<string[]> {
  const text = (await bed.list(file)).replaceAll(/ +$/gm, '');
  return text
    .split(/\n(?=\d+;)/)
    .slice(1)
    .map((line) => line.trimEnd());
}

describe('the table of contents', () => {
  it.each([0, 1])('contains all that pg_restore lists, of server %d', async (index) => {
    const file = await bed.dump(onServer(index));
    const contents = await tocOf(file);
    expect(contents.entries.map(listed)).toEqual(await expectedList(file));
    expect(contents).toMatchObject({ database: 'odd "db"', formatVersion: '1.16', dumpMajor: 17 });
    expect(contents.serverVersion).toMatch(index === 0 ? /^16\.\d+$/ : /^17\.\d+$/);
    // Whoever built pg_dump adds a remark of his own, as Debian does.
    expect(contents.dumpVersion).toMatch(/^17\.\d+$/);
  });

  it.each(['none', 'gzip:1', 'lz4', 'zstd:3'])('is read with every compression: %s', async (compression) => {
    const file = await bed.dump(onServer(1), `--compress=${compression}`);
    const strip = ({ entries }: TableOfContents): unknown[] =>
      entries.map((entry) => ({ ...entry, dumpId: 0, position: 0 }));
    expect(strip(await tocOf(file))).toEqual(strip(await tocOf(archive)));
  });

  it('has the same names as the manifest', async () => {
    const { entries } = await tocOf(archive);
    const { manifest } = await readBack({
      archive,
      pgRestore: bed.tools.pgRestore,
      environment: {},
      workFolder: bed.folder,
      signal: new AbortController().signal,
    });
    const contents = (kind: string): (string | undefined)[] =>
      entries.filter((entry) => entry.kind === kind).map((entry) => entry.contents);
    const names = (things: readonly { readonly name: string }[]): string[] => things.map(({ name }) => name);
    expect(contents('TABLE DATA').sort()).toEqual(names(manifest.tables).sort());
    expect(contents('SEQUENCE SET').sort()).toEqual(names(manifest.sequences).sort());
  });

  it('keeps names with line breaks, quotes and emoji, and their SQL', async () => {
    const { entries } = await tocOf(archive);
    const table = entries.find(({ kind, tag }) => kind === 'TABLE' && tag.includes('😀" (x)\n;'));
    expect(table?.dropStatement).toBe('DROP TABLE public."o\'dd ""😀"" (x)\n;";\n');
    expect(table?.definition).toContain('"a b" text');
  });

  it('contains the sections, and which entries have data', async () => {
    const { entries } = await tocOf(archive);
    const of = (kind: string): TocEntry | undefined => entries.find((entry) => entry.kind === kind);
    expect(of('TABLE')).toMatchObject({ section: 'pre-data', hasData: false });
    expect(of('TABLE DATA')).toMatchObject({ section: 'data', hasData: true, definition: '' });
    expect(of('INDEX')).toMatchObject({ section: 'post-data' });
    expect(of('COMMENT')).toMatchObject({ section: 'none' });
  });

  it('can contain entries larger than one read', async () => {
    const { server } = onServer(1);
    await server.createDatabase('large');
    const body = '-- ü\n'.repeat(400_000);
    await server.sql(`CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $b$BEGIN ${body} END$b$`, 'large');
    const file = await bed.dump({ server, database: 'large' });
    const { entries } = await tocOf(file);
    expect(entries.find(({ kind }) => kind === 'FUNCTION')?.definition).toContain(body);
  });

  it('keeps names in another encoding different', async () => {
    const { server } = onServer(1);
    await server.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    await server.sql('CREATE TABLE "é" (x int); CREATE TABLE "è" (x int)', 'latin');
    const { entries } = await tocOf(await bed.dump({ server, database: 'latin' }));
    const tables = entries.filter(({ kind }) => kind === 'TABLE').map(({ tag }) => tag);
    expect(tables.sort()).toEqual(['è', 'é']);
  });
});

describe('the format version', () => {
  const archiveOf = async (minor: number): Promise<string> => {
    const file = bed.newFile('bak');
    await writeFile(file, smallArchive(minor));
    return file;
  };

  it.each([12, 13, 14, 15, 16])('1.%d is read as pg_restore reads it', async (minor) => {
    const file = await archiveOf(minor);
    const contents = await tocOf(file);
    expect(contents.formatVersion).toBe(`1.${minor}`);
    expect(contents.entries.map(listed)).toEqual(await expectedList(file));
  });

  it.each([11, 17])('1.%d is refused with its number', async (minor) => {
    const error = await userErrorOf(tocOf(await archiveOf(minor)));
    expect(error.message).toContain(`1.${minor}`);
  });
});

describe('a damaged table of contents', () => {
  const damaged = async (bytes: Buffer): Promise<TableOfContents | UserError> => {
    const file = bed.newFile('bak');
    await writeFile(file, bytes);
    try {
      return await tocOf(file);
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  };

  it('is refused at whatever position it is cut (thorough)', async () => {
    const whole = smallArchive(16);
    for (let length = 0; length < whole.length; length += 1) {
      const error = await damaged(whole.subarray(0, length));
      expect(error).toBeInstanceOf(UserError);
    }
    expect(await damaged(whole)).not.toBeInstanceOf(UserError);
  });

  it('is refused at whatever position a real archive is cut', async () => {
    const whole = await readFile(archive);
    const end = tocLength(await tocOf(archive), whole);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: end - 1 }), async (length) => {
        expect(await damaged(whole.subarray(0, length))).toBeInstanceOf(UserError);
      }),
      { numRuns: 100 },
    );
  });

  it('gives a UserError or a table of contents for any changed bytes, with little memory', async () => {
    const whole = (await readFile(archive)).subarray(0, 200_000);
    const before = process.memoryUsage().rss;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const bytes = Buffer.from(whole);
          for (const [at, byte] of changes) bytes[at] = byte;
          await damaged(bytes);
        },
      ),
      { numRuns: 500 },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  it('with an invalid length is refused', async () => {
    const file = bed.newFile('bak');
    const whole = smallArchive(16);
    const at = whole.indexOf('CREATE TABLE') - 4;
    whole.writeUInt32LE(0x7fffffff, at);
    await writeFile(file, whole);
    const handle = await open(file, 'r+');
    await handle.truncate(4_000_000_000);
    await handle.close();
    const error = await userErrorOf(tocOf(file));
    expect(error.message).toContain('a text of 2147483647 bytes');
  });

  it('of more than 512 MiB is refused, though each entry is small enough (thorough)', async () => {
    const header = smallArchive(16, []);
    header.writeUInt32LE(9, header.length - 4);
    const definition = Buffer.alloc(60 * 1024 * 1024, 'x');
    const file = bed.newFile('bak');
    await writeFile(file, header);
    for (let id = 1; id <= 9; id += 1) {
      const entry = smallArchive(16, [{ id, kind: 'COMMENT', tag: 'x', definition }]).subarray(header.length);
      await appendFile(file, entry);
    }
    const { message } = await userErrorOf(tocOf(file));
    expect(message).toContain('its table of contents has more than 512 MiB');
    await rm(file);
  });

  it('with more dependencies than a database has objects is refused (thorough)', async () => {
    const dependencies = Array.from({ length: 1_000_001 }, () => '1');
    const error = await damaged(smallArchive(16, [{ id: 1, kind: 'VIEW', tag: 'v', dependencies }]));
    expect(error).toMatchObject({ message: expect.stringContaining('an entry with too many dependencies') });
  });

  it('of many entries can be cancelled, and is not read further (thorough)', async () => {
    const entries = Array.from({ length: 200_000 }, (_, index) => ({ id: index + 1, kind: 'X', tag: '' }));
    const file = bed.newFile('bak');
    await writeFile(file, smallArchive(16, entries));
    const controller = new AbortController();
    const reading = readTableOfContents(file, controller.signal);
    setImmediate(() => {
      controller.abort(new Error('cancelled'));
    });
    await expect(reading).rejects.toThrow('cancelled');
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'it ends'],
    ['a script', Buffer.from('-- PostgreSQL database dump'), 'pg_dump -Fc'],
    ['a missing name', Buffer.from('PGDMP\x01\x10\x00\x04\x08\x03'), 'custom format'],
  ])('is explained: %s', async (_, bytes, words) => {
    const error = await damaged(bytes);
    expect(error).toBeInstanceOf(UserError);
    expect(error instanceof UserError && error.message).toContain('The archive cannot be read back: ');
    expect(error instanceof UserError && error.message).toContain(words);
  });

  it('is explained: a file that cannot be read', async () => {
    // A folder can be opened, and not read: as near as a test comes to a disk that fails.
    const { message } = await userErrorOf(tocOf(import.meta.dirname));
    expect(message).toMatch(/^The archive cannot be read back: EISDIR/);
  });

  it.each([
    [
      'the same number twice',
      (bytes: Buffer) => bytes.writeUInt32LE(1, bytes.indexOf('\x02\0\0\0\0\0\0\0\0\0')),
      'twice',
    ],
    [
      'no section',
      (bytes: Buffer) => bytes.writeUInt32LE(9, bytes.indexOf('CREATE TABLE') - 9),
      'no section',
    ],
    [
      'more entries than any database has',
      (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, bytes.indexOf('9.6.24') + 7),
      'the invalid length 2147483647',
    ],
    [
      'a number that makes pg_restore take all memory',
      (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, bytes.indexOf('9.6.24') + 12),
      'the invalid number 2147483647',
    ],
    [
      'a name without end',
      (bytes: Buffer) => bytes.writeUInt32LE(65_537, bytes.indexOf('a b') - 4),
      'a text of 65537 bytes',
    ],
    [
      'a dependency without end',
      (bytes: Buffer) => bytes.writeUInt32LE(11, bytes.lastIndexOf('false') + 6),
      'a text of 11 bytes',
    ],
    [
      'rows outside the data',
      (bytes: Buffer) => bytes.writeUInt32LE(1, bytes.lastIndexOf('1259') - 9),
      'in the wrong section',
    ],
    [
      'a text for a number',
      (bytes: Buffer) => bytes.write('x', bytes.indexOf('1259')),
      'instead of a number',
    ],
    [
      'no place of data',
      (bytes: Buffer) => bytes.writeUInt8(7, bytes.length - 9),
      'does not say where the data',
    ],
  ])('is refused: %s', async (_, damage, words) => {
    const bytes = smallArchive(16);
    damage(bytes);
    const error = await damaged(bytes);
    expect(error instanceof UserError && error.message).toContain(words);
  });

  it('is explained: a missing file', async () => {
    expect((await userErrorOf(tocOf('/nowhere/at/all'))).message).toContain('ENOENT');
  });
});

/** Where the data begins: right after the offset of the last entry, whose texts are found from behind. */
function tocLength({ entries }: TableOfContents, whole: Buffer): number {
  const last = entries.at(-1);
  return whole.lastIndexOf(last?.definition ?? '');
}
