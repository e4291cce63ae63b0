import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeOmission } from '../../../src/restore/plan/omission.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Place } from './plan-bed.ts';
import { omissionsOf } from './plan-scene.ts';

const SHOP = `
  CREATE SCHEMA shop AUTHORIZATION boss; GRANT USAGE ON SCHEMA shop TO app; ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA shop GRANT SELECT ON TABLES TO app;
  CREATE TABLE shop.orders (id serial PRIMARY KEY, note text); ALTER TABLE shop.orders OWNER TO boss;
  GRANT SELECT, UPDATE (note) ON shop.orders TO app WITH GRANT OPTION; GRANT INSERT ON shop.orders TO other;
  SET ROLE app; GRANT SELECT ON shop.orders TO reader; RESET ROLE;
  CREATE VIEW shop.notes AS SELECT note FROM shop.orders; ALTER VIEW shop.notes OWNER TO helper;
  CREATE VIEW shop.own_notes WITH (security_invoker = true) AS SELECT note FROM shop.orders; ALTER VIEW shop.own_notes OWNER TO helper;
  GRANT SELECT ON shop.notes, shop.own_notes TO app;
  CREATE TABLE shop.ruled (id int); ALTER TABLE shop.ruled OWNER TO helper; GRANT INSERT ON shop.ruled TO app;
  CREATE RULE copies AS ON INSERT TO shop.ruled DO ALSO DELETE FROM shop.orders;
  CREATE FUNCTION shop.closed() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION shop.closed() OWNER TO helper;
  REVOKE ALL ON FUNCTION shop.closed() FROM PUBLIC;
  CREATE PROCEDURE shop.given() LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER PROCEDURE shop.given() OWNER TO helper;
  REVOKE ALL ON PROCEDURE shop.given() FROM PUBLIC; GRANT EXECUTE ON PROCEDURE shop.given() TO app;
  CREATE FUNCTION shop.watches() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
  ALTER FUNCTION shop.watches() OWNER TO helper; REVOKE ALL ON FUNCTION shop.watches() FROM PUBLIC;
  CREATE FUNCTION shop.plain() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION shop.plain() OWNER TO helper;
`;
const ROLES = ['boss', 'helper', 'app', 'other', 'reader'];

const RIGHTS = `
SELECT n.nspname || '.' || c.relname AS name, c.relowner::regrole::text AS owner, c.relacl::text AS acl,
       (SELECT string_agg(attname || attacl::text, ' ') FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relkind IN ('r', 'v', 'S')
UNION ALL SELECT 'shop.' || proname, proowner::regrole::text, proacl::text, NULL FROM pg_proc WHERE pronamespace = 'shop'::regnamespace
UNION ALL SELECT nspname, nspowner::regrole::text, nspacl::text, NULL FROM pg_namespace WHERE nspname = 'shop'
UNION ALL SELECT 'default', defaclrole::regrole::text, defaclacl::text, NULL FROM pg_default_acl
ORDER BY 1`;

captureOutput();

let bed: PlanBed;
let origin: Database;
/** Without any of the roles until a test makes some. */
let elsewhere: Database;
let archive: string;
let originals: unknown;

beforeAll(async () => {
  bed = await PlanBed.make();
  [origin, elsewhere] = await Promise.all([startDatabase(), startDatabase({ version: '16' })]);
  for (const role of ROLES) await origin.query(`CREATE ROLE ${role}`);
  await origin.createDatabase('shop');
  await origin.sql(SHOP, 'shop');
  originals = await origin.query(RIGHTS, { database: 'shop' });
  archive = await bed.dump({ server: origin, database: 'shop' });
});

afterAll(async () => {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
});

function rightsIn({ server, database }: Place): Promise<Record<string, unknown>[]> {
  return server.query(RIGHTS, { database });
}

