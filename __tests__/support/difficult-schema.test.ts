import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testClientTools } from './client-tools.ts';
import { type Database, startDatabase } from './database.ts';
import { type DescriptionSection, describeDatabase, fillDifficult } from './difficult-schema.ts';

type Version = '16' | '17' | '18';
const execute = promisify(execFile);
const NO_OWNERS: readonly DescriptionSection[] = ['owners', 'privileges'];

/** Each is started by the first test that needs it. */
const servers = new Map<Version, Promise<Database>>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'difficult-'));
});

afterAll(async () => {
  await Promise.all([...servers.values()].map(async (server) => (await server).stop()));
  await rm(folder, { recursive: true });
});

function versionIn(name: string): Version {
  const found = (['16', '17', '18'] as const).find((version) => name.startsWith(version));
  if (found === undefined) throw new Error(`no version in ${name}`);
  return found;
}

/** A server with the difficult database, and so with its roles, which the copies need. */
function on(version: Version): Promise<Database> {
  const server =
    servers.get(version) ?? startDatabase({ version }).then((started) => filled(started, 'difficult'));
  servers.set(version, server);
  return server;
}

async function filled(
  server: Database,
  database: string,
  options: { privileged?: boolean; newest?: boolean } = {},
): Promise<Database> {
  await server.createDatabase(database);
  await fillDifficult(server, { database, ...options });
  return server;
}

interface Copy {
  readonly from: Database;
  readonly database: string;
  readonly to: Database;
  readonly copy: string;
  readonly args?: readonly string[];
  readonly as?: { readonly user: string; readonly password: string };
}

/**
 * Bare pg_dump and pg_restore of 17, which goes on after errors.
 *
 * @returns what went wrong, and with which command.
 */
async function copyOf({ from, database, to, copy, args = [], as = to }: Copy): Promise<string[]> {
  const { pgDump, pgRestore } = await testClientTools();
  const archive = join(folder, `${database}-${copy}`);
  const env = (server: Database, { user, password }: { user: string; password: string }) => ({
    env: {
      LC_ALL: 'C',
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: user,
      PGPASSWORD: password,
    },
    maxBuffer: 2 ** 26,
  });
  await execute(pgDump, ['--format=custom', '--compress=1', `--file=${archive}`, database], env(from, from));
  const stderr = await execute(pgRestore, [...args, `--dbname=${copy}`, archive], env(to, as)).then(
    () => '',
    (error: unknown) => {
      if (Error.isError(error) && 'stderr' in error) return String(error.stderr);
      throw error;
    },
  );
  return [
    ...stderr.matchAll(
      /^pg_restore: error: .*?ERROR: {2}(.*)\n(?:(?:HINT|DETAIL): .*\n)*(Command was: .*)$/gm,
    ),
  ].map(([, error = '', command = '']) => `${error} ← ${command.replace('Command was: ', '').slice(0, 60)}`);
}

