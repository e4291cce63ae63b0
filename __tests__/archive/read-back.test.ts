import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../src/archive/content/manifest.ts';
import type { ReadBack, ReadBackRequest } from '../../src/archive/read-back.ts';
import { CancelledError } from '../../src/errors.ts';
import { recordChildren } from '../../src/process/run.ts';
import { testClientTools } from '../support/client-tools.ts';
import { ODD_DATABASE } from './content/odd-database.ts';
import { ReadBackBed } from './read-back-bed.ts';

const execute = promisify(execFile);

let bed: ReadBackBed;
/** Of the odd database. */
let archive: string;

beforeAll(async () => {
  bed = await ReadBackBed.start();
  archive = await bed.dumped('odd', '--compress=zstd:3');
});

afterAll(() => bed.stop());

describe('a database with unusual contents', () => {
  it('has as many rows in each table as the server counts', async () => {
    const tables = await bed.database.query(
      `SELECT format('%I.%I', n.nspname, c.relname) AS sql, n.nspname AS schema, c.relname AS table
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname IN ('public', 'Odd.Schema;')`,
      { database: 'odd' },
    );
    const counted = await Promise.all(
      tables.map(async ({ sql, schema, table }) => {
        const [row] = await bed.database.query(`SELECT count(*) FROM ${String(sql)}`, { database: 'odd' });
        return [`${String(schema)} ${String(table)}`, Number(row?.['count'])] as const;
      }),
    );
    const { manifest } = await bed.read(archive);
    expect(manifest.tables.map(({ schema, table, rows }) => [`${schema} ${table}`, rows]).sort()).toEqual(
      counted.sort(),
    );
    expect(manifest.tables.length).toBeGreaterThan(12);
    expect(manifest.rows).toBe(counted.reduce((sum, [, count]) => sum + count, 0));
  });

  it('has the same rows as COPY', async () => {
    const { stdout } = await execute(
      bed.tools.psql,
      [
        '--no-psqlrc',
        '--command=COPY public.hostile_values TO STDOUT',
        bed.database.urlFor({ database: 'odd' }),
      ],
      { env: {} },
    );
    const { tables } = await bed.manifestOf(archive);
    expect(tables.find(({ table }) => table === 'hostile_values')).toMatchObject({
      columns: 'value',
      bytes: Buffer.byteLength(stdout),
      sha256: createHash('sha256').update(stdout).digest('hex'),
    });
  });

  it('has its sequences and large objects', async () => {
    const { sequences, largeObjects } = await bed.manifestOf(archive);
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
    expect(await bed.read(archive)).toMatchObject({
      size: (await stat(archive)).size,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('gives the same manifest when it is dumped again, however it is compressed', async () => {
    const manifest = await bed.manifestOf(archive);
    for (const compression of ['zstd:3', 'gzip:9', 'lz4', 'none']) {
      expect(await bed.manifestOf(await bed.dumped('odd', `--compress=${compression}`))).toEqual(manifest);
    }
  });

  it('gives the same manifest when pg_dump 18 dumps it, with statistics, whichever pg_restore reads it', async () => {
    const manifest = await bed.manifestOf(archive);
    const newer = await testClientTools(18);
    const file = join(bed.folder, 'newer.bak');
    const { host, port, user, password } = bed.database;
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    await execute(newer.pgDump, ['--format=custom', `--file=${file}`, '--statistics', '--dbname=odd'], {
      env,
    });
    for (const { pgRestore } of [newer, bed.tools]) {
      expect((await bed.read(file, { pgRestore })).manifest).toEqual(manifest);
    }
  });

  it('gives the same manifest when it is restored and dumped again', async () => {
    const { host, port, user, password } = bed.database;
    await bed.database.createDatabase('restored');
    const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
    await execute(bed.tools.pgRestore, ['--exit-on-error', '--dbname=restored', archive], { env });
    expect(await bed.manifestOf(await bed.dumped('restored'))).toEqual(await bed.manifestOf(archive));
  });

  it('is read with doubled backslashes if standard_conforming_strings is off', async () => {
    await bed.database.createDatabase('escaped');
    await bed.database.sql(ODD_DATABASE, 'escaped');
    await bed.database.query('ALTER DATABASE escaped SET standard_conforming_strings = off');
    expect(pick(await bed.manifestOf(await bed.dumped('escaped')))).toEqual(
      pick(await bed.manifestOf(archive)),
    );
  });

  it('has the definitions, each with its own digest', async () => {
    const { definitions } = await bed.manifestOf(archive);
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
      'DATABASE DATABASE',
      'MATERIALIZED VIEW DATA public.counted',
    ]);
    for (const { sha256 } of definitions) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has everything but the rows if they were dumped as INSERT statements', async () => {
    const { tables, ...others } = await bed.manifestOf(await bed.dumped('odd', '--inserts'));
    const { sequences, largeObjects, definitions } = await bed.manifestOf(archive);
    expect(tables).toEqual([]);
    expect(others).toMatchObject({ sequences, largeObjects, definitions });
    const files = await readdir(bed.folder);
    expect(files.filter((name) => name.endsWith('.list'))).toEqual([]);
  });

  it('has a partitioned table as one table if it was dumped so', async () => {
    const { tables } = await bed.manifestOf(await bed.dumped('odd', '--load-via-partition-root'));
    expect(tables.filter(({ table }) => table.startsWith('events'))).toMatchObject([
      { table: 'events', rows: 400 },
    ]);
  });
});

function pick({ tables, sequences, largeObjects }: Manifest): Partial<Manifest> {
  return { tables, sequences, largeObjects };
}

describe('every change of a database', () => {
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
  ])('changes the content digest: %s', async (_, change) => {
    const before = await bed.manifestOf(await bed.dumped('odd'));
    await bed.database.query(change, { database: 'odd' });
    expect((await bed.manifestOf(await bed.dumped('odd'))).contentDigest).not.toBe(before.contentDigest);
  });
});

