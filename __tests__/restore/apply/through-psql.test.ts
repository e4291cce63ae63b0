import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isOlderThanTools } from '../../../src/postgres/older-server.ts';
import { useList } from '../../../src/archive/archive-script.ts';
import { scriptArguments } from '../../../src/restore/apply/pg-restore-arguments.ts';
import { RestoreScript } from '../../../src/restore/apply/restore-script.ts';
import type { SessionTools } from '../../../src/postgres/session.ts';
import type { RestoreRequest } from '../../../src/restore/apply/restore-request.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { ODD_DATABASE } from '../../archive/content/odd-database.ts';
import { type RestoreBed, type TestArchive, startRestoreBed } from './restore-bed.ts';

/** psql cannot read a function or a column of this name in a function's body. */
const SCRIPT = ODD_DATABASE.replaceAll('"begin"()', '"began"()')
  .replaceAll(' t.begin ', ' t.began ')
  .replaceAll('"begin" integer', '"began" integer');
/** What a filter that looks at lines alone would damage. */
const LOOKS_LIKE_THE_PREAMBLE = `
CREATE TABLE settings (line text);
INSERT INTO settings VALUES ('SET transaction_timeout = 0;'), (E'BEGIN;\\nSET transaction_timeout = 0;\\nCOMMIT;\\n');
CREATE FUNCTION patient() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
SET transaction_timeout = 0;
COMMIT;
END $$;
COMMENT ON TABLE settings IS E'\\nSET transaction_timeout = 0;\\n';
`;

let newer: RestoreBed;
let older: RestoreBed;
let archive: TestArchive;
const output = captureOutput();

beforeAll(async () => {
  [newer, older] = await Promise.all([startRestoreBed('17'), startRestoreBed('16')]);
  archive = await newer.dump(await newer.database(SCRIPT + LOOKS_LIKE_THE_PREAMBLE));
});
afterAll(() => Promise.all([newer.stop(), older.stop()]));

