import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ageBinary } from '../support/age-binary.ts';
import { testClientTools } from '../support/client-tools.ts';
import { type Database, type Row, startDatabase } from '../support/database.ts';
import { type ServerVersion, hasOldest } from '../support/database-programs.ts';
import { type PgdgMirror, startPgdgMirror } from '../support/pgdg-mirror.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

const execute = promisify(execFile);

const ORIGIN = `
CREATE SCHEMA "Odd one";
CREATE ROLE reader;
GRANT USAGE ON SCHEMA public TO reader;
COMMENT ON SCHEMA public IS 'of this database';
CREATE TABLE public.notes (id int PRIMARY KEY, line text);
INSERT INTO public.notes VALUES (1, 'SET transaction_timeout = 0;'), (2, E'BEGIN;\\nCOMMIT;\\n'), (3, E'Ünïcödé \\\\.');
GRANT SELECT ON public.notes TO reader;
CREATE TABLE "Odd one".events (id serial PRIMARY KEY, note int);
INSERT INTO "Odd one".events (note) VALUES (1), (1), (2);
`;
const [NOTES, EVENTS] = ['public.notes', '"Odd one".events'] as const;

let bed: TestBed;
let folder: string;
let recipient: string;
let mirror: PgdgMirror;
let toolCache: string;
let count = 0;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'summary-commands-'));
  toolCache = await mkdtemp(path.join(tmpdir(), 'tool-cache-'));
  mirror = await startPgdgMirror({ newest: 18 });
  const { ageKeygen } = await ageBinary();
  await execute(ageKeygen, ['-o', path.join(folder, 'key.txt')]);
  recipient = /public key: (age1\w+)/.exec(await readFile(path.join(folder, 'key.txt'), 'utf8'))?.[1] ?? '';
});
afterAll(async () => {
  await Promise.all([bed.stop(), mirror.stop()]);
  for (const each of [folder, toolCache]) await rm(each, { recursive: true, force: true });
});

const VERSIONS: readonly ServerVersion[] = hasOldest ? ['13', '16', '17', '18'] : ['16', '17', '18'];

describe.each(VERSIONS)('the commands in the summary of a backup of PostgreSQL %s (thorough)', (version) => {
  let server: Database;
  let url: string;
  beforeAll(async () => {
    server = await startDatabase({ version });
    url = await server.createDatabase('origin');
    await server.sql(ORIGIN, 'origin');
  });
  afterAll(() => server.stop());

  /** The commands for a backup with these inputs, without the comments. */
  async function commandsOf(inputs: Record<string, string>): Promise<string> {
    const newest = { 'apt-mirror': mirror.url, 'apt-signing-key': mirror.signingKey };
    const run = await bed.backup({
      inputs: {
        'connection-string': url,
        storage: `${folder}/`,
        ...(version === '18' ? newest : {}),
        ...inputs,
      },
      secrets: [server.password],
      ...(version === '18' ? { toolCache } : {}),
    });
    expectSuccess(run);
    return /```sh\n([\s\S]*?)```/.exec(run.summary)?.[1] ?? '';
  }

  /** Runs them as they are, in an empty database. */
  async function runIn(commands: string): Promise<string> {
    const database = `target_${(count += 1)}`;
    const target = await server.createDatabase(database);
    const [{ directory }, { age }] = await Promise.all([
      testClientTools(version === '18' ? 18 : 17),
      ageBinary(),
    ]);
    await execute('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: folder,
      env: {
        PATH: `${directory}:${path.dirname(age)}:${process.env['PATH'] ?? ''}`,
        TARGET_DATABASE_URL: target,
      },
    });
    return database;
  }

  async function rowsOf(table: string, database: string): Promise<readonly Row[]> {
    return server.query(`SELECT * FROM ${table} ORDER BY id`, { database });
  }

  const ACCESS = `SELECT pg_catalog.has_table_privilege('reader', 'public.notes', 'SELECT') AS notes,
    (SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public') AS acl`;

  it.each<[string, Record<string, string>, readonly string[]]>([
    ['the whole database', {}, [NOTES, EVENTS]],
    ['the schema public', { schemas: 'public' }, [NOTES]],
    ['two schemas', { schemas: 'public\n"Odd one"' }, [NOTES, EVENTS]],
    ['another schema', { schemas: '"Odd one"' }, [EVENTS]],
    ['a table of the schema public', { tables: NOTES }, [NOTES]],
    ['tables of two schemas', { tables: `${NOTES}\n${EVENTS}` }, [NOTES, EVENTS]],
  ])('restore %s', async (_, inputs, tables) => {
    const database = await runIn(await commandsOf(inputs));
    for (const table of tables) expect(await rowsOf(table, database)).toEqual(await rowsOf(table, 'origin'));
    if (!tables.includes(NOTES) || 'tables' in inputs) return;
    expect(await server.query(ACCESS, { database })).toEqual(
      await server.query(ACCESS, { database: 'origin' }),
    );
  });

  it('restore an encrypted backup of the schema public', async () => {
    const database = await runIn(await commandsOf({ schemas: 'public', 'age-recipients': recipient }));
    expect(await rowsOf(NOTES, database)).toEqual(await rowsOf(NOTES, 'origin'));
  });

  it('change nothing where the archive is cut off, or something is in the way', async () => {
    const commands = await commandsOf({});
    const database = `target_${count + 1}`;
    const [archive = ''] = /[^ ]*\.bak(?= \||\n?$)/m.exec(commands) ?? [];
    await expect(
      runIn(
        commands.replace(
          /^pg_restore/m,
          `psql --dbname="$TARGET_DATABASE_URL" --command='CREATE TABLE public.notes ()'; pg_restore`,
        ),
      ),
    ).rejects.toThrow(/relation "notes" already exists/);
    const LEFT = `SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname IN ('public', 'Odd one')`;
    expect(await server.query(LEFT, { database })).toEqual([{ tables: 1 }]);

    const content = await readFile(archive);
    await writeFile(archive, content.subarray(0, content.length - 200));
    await expect(runIn(commands.replace(/^echo.*$/m, ''))).rejects.toThrow(/pg_restore: error/);
    expect(await server.query(LEFT, { database: `target_${count}` })).toEqual([{ tables: 0 }]);
  });
});
