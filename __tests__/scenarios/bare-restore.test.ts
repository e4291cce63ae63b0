import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { hasOldest } from '../support/database-programs.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

const execute = promisify(execFile);

let bed: TestBed;
let newer: Database;
let folder: string;
let pgRestore: string;
let targets = 0;
beforeAll(async () => {
  [bed, newer] = await Promise.all([startTestBed(), startDatabase({ version: '18' })]);
  ({ pgRestore } = await testClientTools());
  folder = await mkdtemp(path.join(tmpdir(), 'bare-restore-'));
});
afterAll(async () => {
  await bed.stop();
  await newer.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Every table of a database with a digest of its rows. */
async function contentsOf(server: Database, database: string): Promise<ReadonlyMap<string, unknown>> {
  const tables = await server.query(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY name`,
    { database },
  );
  const digests = tables.map(async ({ name }) => {
    const [row] = await server.query(
      `SELECT count(*)::int AS rows, md5(string_agg(t::text, ',' ORDER BY t::text COLLATE "C")) AS md5 FROM ${String(name)} t`,
      { database },
    );
    return [String(name), row] as const;
  });
  return new Map(await Promise.all(digests));
}

/** A backup of the shop that the bundled action has made, from a server of this version. */
async function backedUp(source: Database): Promise<string> {
  const url = await source.createDatabase('shop');
  await fillShop(source, { database: 'shop', scale: 0.1 });
  await source.sql(
    `CREATE TABLE public.notes AS SELECT id, md5(id::text) AS text FROM generate_series(1, 5000) id`,
    'shop',
  );
  const inputs = { 'connection-string': url, storage: `${folder}/` };
  const run = await bed.backup({ inputs, secrets: [source.password] });
  expectSuccess(run);
  return run.outputs['backup-path'] ?? '';
}

const VERSIONS = hasOldest ? (['13', '16', '17'] as const) : (['16', '17'] as const);

describe.each(VERSIONS)('an archive of PostgreSQL %s, with bare pg_restore (thorough)', (version) => {
  let source: Database;
  let archive: string;
  let contents: ReadonlyMap<string, unknown>;
  beforeAll(async () => {
    source = await startDatabase({ version });
    archive = await backedUp(source);
    contents = await contentsOf(source, 'shop');
    expect(contents.size).toBeGreaterThan(10);
  });
  afterAll(() => source.stop());

  const restored = async (
    server: Database,
    args: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> => {
    const database = `target_${(targets += 1)}`;
    const url = await server.createDatabase(database);
    await execute(pgRestore, [
      '--exit-on-error',
      '--no-owner',
      '--no-privileges',
      ...args,
      `--dbname=${url}`,
      archive,
    ]);
    return contentsOf(server, database);
  };

  it.each([
    ['17', () => bed.database],
    ['18', () => newer],
  ] as const)(
    'is restored into PostgreSQL %s: as it is, with -j 4, with -L and with -t',
    async (_, target) => {
      const list = path.join(folder, `list-${targets}`);
      await writeFile(list, (await execute(pgRestore, ['--list', archive])).stdout);
      expect(await restored(target(), [])).toEqual(contents);
      expect(await restored(target(), ['-j', '4'])).toEqual(contents);
      expect(await restored(target(), ['-L', list])).toEqual(contents);
      expect(await restored(target(), ['-t', 'notes'])).toEqual(
        new Map([['public.notes', contents.get('public.notes')]]),
      );
    },
  );
});