/** A program that stands in for one of the tools: a shell script. */
async function program(name: string, script: string): Promise<string> {
  const file = join(older.folder, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return file;
}

async function restoreWith(
  database: string,
  changes: Partial<SessionTools>,
  more: Partial<RestoreRequest> = {},
): Promise<void> {
  return older.restore(archive, database, { session: older.session(database, {}, changes), ...more });
}

async function relationsIn(database: string): Promise<number> {
  const relations = `SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`;
  return (await older.server.query(relations, { database })).length;
}

describe('a server that is older than the tools', () => {
  it.each([
    [17, 16, true],
    [18, 16, true],
    [17, 17, false],
    [17, 18, false],
    [16, 13, false],
  ])('is recognised by the versions: tools %d, server %d', (tools, server, needed) => {
    expect(isOlderThanTools(tools, server)).toBe(needed);
  });

  it('cannot be restored by pg_restore alone, because it lacks transaction_timeout', async () => {
    const target = await older.database();
    const error = await userErrorOf(older.restore(archive, target, { serverMajor: 17 }));
    expect(error.message).toContain('does not have the setting "transaction_timeout"');
    expect(error.hint).toContain('postgres-version');
  });

  it('is restored completely: rows, sequences, large objects, and text that looks like settings', async () => {
    const target = await older.database();
    await older.restore(archive, target);
    expect(await older.verify(archive, target)).toMatchObject({
      rows: archive.manifest.rows,
      largeObjects: 3,
    });
    const bodies = `SELECT prosrc, obj_description('settings'::regclass) FROM pg_proc WHERE proname = 'patient'`;
    expect(await older.server.query(bodies, { database: target })).toEqual([
      {
        prosrc: '\nBEGIN\nSET transaction_timeout = 0;\nCOMMIT;\nEND ',
        obj_description: '\nSET transaction_timeout = 0;\n',
      },
    ]);
  });

  it('is restored over one connection with a notice when jobs is set', async () => {
    const target = await older.database();
    output.clear();
    await older.restore(archive, target, { jobs: 4 });
    expect(output.text).toMatch(/::notice .*jobs: the target \(PostgreSQL 16\) is older than pg_restore/);
    await older.verify(archive, target);
  });

  it('causes an error that names the failed statement', async () => {
    const target = await older.database(`CREATE SCHEMA other; CREATE TYPE "mood;" AS ENUM ('ok')`);
    const error = await userErrorOf(older.restore(archive, target));
    expect(error.message).toBe(
      'psql failed: This already exists in the target: type "mood;". Nothing was changed: it was one transaction.',
    );
    expect(String(error.cause)).toMatch(/psql:<stdin>:\d+: ERROR: {2}42710: type "mood;" already exists/);
  });

  it.each([1, 5_000, 30_000])('commits nothing of a script that stops after %d bytes', async (length) => {
    const stops = await program('pg_restore', `'${older.tools.pgRestore}' "$@" | head -c ${length}; exit 1`);
    const target = await older.database();
    const error = await userErrorOf(restoreWith(target, { pgRestore: stops }));
    expect(error.message).toContain('Nothing was changed');
    expect(await relationsIn(target)).toBe(0);
  });

  it.each([
    ['all but its end', 'head -c -200'],
    ['most of it', 'head -c 30000'],
  ])('commits nothing of a script of which %s arrived, although pg_restore exits with 0', async (_, cut) => {
    const lies = await program('pg_restore', `'${older.tools.pgRestore}' "$@" | ${cut}; exit 0`);
    const target = await older.database();
    const error = await userErrorOf(restoreWith(target, { pgRestore: lies }));
    expect(error.message).toContain('The script of pg_restore does not end with COMMIT');
    expect(await relationsIn(target)).toBe(0);
  });

  it('commits nothing of a whole script if pg_restore fails after it', async () => {
    const fails = await program(
      'pg_restore',
      `'${older.tools.pgRestore}' "$@"; echo 'pg_restore: error: something new' >&2; exit 1`,
    );
    const target = await older.database();
    const error = await userErrorOf(restoreWith(target, { pgRestore: fails }));
    expect(error.message).toContain('something new');
    expect(await relationsIn(target)).toBe(0);
  });

  it('causes an error that names psql when psql is killed', async () => {
    const dies = await program(
      'psql',
      `case "$*" in *echo-errors*) head -c 9000 > /dev/null; exit 2;; esac; exec '${older.tools.psql}' "$@"`,
    );
    const target = await older.database();
    expect((await userErrorOf(restoreWith(target, { psql: dies }))).message).toMatch(/^psql failed: /);
    const killed = await program(
      'psql',
      `case "$*" in *echo-errors*) kill -KILL $$;; esac; exec '${older.tools.psql}' "$@"`,
    );
    expect((await userErrorOf(restoreWith(target, { psql: killed }))).message).toMatch(
      /^psql was ended by SIGKILL\. Nothing was changed/,
    );
    expect((await userErrorOf(restoreWith(target, { psql: '/nowhere/psql' }))).message).toContain(
      'could not be started',
    );
    expect(await relationsIn(target)).toBe(0);
  });
});

describe('the script for psql', () => {
  async function through(script: Buffer, size: number): Promise<string> {
    const filter = new RestoreScript({
      searchPath: [],
      omittedSetting: 'transaction_timeout',
      firstStatements: '',
      lastStatements: [],
    });
    const chunks: Buffer[] = [];
    filter.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve, reject) => filter.once('end', resolve).once('error', reject));
    for (let at = 0; at < script.length; at += size) filter.write(script.subarray(at, at + size));
    filter.end();
    await ended;
    return Buffer.concat(chunks).toString('latin1');
  }

  it.each([1, 7, 1_000, 65_536, 10_000_000])(
    'lacks one line of its preamble, whatever its pieces: %d',
    async (size) => {
      const listFile = join(newer.folder, 'list');
      await writeFile(listFile, useList(archive.dumpIds));
      const words = {
        archive: archive.file,
        listFile,
        noOwner: true,
        extra: [],
      };
      const { stdout } = await newer.pgRestore(scriptArguments(words));
      const script = Buffer.from(stdout);
      expect(script.length).toBeGreaterThan(100_000);
      expect(await through(script, size)).toBe(
        script.toString('latin1').replace('SET transaction_timeout = 0;\n', ''),
      );
    },
  );

  it('is refused when it is not one transaction', async () => {
    const whole = '\\restrict x\nBEGIN;\nSET transaction_timeout = 0;\nSELECT 1;\nCOMMIT;\n';
    expect(await through(Buffer.from(whole), 10)).toBe('\\restrict x\nBEGIN;\nSELECT 1;\nCOMMIT;\n');
    await expect(through(Buffer.from(whole.replace('BEGIN;\n', '')), 10)).rejects.toThrow('begin with BEGIN');
    await expect(through(Buffer.from(whole.slice(12)), 10)).rejects.toThrow('begin with \\restrict');
    await expect(through(Buffer.from(whole.slice(0, -8)), 10)).rejects.toThrow('end with COMMIT');
    await expect(through(Buffer.alloc(0), 10)).rejects.toThrow('begin with BEGIN');
  });

  it('can have several parts, which are one transaction', async () => {
    const filter = new RestoreScript({
      searchPath: ['public'],
      omittedSetting: undefined,
      firstStatements: 'DROP TABLE old;',
      lastStatements: ['LAST'],
    });
    const chunks: Buffer[] = [];
    filter.on('data', (chunk: Buffer) => chunks.push(chunk));
    const part = (sql: string, key: string): string =>
      `\\restrict ${key}\nBEGIN;\nSELECT pg_catalog.set_config('search_path', '', false);\n${sql};\nCOMMIT;\n\n\\unrestrict ${key}\n`;
    filter.write(part('FIRST', 'one'));
    await filter.nextPart(['BETWEEN']);
    filter.write(part('SECOND', 'two'));
    filter.end();
    await new Promise((resolve) => filter.once('end', resolve));
    const lines = Buffer.concat(chunks).toString().split('\n');
    const shown = ['BEGIN;', 'DROP TABLE old;', 'FIRST;', 'BETWEEN;', 'SECOND;', 'LAST;', 'COMMIT;'];
    expect(lines.filter((line) => shown.includes(line) || line.startsWith('\\'))).toEqual([
      ...['\\restrict one', 'BEGIN;', 'DROP TABLE old;', 'FIRST;', 'BETWEEN;', '\\unrestrict one'],
      ...['\\restrict two', 'SECOND;', 'LAST;', 'COMMIT;', '\\unrestrict two'],
    ]);
    const paths = lines.filter((line) => line.includes('search_path'));
    expect(paths.filter((line) => line.includes('public'))).toHaveLength(4);

    const unfinished = new RestoreScript({
      searchPath: [],
      omittedSetting: undefined,
      firstStatements: '',
      lastStatements: [],
    });
    unfinished.write('\\restrict x\nBEGIN;\nSELECT 1;\n');
    await expect(unfinished.nextPart([])).rejects.toThrow('end with COMMIT');
  });

  it('withholds its end until pg_restore has succeeded', async () => {
    const filter = new RestoreScript({
      searchPath: [],
      omittedSetting: 'transaction_timeout',
      firstStatements: '',
      lastStatements: [],
    });
    const chunks: Buffer[] = [];
    filter.on('data', (chunk: Buffer) => chunks.push(chunk));
    filter.write(`\\restrict x\nBEGIN;\nSELECT '${'x'.repeat(200_000)}';\nCOMMIT;\n\n`);
    await new Promise(setImmediate);
    expect(Buffer.concat(chunks).length).toBeGreaterThan(190_000);
    expect(Buffer.concat(chunks).toString()).not.toContain('COMMIT');
    filter.destroy();
  });
});
