import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../src/archive/content/manifest.ts';
import { type ReadBackRequest, readBack } from '../../src/archive/read-back.ts';
import { CancelledError, UserError } from '../../src/errors.ts';
import { type TestClientTools, testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { ODD_DATABASE } from './content/odd-database.ts';

const execute = promisify(execFile);

let tools: TestClientTools;
let database: Database;
let folder: string;
/** Archives of one and the same database. */
let archive: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-back-test-'));
  [tools, database] = await Promise.all([testClientTools(), startDatabase()]);
  await database.createDatabase('odd');
  await database.sql(ODD_DATABASE, 'odd');
  await database.createRole('somebody');
  archive = await dumped('odd', '--compress=zstd:3');
});

afterAll(async () => {
  await database.stop();
  await rm(folder, { recursive: true });
});

let dumps = 0;

async function dumped(name: string, ...args: readonly string[]): Promise<string> {
  const file = join(folder, `${String((dumps += 1))}.bak`);
  const { host, port, user, password } = database;
  const PGENV = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: name };
  await execute(tools.pgDump, ['--format=custom', `--file=${file}`, ...args], { env: PGENV });
  return file;
}

function read(file: string, more: Partial<ReadBackRequest> = {}): ReturnType<typeof readBack> {
  return readBack({
    archive: file,
    pgRestore: tools.pgRestore,
    environment: {},
    workFolder: folder,
    signal: new AbortController().signal,
    ...more,
  });
}

async function manifestOf(file: string): Promise<Manifest> {
  return (await read(file)).manifest;
}

/** Reads a damaged copy of the archive. */
async function readDamaged(bytes: Buffer): Promise<Manifest> {
  const file = join(folder, 'damaged.bak');
  await writeFile(file, bytes);
  return manifestOf(file);
}