describe('owners and privileges', () => {
  it('are those of the backup where every role exists', async () => {
    const place = await bed.emptyDatabase(origin);
    const plan = await bed.restore(archive, place);
    expect(omissionsOf(plan)).toEqual([]);
    expect(plan.rights).toMatchObject({ noOwner: false, last: [], closing: [] });
    expect(await rightsIn(place)).toEqual(originals);
  });

  it('are those of the backup for a role that is not a superuser but may act for all of them', async () => {
    const as = await origin.createRole('deputy');
    await origin.query('GRANT boss, helper, app TO deputy');
    const place = await bed.emptyDatabase(origin, as);
    const plan = await bed.restore(archive, place);
    expect(omissionsOf(plan)).toEqual(['info owner of the database postgres: database-settings is false']);
    expect(await rightsIn(place)).toEqual(originals);
    expect(
      (await bed.restore(archive, place, { clean: true, confirmDatabase: place.database })).rights.noOwner,
    ).toBe(true);
    expect(await rightsIn(place)).toEqual(originals);
  });

  it('are those of the backup even if the target has default privileges', async () => {
    const place = await bed.emptyDatabase(origin);
    const defaults = `
      ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, other; ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
      ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO other; ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO other;
      ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC;`;
    await origin.sql(defaults, place.database);
    await bed.restore(archive, place);
    const ask = `SELECT has_table_privilege('other', 'shop.notes', 'SELECT') AS "table", has_schema_privilege('other', 'shop', 'USAGE') AS schema,
      has_sequence_privilege('other', 'shop.orders_id_seq', 'USAGE') AS sequence,
      has_function_privilege('other', 'shop.closed()', 'EXECUTE') AS closed, has_function_privilege('other', 'shop.plain()', 'EXECUTE') AS plain,
      has_table_privilege('app', 'shop.notes', 'SELECT') AS granted`;
    expect(await origin.query(ask, { database: place.database })).toEqual([
      { table: false, schema: false, sequence: false, closed: false, plain: true, granted: true },
    ]);
  });

  it('are kept as far as the roles exist, and the rest is named', async () => {
    for (const role of ['helper', 'app']) await elsewhere.query(`CREATE ROLE ${role}`);
    const place = await bed.emptyDatabase(elsewhere);
    const plan = await bed.restore(archive, place);
    const missing = 'the role does not exist on the server';
    expect(omissionsOf(plan)).toEqual([
      `info owner boss: ${missing}; 1 schema, 1 table and 1 sequence belong to postgres instead`,
      `info privileges of other: ${missing} (on 1 table)`,
      `info privileges of reader: ${missing} (on 1 table)`,
      `info default privileges of boss: ${missing}`,
    ]);
    const rights = new Map((await rightsIn(place)).map(({ name, owner, acl }) => [name, { owner, acl }]));
    expect(rights.get('shop.orders')).toEqual({
      owner: 'postgres',
      acl: '{postgres=arwdDxt/postgres,app=r*/postgres}',
    });
    expect(rights.get('shop.notes')?.owner).toBe('helper');
    expect(rights.get('shop.closed')).toEqual({ owner: 'helper', acl: '{helper=X/helper}' });
    expect(rights.get('default')).toBeUndefined();
    for (const role of ['helper', 'app']) {
      await elsewhere.sql(`REASSIGN OWNED BY ${role} TO postgres; DROP OWNED BY ${role}`, place.database);
      await elsewhere.query(`DROP ROLE ${role}`);
    }
  });

  it('belong to the role that the user acts as', async () => {
    const place = await bed.emptyDatabase(origin);
    await origin.query(`GRANT ALL ON DATABASE "${place.database}" TO boss`);
    const plan = await bed.plan(archive, place, { role: 'boss' });
    expect(omissionsOf(plan)).toContainEqual(
      expect.stringMatching(/^info owner helper: boss may not act for the role; 3 functions, /),
    );
  });

  it('of a schema with another owner are not changed', async () => {
    const as = await elsewhere.createRole('guest');
    const place = await bed.emptyDatabase(elsewhere, as);
    await elsewhere.sql(
      'CREATE SCHEMA shop; GRANT ALL ON SCHEMA shop TO guest; CREATE ROLE boss; CREATE ROLE app',
      place.database,
    );
    await elsewhere.query('GRANT boss TO guest');
    const plan = await bed.restore(archive, place);
    expect(omissionsOf(plan)).toContainEqual(
      'info owner boss: the role has no CREATE privilege on the schema shop; 1 table and 1 sequence belong to guest instead',
    );
    await elsewhere.sql('DROP OWNED BY app, boss CASCADE; DROP ROLE boss; DROP ROLE app', place.database);
  });

  it('of the database itself are left out and named', async () => {
    await origin.createDatabase('guarded');
    await origin.sql('REVOKE CONNECT ON DATABASE guarded FROM PUBLIC', 'guarded');
    const file = await bed.dump({ server: origin, database: 'guarded' });
    const plan = await bed.restore(file, await bed.emptyDatabase(origin));
    expect(omissionsOf(plan)).toEqual([
      'warning privileges on the database of PUBLIC: database-settings is false',
    ]);
  });
});