describe('the difficult database', () => {
  it.each(['16 (thorough)', '17', '18 (thorough)'])(
    'is the same every time on PostgreSQL %s',
    async (name) => {
      const server = await filled(await on(versionIn(name)), 'again');
      expect(await describeDatabase(server, 'again')).toBe(await describeDatabase(server, 'difficult'));
    },
  );

  it('is restored completely by pg_dump and pg_restore, with the objects that only this version has (thorough)', async () => {
    const server = await filled(await on('17'), 'newest', { newest: true });
    await server.createDatabase('newest_copy');
    expect(await copyOf({ from: server, database: 'newest', to: server, copy: 'newest_copy' })).toEqual([]);
    expect(await describeDatabase(server, 'newest_copy')).toBe(await describeDatabase(server, 'newest'));
  });

  it.each([
    ['16', '17 (thorough)', []],
    ['17', '18 (thorough)', []],
    [
      '17',
      '16',
      ['unrecognized configuration parameter "transaction_timeout" ← SET transaction_timeout = 0;'],
    ],
  ] as const)('comes back from PostgreSQL %s on %s', async (source, target, errors) => {
    const copy = `from_${source}`;
    const [from, to] = [await on(source), await on(versionIn(target))];
    await to.createDatabase(copy);
    expect(await copyOf({ from, database: 'difficult', to, copy })).toEqual(errors);
    expect(await describeDatabase(to, copy)).toBe(await describeDatabase(from, 'difficult'));
  });

  it('is restored by the owner of a database, except what needs a superuser or what the server lacks (thorough)', async () => {
    const from = await filled(await on('17'), 'unprivileged', { privileged: false });
    const to = await startDatabase();
    try {
      const as = await to.createRole('ordinary');
      await to.createDatabase('copy', { owner: 'ordinary' });
      const args = ['--no-owner', '--no-privileges'];
      expect(await copyOf({ from, database: 'unprivileged', to, copy: 'copy', args, as })).toEqual([
        expect.stringContaining(
          'role "difficult_reader" does not exist ← CREATE POLICY "reader\'s; ""policy"""',
        ),
        expect.stringContaining('role "difficult_owner" does not exist ← CREATE POLICY sleeping'),
        expect.stringContaining('permission denied to create event trigger "sleeping"'),
        expect.stringContaining('event trigger "sleeping" does not exist ← COMMENT ON EVENT TRIGGER'),
        expect.stringContaining('permission denied to create event trigger "writes "it" down"'),
      ]);
      const without = [...NO_OWNERS, 'event triggers', 'policies', 'objects', 'comments'] as const;
      expect(await describeDatabase(to, 'copy', { without })).toBe(
        await describeDatabase(from, 'unprivileged', { without }),
      );
    } finally {
      await to.stop();
    }
  });
});

describe('the description', () => {
  it('notices one change in each of its sections', async () => {
    const server = await filled(await on('17'), 'changed');
    const before = sectionsOf(await describeDatabase(server, 'changed'));
    await server.sql(ONE_CHANGE_EACH, 'changed');
    const after = sectionsOf(await describeDatabase(server, 'changed'));
    const unchanged = [...before]
      .filter(([section, text]) => after.get(section) === text)
      .map(([section]) => section);
    expect(unchanged).toEqual([]);
    expect(before.size).toBe(22);
  });

  it('leaves out the sections that are not requested', async () => {
    const sections = sectionsOf(await describeDatabase(await on('17'), 'difficult', { without: NO_OWNERS }));
    expect([...sections.keys()]).not.toContain('owners');
    expect(sections.size).toBe(20);
  });
});

function sectionsOf(description: string): Map<string, string> {
  const parts = description.split(/^# /m).slice(1);
  return new Map(
    parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
}

/** The section that each line is about, from the first to the last. */
const ONE_CHANGE_EACH = `
DROP EVENT TRIGGER "writes ""it"" down";
CREATE SCHEMA another;
ALTER EXTENSION hstore SET SCHEMA app;
DROP AGGREGATE app.total(numeric);
ALTER DOMAIN types.sku SET DEFAULT 'QQQ-1';
ALTER TABLE app.products SET (fillfactor = 71);
ALTER TABLE app.customers ALTER COLUMN home SET STORAGE MAIN;
ALTER TABLE app.half_checked DROP CONSTRAINT large_enough;
ALTER TABLE app.products SET WITHOUT CLUSTER;
ALTER VIEW app.happy SET (security_barrier = false);
ALTER FUNCTION app.guarded() SECURITY INVOKER;
ALTER TABLE app.customers ENABLE TRIGGER disabled;
ALTER POLICY own_rows ON app.secrets WITH CHECK (team = 'b');
ALTER SERVER far_away OPTIONS (SET host 'elsewhere');
ALTER PUBLICATION of_nothing SET (publish = 'insert');
ALTER SUBSCRIPTION never_connected SET PUBLICATION other WITH (refresh = false);
COMMENT ON COLUMN app.customers.home IS NULL;
ALTER TABLE app.locked OWNER TO difficult_owner;
REVOKE UPDATE (note) ON app.empty_table FROM difficult_reader;
SELECT lo_put(900001, 0, 'x');
SELECT nextval('app.never_called');
INSERT INTO app.locked VALUES (3);
`;