describe('a database with everything odd in it', () => {
  it('has as many rows in each table as the server counts', async () => {
    const tables = await database.query(
      `SELECT format('%I.%I', n.nspname, c.relname) AS sql, n.nspname AS schema, c.relname AS table
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname IN ('public', 'Odd.Schema;')`,
      { database: 'odd' },
    );
    const counted = await Promise.all(
      tables.map(async ({ sql, schema, table }) => {
        const [row] = await database.query(`SELECT count(*) FROM ${String(sql)}`, { database: 'odd' });
        return [`${String(schema)} ${String(table)}`, Number(row?.['count'])] as const;
      }),
    );
    const { manifest } = await read(archive);
    expect(manifest.tables.map(({ schema, table, rows }) => [`${schema} ${table}`, rows]).sort()).toEqual(
      counted.sort(),
    );
    expect(manifest.tables.length).toBeGreaterThan(12);
    expect(manifest.rows).toBe(counted.reduce((sum, [, count]) => sum + count, 0));
  });

  it('has the rows that COPY gives', async () => {
    const { stdout } = await execute(
      tools.psql,
      ['--no-psqlrc', '--command=COPY public.hostile_values TO STDOUT', database.urlFor({ database: 'odd' })],
      { env: {} },
    );
    const { tables } = await manifestOf(archive);
    expect(tables.find(({ table }) => table === 'hostile_values')).toMatchObject({
      columns: 'value',
      bytes: Buffer.byteLength(stdout),
      sha256: createHash('sha256').update(stdout).digest('hex'),
    });
  });

  it('has its sequences and large objects', async () => {
    const { sequences, largeObjects } = await manifestOf(archive);
    expect(sequences).toEqual([
      { name: `public."Odd '"" seq"`, value: '5', called: false },
      { name: 'public.big_seq', value: '9223372036854775807', called: false },
      { name: 'public.falling', value: '-42', called: true },
      { name: 'public.users_id_seq', value: '500', called: true },
    ]);
    expect(largeObjects).toMatchObject({ count: 3, bytes: 60_003 });
  });

  it('gives the size and the SHA-256 of the archive', async () => {
    const bytes = await readFile(archive);
    expect(await read(archive)).toMatchObject({
      size: (await stat(archive)).size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('gives the same manifest when it is dumped again, however it is compressed', async () => {
    const manifest = await manifestOf(archive);
    for (const compression of ['zstd:3', 'gzip:9', 'lz4', 'none']) {
      expect(await manifestOf(await dumped('odd', `--compress=${compression}`))).toEqual(manifest);
    }
  });

  it('gives the same manifest when it is restored and dumped again', async () => {
    const { host, port, user, password } = database;
    await database.createDatabase('restored');
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    await execute(tools.pgRestore, ['--exit-on-error', '--dbname=restored', archive], { env });
    expect(await manifestOf(await dumped('restored'))).toEqual(await manifestOf(archive));
  });

  it('is read with backslashes doubled, when the database says so', async () => {
    await database.createDatabase('escaped');
    await database.sql(ODD_DATABASE, 'escaped');
    await database.query('ALTER DATABASE escaped SET standard_conforming_strings = off');
    expect(pick(await manifestOf(await dumped('escaped')))).toEqual(pick(await manifestOf(archive)));
  });

  it('has the definitions, each with a digest of its own', async () => {
    const { definitions } = await manifestOf(archive);
    const named = definitions.map(({ kind, name }) => `${kind} ${name}`);
    expect(named).toEqual(
      expect.arrayContaining([
        'COMMENT public.TABLE users',
        'ENCODING ENCODING',
        'FUNCTION public.begin()',
        'SCHEMA Odd.Schema;',
        'TABLE public.new\nline',
        'VIEW public.hostile_view',
      ]),
    );
    expect(named.filter((name) => /DATA|SEQUENCE SET|BLOBS|DATABASE/.test(name))).toEqual([
      'BLOB METADATA 1001..1003',
      'MATERIALIZED VIEW DATA public.counted',
    ]);
    for (const { sha256 } of definitions) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has no rows that were dumped as INSERT statements, and everything else', async () => {
    const { tables, ...others } = await manifestOf(await dumped('odd', '--inserts'));
    const { sequences, largeObjects, definitions } = await manifestOf(archive);
    expect(tables).toEqual([]);
    expect(others).toMatchObject({ sequences, largeObjects, definitions });
    const files = await readdir(folder);
    expect(files.filter((name) => name.endsWith('.list'))).toEqual([]);
  });

  it('has a partitioned table as one, when it is dumped so', async () => {
    const { tables } = await manifestOf(await dumped('odd', '--load-via-partition-root'));
    expect(tables.filter(({ table }) => table.startsWith('events'))).toMatchObject([
      { table: 'events', rows: 400 },
    ]);
  });
});

function pick({ tables, sequences, largeObjects }: Manifest): Partial<Manifest> {
  return { tables, sequences, largeObjects };
}

describe('each kind of change', () => {
  it.each([
    ['a value', `UPDATE public.users SET note = 'other' WHERE id = 7`],
    [
      'NULL for the text that looks like it',
      String.raw`UPDATE public.hostile_values SET value = NULL WHERE value = '\N'`,
    ],
    ['an inserted row', `INSERT INTO public.no_columns DEFAULT VALUES`],
    ['a deleted row', `DELETE FROM public.users WHERE id = 500`],
    ['a sequence that moved', `SELECT nextval('public.users_id_seq')`],
    ['a large object', `SELECT lo_put(1001, 30000, 'x')`],
    ['a new large object', `SELECT lo_from_bytea(1004, '')`],
    [
      'a function body',
      `CREATE OR REPLACE FUNCTION public.hostile_body() RETURNS void LANGUAGE sql AS $$ SELECT 1; $$`,
    ],
    [
      'a body that opens with BEGIN ATOMIC',
      `CREATE OR REPLACE FUNCTION public."begin"() RETURNS integer BEGIN ATOMIC SELECT 4; END`,
    ],
    ['a view', `CREATE OR REPLACE VIEW public.hostile_view AS SELECT 1 AS id, '' AS "a ""b"";", '' AS body`],
    ['a comment', `COMMENT ON TABLE public.users IS ';'`],
    ['a column', `ALTER TABLE public.empty_table ADD COLUMN more text DEFAULT ';'`],
    ['an index', `CREATE INDEX ON public.users (name)`],
    ['an owner', `ALTER TABLE public.users OWNER TO somebody`],
    ['a comment on a large object', `COMMENT ON LARGE OBJECT 1001 IS 'x'`],
    ['the owner of a large object', `ALTER LARGE OBJECT 1001 OWNER TO somebody`],
    ['a partition that stands alone', `ALTER TABLE public.events DETACH PARTITION public.events_default`],
    ['a default privilege', `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO somebody`],
    ['a right', `GRANT SELECT ON public.users TO public`],
    ['an empty table', `CREATE TABLE public.one_more ()`],
  ])('gives another digest: %s', async (_, change) => {
    const before = await manifestOf(await dumped('odd'));
    await database.query(change, { database: 'odd' });
    expect((await manifestOf(await dumped('odd'))).contentDigest).not.toBe(before.contentDigest);
  });
});

describe('an archive that is not whole', () => {
  it.each([
    ['zstd:3', 100],
    ['gzip:6', 30],
    ['none', 30],
  ])('is refused wherever it is cut (%s)', async (compression, cuts) => {
    const bytes = await readFile(await dumped('odd', `--compress=${compression}`));
    const positions = Array.from({ length: cuts }, (_, index) => Math.floor((bytes.length * index) / cuts));
    for (const length of [...positions, bytes.length - 1]) {
      await expect(readDamaged(bytes.subarray(0, length))).rejects.toThrow(
        /^The archive cannot be read back: /,
      );
    }
  });

  it('is refused, or gives another digest, when a byte of it is another', async () => {
    const bytes = await readFile(archive);
    const { contentDigest } = await manifestOf(archive);
    const script = await scriptOf(archive);
    let refused = 0;
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 150)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x41;
      const manifest = await readDamaged(damaged).catch((error: unknown) => error);
      if (manifest instanceof UserError) refused += 1;
      else if (!(manifest instanceof Error) && digestIn(manifest) === contentDigest) {
        // What was hit says nothing about the contents: the script is the same but for its comments.
        expect(await scriptOf(join(folder, 'damaged.bak'))).toBe(script);
      } else expect(manifest).toHaveProperty('contentDigest');
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('is refused when rows are damaged that were dumped as INSERT statements', async () => {
    const bytes = await readFile(await dumped('odd', '--inserts', '--compress=gzip:6'));
    const [at = 0] = positionsOfData(bytes).map((place) => Number(bytes.readBigUInt64LE(place)));
    bytes.fill(0x41, at + 12, at + 30);
    await expect(readDamaged(bytes)).rejects.toThrow('pg_restore says: ');
  });

  it('is refused when its table of contents points to a wrong place', async () => {
    const bytes = await readFile(archive);
    // Every entry with data ends with a flag (2: the position is set) and a position of 8 bytes, least first.
    const places = positionsOfData(bytes);
    expect(places.length).toBeGreaterThan(12);
    for (const at of places.slice(0, 3)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await expect(readDamaged(damaged)).rejects.toThrow('pg_restore says: ');
    }
  });

  it('is refused when it is empty, missing or something else', async () => {
    await expect(readDamaged(Buffer.alloc(0))).rejects.toThrow(
      'The archive cannot be read back: it is empty.',
    );
    await expect(readDamaged(Buffer.from('SELECT 1;\n'))).rejects.toThrow('pg_dump -Fc');
    await expect(read(join(folder, 'absent'))).rejects.toThrow('ENOENT');
  });

  it('is told in words, with the tool’s own as the cause', async () => {
    const bytes = await readFile(archive);
    await expect(readDamaged(bytes.subarray(0, -20))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^The archive cannot be read back: pg_restore says: .*end of file/),
      hint: expect.stringContaining('Run the job again.'),
      cause: expect.objectContaining({ message: expect.stringContaining('pg_restore: error: ') }),
    });
  });
});

async function scriptOf(file: string): Promise<string> {
  const { stdout } = await execute(tools.pgRestore, ['--file=-', file], { env: {} });
  return stdout.replaceAll(/^(?:\\(?:un)?restrict|-- )[^\n]*\n/gm, '');
}

function digestIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'contentDigest' in value
    ? value.contentDigest
    : undefined;
}

describe('a pg_restore that cannot be trusted', () => {
  async function readWith(script: string, more: Partial<ReadBackRequest> = {}): ReturnType<typeof readBack> {
    const pgRestore = join(folder, 'pg_restore');
    await writeFile(pgRestore, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    return read(archive, { pgRestore, ...more });
  }

  it('is not believed when its script stops, though it says that all is well', async () => {
    await expect(readWith(`echo 'BEGIN;'`)).rejects.toThrow('without the closing comment');
    await expect(readWith(':')).rejects.toThrow('its script is empty');
  });

  it('is not believed when it fails after a whole script', async () => {
    const failing = `echo 'BEGIN;'; echo '-- PostgreSQL database dump complete'; exit 3`;
    await expect(readWith(failing)).rejects.toThrow('pg_restore says: it ended with exit code 3');
  });

  it('is told apart from a bad archive when it is killed', async () => {
    await expect(readWith('kill -KILL $$')).rejects.toThrow('pg_restore was ended by SIGKILL');
  });

  it('is ended when its script makes no sense', async () => {
    await expect(readWith(`echo '- nonsense'; exec sleep 60`)).rejects.toThrow(
      'cannot be part of the data of an archive',
    );
  });

  it('is ended when it has nothing more to say, and does not end', async () => {
    await expect(readWith(`echo 'BEGIN;'; exec sleep 60`, { stallTimeoutMs: 300 })).rejects.toThrow(
      'The archive cannot be read back: pg_restore has printed nothing for 0.3 seconds.',
    );
  });

  it('is not believed when it prints less than the table of contents names', async () => {
    const script = `echo 'BEGIN;'; echo '-- PostgreSQL database dump complete'`;
    await expect(readWith(script)).rejects.toThrow('its data are not those that its table of contents names');
  });

  it('does not hide that the archive is being written', async () => {
    const growing = join(folder, 'growing.bak');
    await copyFile(archive, growing);
    const script = `echo more >> '${growing}'; echo '-- PostgreSQL database dump complete'`;
    await expect(readWith(script, { archive: growing })).rejects.toThrow('it was changed meanwhile');
  });
});

describe('reading back', () => {
  it('tells how far it has come', async () => {
    const seen: { bytes: number; rows: number }[] = [];
    const { manifest } = await read(archive, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ rows: manifest.rows });
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
  });

  it('stops when the run is cancelled, and leaves no process', async () => {
    const cancelled = new CancelledError('SIGINT');
    const controller = new AbortController();
    const pids: number[] = [];
    const reading = read(archive, {
      signal: controller.signal,
      onSpawn: (pid) => {
        pids.push(pid);
        controller.abort(cancelled);
      },
    });
    await expect(reading).rejects.toBe(cancelled);
    expect(pids).toHaveLength(1);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(read(archive, { signal: controller.signal })).rejects.toBe(cancelled);
  });
});

/** Where the positions of the data stand in an archive's table of contents. */
function positionsOfData(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 1) {
    if (bytes[at] !== 2) continue;
    const position = bytes.readBigUInt64LE(at + 1);
    // A block of table data begins with its type, 1, and large objects with 3.
    const kind = position > BigInt(at) && position < BigInt(bytes.length) ? bytes[Number(position)] : 0;
    if (kind === 1 || kind === 3) places.push(at + 1);
  }
  return places;
}