describe('an object that runs with the rights of its owner', () => {
  it('is not given to a superuser if others can use it', async () => {
    await elsewhere.query('CREATE ROLE app');
    const error = await userErrorOf(bed.plan(archive, await bed.emptyDatabase(elsewhere)));
    expect(error.code).toBe('restore-refused');
    expect(error.message).toContain(
      'Others could use the rights of the superuser postgres: the procedure shop.given(), the function shop.watches(), the view shop.notes, the table shop.ruled would run with them, instead of those of helper (the role does not exist on the server).',
    );
    expect(error.hint).toContain('no-owner: true');
    await elsewhere.query('DROP ROLE app');
    const others = await userErrorOf(bed.plan(archive, await bed.emptyDatabase(elsewhere)));
    expect(others.message).toContain('postgres: the function shop.watches() would run with them');
  });

  it('is not given to a superuser if an aggregate, an operator class or a type calls it for others', async () => {
    await origin.createDatabase('called');
    const definer = (name: string, result: string): string =>
      `CREATE FUNCTION ${name}(int, int) RETURNS ${result} LANGUAGE sql IMMUTABLE SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION ${name}(int, int) OWNER TO boss; REVOKE ALL ON FUNCTION ${name}(int, int) FROM PUBLIC;`;
    await origin.sql(
      `${definer('adds', 'int')} CREATE AGGREGATE sums(int) (SFUNC = adds, STYPE = int); ALTER AGGREGATE sums(int) OWNER TO boss;
       ${definer('closed', 'int')} CREATE AGGREGATE own_sums(int) (SFUNC = closed, STYPE = int); ALTER AGGREGATE own_sums(int) OWNER TO boss;
       REVOKE ALL ON FUNCTION own_sums(int) FROM PUBLIC;
       ${definer('compares', 'int')} CREATE OPERATOR CLASS compared FOR TYPE int USING btree AS FUNCTION 1 compares(int, int);
       ${definer('subtracts', 'float8')} CREATE TYPE span AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = subtracts);`,
      'called',
    );
    const file = await bed.dump({ server: origin, database: 'called' });
    const error = await userErrorOf(bed.plan(file, await bed.emptyDatabase(elsewhere)));
    expect(error.message).toContain(
      'the function public.subtracts(integer, integer), the function public.adds(integer, integer), the function public.compares(integer, integer) would run with them, instead of those of boss',
    );
  });

  it('is named with no-owner, or if the new owner is not a superuser', async () => {
    const place = await bed.emptyDatabase(elsewhere);
    const meant = await bed.restore(archive, place, { noOwner: true });
    expect(meant.omissions.filter(({ level }) => level === 'warning')).toEqual([
      expect.objectContaining({ what: 'owner of the function', names: ['shop.watches()'], changed: true }),
    ]);
    const open = await bed.restore(archive, await bed.emptyDatabase(elsewhere), {
      noOwner: true,
      noPrivileges: true,
    });
    expect(
      open.omissions.filter(({ what }) => what.startsWith('privileges on')).map(describeOmission),
    ).toEqual([
      'privileges on the function shop.closed(), shop.watches()',
      'privileges on the procedure shop.given()',
    ]);
    const as = await elsewhere.createRole('tenant');
    const modest = await bed.restore(archive, await bed.emptyDatabase(elsewhere, as));
    expect(modest.omissions.filter(({ level }) => level === 'warning').map(describeOmission)).toEqual([
      'owner of the function shop.watches()',
    ]);
  });

  it('is not opened to PUBLIC with the rights of a superuser', async () => {
    await origin.createDatabase('risky');
    await origin.sql(
      `CREATE FUNCTION reads() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; REVOKE ALL ON FUNCTION reads() FROM PUBLIC;
       CREATE FUNCTION open_before() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';`,
      'risky',
    );
    const file = await bed.dump({ server: origin, database: 'risky' });
    const place = await bed.emptyDatabase(origin);
    const error = await userErrorOf(bed.plan(file, place, { noPrivileges: true }));
    expect(error.message).toBe(
      'PUBLIC could use the rights of the superuser postgres: without the privileges in the backup, which prevent this, they can use the function public.reads().',
    );
    expect(error.hint).toContain('"no-owner: true"');
    expect(omissionsOf(await bed.plan(file, place, { noPrivileges: true, noOwner: true }))).toEqual([
      'warning privileges on the function public.reads(): PUBLIC can use it now, and it runs with the rights of its owner (SECURITY DEFINER): the backup does not allow that, and no-privileges is true',
    ]);
    expect(omissionsOf(await bed.plan(file, place))).toEqual([]);
  });

  it("is named without privileges if the target's default privileges give it to others", async () => {
    const place = await bed.emptyDatabase(origin);
    await origin.sql('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader, app', place.database);
    const plan = await bed.plan(archive, place, { noPrivileges: true });
    expect(omissionsOf(plan).filter((line) => /the (?:view|table)/.test(line))).toEqual([
      'warning privileges on the view shop.notes: reader can use it now, and it reads with the rights of its owner: the backup does not allow that, and no-privileges is true',
      'warning privileges on the table shop.ruled: reader can use it now, and its rules run with the rights of its owner: the backup does not allow that, and no-privileges is true',
    ]);
  });

  it('is restored in a test restore, which nobody else can use', async () => {
    const plan = await bed.plan(archive, await bed.emptyDatabase(elsewhere), {
      noOwner: true,
      noPrivileges: true,
      forTest: true,
    });
    expect(omissionsOf(plan)).toEqual([]);
  });
});

it('with several connections privileges are revoked from PUBLIC before rows are loaded', async () => {
  const place = await bed.emptyDatabase(origin);
  const plan = await bed.restore(archive, place, { jobs: 2 });
  expect(plan.rights.closing).toHaveLength(3);
  expect(await rightsIn(place)).toEqual(originals);
});
