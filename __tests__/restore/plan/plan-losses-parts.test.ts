import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from './plan-bed.ts';

/** One of everything that something can be attached to. */
const BASE = `
  CREATE TABLE orders (id int CONSTRAINT orders_key PRIMARY KEY, total int CONSTRAINT positive CHECK (total > 0), note text);
  CREATE TABLE lines (id int, "order" int CONSTRAINT "to order" REFERENCES orders);
  CREATE INDEX by_total ON orders (total, (id + 1)); CREATE STATISTICS shape ON id, total FROM orders;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE CONSTRAINT TRIGGER "from" AFTER INSERT ON lines FROM orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE RULE quiet AS ON DELETE TO orders WHERE OLD.id < 0 DO INSTEAD NOTHING;
  CREATE POLICY own ON orders USING (true);
  CREATE VIEW notes AS SELECT note FROM orders; CREATE MATERIALIZED VIEW kept AS SELECT id FROM orders;
  CREATE DOMAIN amount AS int CONSTRAINT small CHECK (VALUE < 100); CREATE TYPE pair AS (a int, b int);
  CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
  CREATE TRIGGER watched AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER watches ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION on_ddl();
  CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
  CREATE FUNCTION as_int(pair) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (pair AS int) WITH FUNCTION as_int(pair);
  CREATE PUBLICATION changes FOR TABLE orders; SELECT lo_create(7001);
  CREATE FUNCTION compare(pair, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
  CREATE FUNCTION less(pair, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
  CREATE OPERATOR <<< (LEFTARG = pair, RIGHTARG = int, FUNCTION = less); CREATE OPERATOR <<= (LEFTARG = pair, RIGHTARG = int, FUNCTION = less);
  CREATE OPERATOR <-> (LEFTARG = pair, RIGHTARG = int, FUNCTION = compare);
  CREATE OPERATOR FAMILY "my family" USING btree; CREATE OPERATOR FAMILY near USING gist;
  ALTER OPERATOR FAMILY "my family" USING btree ADD OPERATOR 2 <<= (pair, int);`;

/** What can be attached, and be in the backup. */
const MORE = `
  COMMENT ON CONSTRAINT orders_key ON orders IS 'x'; COMMENT ON CONSTRAINT positive ON orders IS 'x'; COMMENT ON CONSTRAINT "to order" ON lines IS 'x';
  COMMENT ON INDEX by_total IS 'x'; COMMENT ON INDEX orders_key IS 'x'; COMMENT ON STATISTICS shape IS 'x'; COMMENT ON TRIGGER touched ON orders IS 'x';
  COMMENT ON RULE quiet ON orders IS 'x'; COMMENT ON POLICY own ON orders IS 'x'; COMMENT ON COLUMN notes.note IS 'x'; COMMENT ON COLUMN kept.id IS 'x';
  COMMENT ON VIEW notes IS 'x'; COMMENT ON CONSTRAINT small ON DOMAIN amount IS 'x'; COMMENT ON COLUMN pair.b IS 'x'; COMMENT ON TYPE pair IS 'x';
  COMMENT ON EVENT TRIGGER watches IS 'x'; COMMENT ON FOREIGN DATA WRAPPER nothing IS 'x'; COMMENT ON SERVER nowhere IS 'x';
  COMMENT ON CAST (pair AS int) IS 'x'; COMMENT ON PUBLICATION changes IS 'x'; COMMENT ON LARGE OBJECT 7001 IS 'x';
  GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO reader; GRANT USAGE ON FOREIGN SERVER nowhere TO reader; GRANT SELECT ON LARGE OBJECT 7001 TO reader;
  REVOKE ALL ON FUNCTION touch() FROM PUBLIC; REVOKE ALL ON TYPE pair FROM PUBLIC;
  ALTER PUBLICATION changes ADD TABLES IN SCHEMA other;
  ALTER TABLE orders DISABLE TRIGGER touched; ALTER TABLE orders ENABLE ALWAYS RULE quiet; ALTER EVENT TRIGGER watches DISABLE;
  ALTER TABLE parts_1 DISABLE TRIGGER watched;
  ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_key, CLUSTER ON by_total; ALTER TABLE lines REPLICA IDENTITY FULL;
  ALTER STATISTICS shape SET STATISTICS 7; ALTER INDEX by_total ALTER COLUMN 2 SET STATISTICS 70; ALTER INDEX by_total SET (fillfactor = 60);
  ALTER TABLE orders ALTER total SET STATISTICS 50, ALTER note SET STORAGE MAIN, ALTER note SET COMPRESSION pglz, ALTER id SET (n_distinct = -0.5),
    SET (fillfactor = 50, toast.autovacuum_enabled = false);
  ALTER TABLE lines SET TABLESPACE fast; ALTER DOMAIN amount ADD CONSTRAINT even CHECK (VALUE % 2 = 0);
  ALTER OPERATOR FAMILY "my family" USING btree ADD OPERATOR 1 <<< (pair, int), FUNCTION 1 (pair, int) compare(pair, int);
  ALTER OPERATOR FAMILY near USING gist ADD OPERATOR 15 <-> (pair, int) FOR ORDER BY integer_ops;
  ALTER TABLE orders OWNER TO writer; ALTER FUNCTION touch() OWNER TO writer; ALTER SERVER nowhere OWNER TO writer; ALTER LARGE OBJECT 7001 OWNER TO writer;`;

captureOutput();

let bed: PlanBed;
let server: Database;
let staging: Place;