describe('an unreliable pg_restore', () => {
  async function readWith(script: string, more: Partial<ReadBackRequest> = {}): Promise<ReadBack> {
    const pgRestore = join(bed.folder, 'pg_restore');
    await writeFile(pgRestore, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    return bed.read(archive, { pgRestore, ...more });
  }

  it('is an error if its script stops, although it exits with 0', async () => {
    await expect(readWith(`echo 'BEGIN;'`)).rejects.toThrow('without the closing comment');
    await expect(readWith(':')).rejects.toThrow('its script is empty');
  });

  it('is an error if it fails after a complete script', async () => {
    const failing = `echo 'BEGIN;'; echo '-- PostgreSQL database dump complete'; exit 3`;
    await expect(readWith(failing)).rejects.toThrow('pg_restore reports: it ended with exit code 3');
  });

  it('is an error of its own if it is killed', async () => {
    await expect(readWith('kill -KILL $$')).rejects.toThrow('pg_restore was ended by SIGKILL');
  });

  it('is ended if its script is invalid', async () => {
    await expect(readWith(`echo '- nonsense'; exec sleep 60`)).rejects.toThrow(
      'cannot be part of the data of an archive',
    );
  });

  it('is ended if it prints nothing more and does not end', async () => {
    await expect(readWith(`echo 'BEGIN;'; exec sleep 60`, { stallTimeoutMs: 300 })).rejects.toThrow(
      'The archive cannot be read back: pg_restore printed nothing for 0.3 seconds.',
    );
  });

  it('is an error if it prints less than the table of contents names', async () => {
    const script = `echo 'BEGIN;'; echo '-- PostgreSQL database dump complete'`;
    await expect(readWith(script)).rejects.toThrow('its data differ from its table of contents');
  });

  it('does not hide that the archive was changed meanwhile', async () => {
    const growing = join(bed.folder, 'growing.bak');
    await copyFile(archive, growing);
    const script = `echo more >> '${growing}'; echo '-- PostgreSQL database dump complete'`;
    await expect(readWith(script, { archive: growing })).rejects.toThrow('it was changed meanwhile');
  });
});

describe('reading back', () => {
  it('stops when the job is cancelled, and leaves no process', async () => {
    const cancelled = new CancelledError('SIGINT');
    const controller = new AbortController();
    const pids: number[] = [];
    recordChildren((pid) => {
      pids.push(pid);
      setImmediate(() => {
        controller.abort(cancelled);
      });
    });
    const reading = bed.read(archive, { signal: controller.signal });
    await expect(reading).rejects.toBe(cancelled);
    expect(pids).toHaveLength(1);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(bed.read(archive, { signal: controller.signal })).rejects.toBe(cancelled);
  });
});
