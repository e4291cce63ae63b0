import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, startDatabase } from '../support/database.ts';
import { hasOldest } from '../support/database-programs.ts';
import type { ActionRun } from '../support/runner.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const SHOP = `
  CREATE TABLE t (id int, secret text); INSERT INTO t VALUES (1, 'a');
  CREATE FUNCTION run2(text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
    $$DECLARE result text; BEGIN EXECUTE $1 INTO result; RETURN result; END$$;
  ALTER FUNCTION run2(text) OWNER TO lib; REVOKE EXECUTE ON FUNCTION run2(text) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION run2(text) TO app;
  GRANT SELECT (id) ON t TO app; GRANT SELECT ON t TO lib;
  CREATE FUNCTION open_to_all() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';
  ALTER FUNCTION open_to_all() OWNER TO lib;
  CREATE MATERIALIZED VIEW seen AS SELECT current_user::text AS who, id FROM t; ALTER MATERIALIZED VIEW seen OWNER TO lib;
  REFRESH MATERIALIZED VIEW seen; GRANT SELECT ON seen TO app;
  SELECT lo_from_bytea(77, 'x'); ALTER LARGE OBJECT 77 OWNER TO lib; GRANT SELECT ON LARGE OBJECT 77 TO app;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader;
  CREATE TABLE kept_from_reader (); REVOKE ALL ON kept_from_reader FROM reader;
`;

/** Who owns what, and who may do what with it, as the catalogs have it. */
const RIGHTS = `
SELECT c.relname AS name, c.relowner::regrole::text AS owner,
       coalesce(c.relacl, acldefault('r', c.relowner))::text AS acl FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm')
UNION ALL SELECT proname, proowner::regrole::text, proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT attrelid::regclass || '.' || attname, NULL, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
UNION ALL SELECT 'lo ' || oid, lomowner::regrole::text, lomacl::text FROM pg_largeobject_metadata
UNION ALL SELECT 'default ' || defaclobjtype::text, defaclrole::regrole::text, defaclacl::text FROM pg_default_acl
ORDER BY 1`;

let bed: TestBed;
/** A server without the roles of the shop. */
let elsewhere: Database;
let origin: unknown;
let targets = 0;

beforeAll(async () => {
  [bed, elsewhere] = await Promise.all([startTestBed(), startDatabase()]);
  for (const role of ['lib', 'app', 'reader']) await bed.database.query(`CREATE ROLE ${role}`);
  const url = await bed.database.createDatabase('shop');
  await bed.database.sql(SHOP, 'shop');
  origin = await rightsIn(bed.database, 'shop');
  expectSuccess(await bed.backup({ inputs: { 'connection-string': url } }));
});
afterAll(() => Promise.all([bed.stop(), elsewhere.stop()]));

function rightsIn(server: Database, database: string): Promise<unknown> {
  return server.query(RIGHTS, { database });
}

/** An owner's privileges on a table as they were before PostgreSQL 17, which added MAINTAIN. */
function withoutMaintain(rights: unknown): unknown {
  const text: unknown = JSON.parse(JSON.stringify(rights).replaceAll('arwdDxtm', 'arwdDxt'));
  return text;
}

/** Restores the backup into a new database of a role; of the superuser when none is named. */
async function restoreInto(
  server: Database,
  inputs: Readonly<Record<string, string>> = {},
  as?: { readonly user: string; readonly password: string },
): Promise<{ readonly run: ActionRun; readonly database: string }> {
  targets += 1;
  const database = `target_${targets}`;
  await server.createDatabase(database, as ? { owner: as.user } : {});
  const run = await bed.restore({
    inputs: { 'connection-string': server.urlFor({ database, ...as }), 'backup-name': 'shop', ...inputs },
    secrets: [elsewhere.password, server.password, ...(as ? [as.password] : [])],
  });
  return { run, database };
}

function leftOut(run: ActionRun): unknown {
  const parsed: unknown = JSON.parse(run.outputs['left-out'] ?? '');
  return parsed;
}

describe('the owners and privileges of a backup', () => {
  it.each<[string, Record<string, string>]>([
    ['one transaction', {}],
    ['several connections', { jobs: '2' }],
  ])('come back as they were where the roles are there, over %s', async (_, inputs) => {
    const { run, database } = await restoreInto(bed.database, inputs);
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(await rightsIn(bed.database, database)).toEqual(origin);
    expect(await bed.database.query('SELECT who FROM seen', { database })).toEqual([{ who: 'lib' }]);
  });

  it.each<[string, Record<string, string>]>([
    ['one transaction', {}],
    ['several connections', { jobs: '2' }],
  ])('come back in the place of what was there, over %s', async (_, inputs) => {
    const run = await bed.restore({
      inputs: {
        'connection-string': bed.database.urlFor({ database: 'shop' }),
        'backup-name': 'shop',
        clean: 'true',
        'confirm-database': 'shop',
        ...inputs,
      },
    });
    expectSuccess(run);
    expect(await rightsIn(bed.database, 'shop')).toEqual(origin);
    const may = `SELECT has_function_privilege('app', 'run2(text)', 'EXECUTE') AS app, has_function_privilege('public', 'run2(text)', 'EXECUTE') AS public`;
    expect(await bed.database.query(may, { database: 'shop' })).toEqual([{ app: true, public: false }]);
  });
});

it('with jobs, default privileges of the target let nobody see rows before the privileges are restored', async () => {
  const url = await bed.database.createDatabase('halted');
  await bed.database.sql(
    `CREATE TABLE t (id int); INSERT INTO t VALUES (1);
     CREATE FUNCTION halt(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
       $$BEGIN IF current_database() = 'halted' THEN RETURN 1; END IF; RAISE 'halt'; END$$;
     CREATE INDEX ON t (halt(id));`,
    'halted',
  );
  expectSuccess(await bed.backup({ inputs: { 'connection-string': url } }));
  const target = await bed.database.createDatabase('halted_target');
  await bed.database.sql('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader', 'halted_target');
  const run = await bed.restore({
    inputs: { 'connection-string': target, 'backup-name': 'halted', jobs: '2' },
  });
  expectFailedRestore(run, /A part of it was restored: with jobs/);
  const seen = `SELECT count(*)::int AS rows, has_table_privilege('reader', 't', 'SELECT') AS reader FROM t`;
  expect(await bed.database.query(seen, { database: 'halted_target' })).toEqual([{ rows: 1, reader: false }]);
});

(hasOldest ? describe : describe.skip)(
  'the owners and privileges of a backup of PostgreSQL 13 (thorough)',
  () => {
    let oldest: Database;
    let before: unknown;
    beforeAll(async () => {
      oldest = await startDatabase({ version: '13' });
      for (const role of ['lib', 'app', 'reader']) await oldest.query(`CREATE ROLE ${role}`);
      const url = await oldest.createDatabase('shop');
      await oldest.sql(SHOP, 'shop');
      before = await rightsIn(oldest, 'shop');
      const inputs = { 'connection-string': url, 'backup-name': 'oldest' };
      expectSuccess(await bed.backup({ inputs, secrets: [oldest.password] }));
    });
    afterAll(() => oldest.stop());

    it.each([
      ['one transaction', {}],
      ['several connections, of which such a server gets one', { jobs: '2' }],
    ])('come back there as they were, over %s', async (_, inputs) => {
      const { run, database } = await restoreInto(oldest, { 'backup-name': 'oldest', ...inputs });
      expectSuccess(run);
      expect(run.outputs['verified']).toBe('true');
      expect(await rightsIn(oldest, database)).toEqual(before);
    });

    it.each([
      ['one transaction', {}],
      ['several connections', { jobs: '2' }],
    ])('come back on 17 as they were, over %s', async (_, inputs) => {
      const { run, database } = await restoreInto(bed.database, { 'backup-name': 'oldest', ...inputs });
      expectSuccess(run);
      expect(run.outputs['verified']).toBe('true');
      expect(withoutMaintain(await rightsIn(bed.database, database))).toEqual(before);
    });
  },
);

describe('the verification', () => {
  it('says how many definitions, owners and privileges were compared', async () => {
    const { run } = await restoreInto(bed.database);
    expectSuccess(run);
    const compared = '5 definitions, 6 owners and the privileges on 6 objects';
    expect(run.log).toMatch(new RegExp(`Compared in [\\d.]+ s: ${compared}`));
    expect(run.summary).toContain(`Also compared: ${compared}.`);
  });

  it.each([
    [
      'a privilege',
      'CREATE TABLE',
      'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader',
      /reader has SELECT/,
    ],
    [
      'an owner',
      'GRANT',
      'ALTER TABLE public.t OWNER TO app',
      /table public\.t belongs to app instead of postgres/,
    ],
  ])('fails where an event trigger of the target changes %s', async (_, tag, statement, difference) => {
    targets += 1;
    const database = `target_${targets}`;
    await bed.database.createDatabase(database);
    await bed.database.sql(
      `CREATE SCHEMA watching; CREATE FUNCTION watching.changes() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN ${statement}; END';
       CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('${tag}') EXECUTE FUNCTION watching.changes();`,
      database,
    );
    const inputs = { 'backup-name': 'shop', 'confirm-database': database };
    const run = await bed.restore({
      inputs: { 'connection-string': bed.database.urlFor({ database }), ...inputs },
    });
    expectFailedRestore(run, difference);
    expect(errorsOf(run)[0]).toMatch(/^The restored database differs from the backup: the /);
  });
});

describe('on a server without the roles', () => {
  it('nothing is restored that would run with the rights of a superuser, unless that is meant', async () => {
    const { run, database } = await restoreInto(elsewhere);
    expectFailedRestore(
      run,
      /rights of the superuser postgres: the function public\.open_to_all\(\) would run with them, instead of those of lib[^]*CREATE ROLE name NOLOGIN[^]*no-owner: true/,
    );
    expect(await rightsIn(elsewhere, database)).toEqual([]);
    const meant = await restoreInto(elsewhere, { 'no-owner': 'true' });
    expectSuccess(meant.run);
    expect(remarksOf(meant.run)).toEqual([
      expect.stringMatching(
        /^Changed: owner of the function public\.open_to_all\(\), because it runs with the rights of its owner \(SECURITY DEFINER\), and others can use it: these are now the rights of postgres, not of lib/,
      ),
    ]);
  });

  it('the owner of a database gets everything without more words, and PUBLIC nothing that it had not', async () => {
    const as = await elsewhere.createRole('tenant');
    await elsewhere.query('CREATE ROLE reader');
    const { run, database } = await restoreInto(elsewhere, {}, as);
    await elsewhere.query('DROP OWNED BY reader').catch(() => undefined);
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('true');
    expect(await rightsIn(elsewhere, database)).toEqual(
      [
        ['kept_from_reader', 'tenant', '{tenant=arwdDxtm/tenant}'],
        ['lo 77', 'tenant', null],
        ['open_to_all', 'tenant', null],
        ['run2', 'tenant', '{tenant=X/tenant}'],
        ['seen', 'tenant', '{tenant=arwdDxtm/tenant}'],
        ['t', 'tenant', '{tenant=arwdDxtm/tenant}'],
      ].map(([name, owner, acl]) => ({ name, owner, acl })),
    );
    const missing = 'the role does not exist on the server';
    const items: readonly (readonly [string, string, string])[] = [
      [
        'owner',
        'lib',
        `${missing}; 2 functions, 1 materialized view and 1 large object belong to tenant instead`,
      ],
      ['owner', 'postgres', 'tenant may not act for the role; 2 tables belong to tenant instead'],
      ['privileges of', 'app', `${missing} (on 1 function, 1 column, 1 table and 1 large object)`],
      ['privileges of', 'lib', `${missing} (on 1 table)`],
      ['default privileges of', 'postgres', 'tenant may not act for the role, which would give them'],
      [
        'owner of the function',
        'public.open_to_all()',
        `it runs with the rights of its owner (SECURITY DEFINER), and others can use it: these are now the rights of tenant, not of lib (${missing})`,
      ],
    ];
    expect(leftOut(run)).toEqual([
      ...items.map(([what, name, why]) => ({ what, names: [name], why })),
      {
        ...{ what: 'owner of the database', names: ['postgres'], why: 'database-settings is false' },
        statements: [`ALTER DATABASE "${database}" OWNER TO "postgres";`],
      },
    ]);
    expect(run.log).toContain(`Will leave out privileges of lib: ${missing} (on 1 table)`);
    expect(run.summary).toContain('### Left out or changed');
    expect(run.summary).toContain('<code>privileges of lib</code> | Left out | the role does not exist');
    expect(remarksOf(run)).toHaveLength(2);
  });
});