beforeAll(async () => {
  [bed, server] = await Promise.all([
    PlanBed.make(),
    startDatabase({ settings: ['allow_in_place_tablespaces = on'] }),
  ]);
  await server.createRole('reader');
  await server.createRole('writer');
  await server.query("CREATE TABLESPACE fast LOCATION ''");
  for (const database of ['plain', 'full']) {
    await server.createDatabase(database);
    await server.sql(`CREATE SCHEMA other; ${BASE}`, database);
  }
  await server.sql(MORE, 'full');
});
beforeEach(async () => {
  await server.query('DROP DATABASE IF EXISTS staging WITH (FORCE)');
  await server.query('CREATE DATABASE staging TEMPLATE "full"');
  staging = { server, database: 'staging' };
});
afterAll(async () => {
  await server.stop();
  await bed.remove();
});

/** What the target loses or has changed, by its kind. */
async function lost(
  from: string,
  more: Parameters<PlanBed['plan']>[2] = {},
): Promise<Record<string, readonly string[]>> {
  const archive = await bed.dump({ server, database: from });
  const { omissions } = await bed.plan(archive, staging, {
    clean: true,
    confirmDatabase: 'staging',
    ...more,
  });
  const items = omissions.filter(({ dropped, changed }) => dropped === true || changed === true);
  return Object.fromEntries(items.map(({ what, names }) => [what, [...names].sort()]));
}

it('nothing that is attached to parts of objects is named if the backup contains it', async () => {
  expect(await lost('full')).toEqual({});
});

it('everything that is attached to parts of objects is named if the backup does not contain it', async () => {
  expect(await lost('plain')).toEqual({
    'comment on': [
      'CAST (public.pair AS integer)',
      'event trigger watches',
      'foreign data wrapper nothing',
      'large object 7001',
      'public.amount constraint small',
      'public.kept.id',
      'public.lines constraint to order',
      'public.notes',
      'public.notes.note',
      'public.orders constraint orders_key',
      'public.orders constraint positive',
      'public.orders index by_total',
      'public.orders index orders_key',
      'public.orders policy own',
      'public.orders rule quiet',
      'public.orders statistics shape',
      'public.orders trigger touched',
      'public.pair',
      'public.pair.b',
      'publication changes',
      'server nowhere',
    ],
    constraint: ['public.amount even'],
    'member of the operator family': [
      'public.my family USING btree (FUNCTION 1 (public.pair, integer) public.compare(public.pair,integer))',
      'public.my family USING btree (OPERATOR 1 public.<<<(public.pair,integer))',
      'public.near USING gist (OPERATOR 15 public.<->(public.pair,integer) FOR ORDER BY pg_catalog.integer_ops)',
    ],
    'owner of': ['large object 7001', 'public.orders', 'public.touch()', 'server nowhere'],
    'privileges of reader on': [
      'foreign data wrapper nothing (USAGE)',
      'large object 7001 (SELECT)',
      'server nowhere (USAGE)',
    ],
    'revocation from PUBLIC of the privileges on': ['public.pair', 'public.touch()'],
    'schema of a publication': ['publication changes (other)'],
    'setting of': [
      'event trigger watches (ALTER EVENT TRIGGER watches DISABLE)',
      'public.lines (REPLICA IDENTITY FULL)',
      'public.lines (TABLESPACE fast)',
      'public.orders (ALTER COLUMN id SET (n_distinct=-0.5))',
      'public.orders (ALTER COLUMN note SET COMPRESSION pglz)',
      'public.orders (ALTER COLUMN note SET STORAGE MAIN)',
      'public.orders (ALTER COLUMN total SET STATISTICS 50)',
      'public.orders (ALTER STATISTICS public.shape SET STATISTICS 7)',
      'public.orders (CLUSTER ON by_total)',
      'public.orders (DISABLE TRIGGER touched)',
      'public.orders (ENABLE ALWAYS RULE quiet)',
      'public.orders (REPLICA IDENTITY USING INDEX orders_key)',
      'public.orders (fillfactor=50)',
      'public.orders (toast.autovacuum_enabled=false)',
      'public.parts_1 (DISABLE TRIGGER watched)',
    ],
    'setting of the index': [
      'public.orders by_total (ALTER COLUMN 2 SET STATISTICS 70)',
      'public.orders by_total (fillfactor=60)',
    ],
  });
});

it('an owner is named if the backup has another one, and more quietly with no-owner', async () => {
  await server.sql('ALTER TABLE orders OWNER TO reader', 'staging');
  const archive = await bed.dump({ server, database: 'full' });
  const options = { clean: true, confirmDatabase: 'staging', filters: { schemas: [], tables: ['orders'] } };
  const owner = async (noOwner: boolean): Promise<unknown> =>
    (await bed.plan(archive, staging, { ...options, noOwner })).omissions.find(
      ({ what }) => what === 'owner of',
    );
  const why = (now: string): string =>
    `the target has reader as the owner of an object that is replaced; it belongs to ${now} then`;
  const known = { what: 'owner of', names: ['public.orders'], changed: true };
  expect(await owner(false)).toEqual({ ...known, why: why('writer'), level: 'warning' });
  expect(await owner(true)).toEqual({ ...known, why: why('postgres'), level: 'info' });
});

it('an owner is named if a large object of the restoring role will belong to another one', async () => {
  await server.sql('ALTER LARGE OBJECT 7001 OWNER TO postgres', 'staging');
  const owner = { 'owner of': ['large object 7001'] };
  expect(await lost('full')).toEqual(owner);
  expect(await lost('full', { noOwner: true })).not.toMatchObject(owner);
});

it('a trigger of another table is named if it is dropped with the table that it refers to', async () => {
  await server.sql('ALTER TABLE lines DROP CONSTRAINT "to order"', 'staging');
  expect(await lost('full', { filters: { schemas: [], tables: ['orders'] } })).toMatchObject({
    trigger: ['public.orders from'],
  });
});
