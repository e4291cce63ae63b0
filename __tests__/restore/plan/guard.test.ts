import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Place } from './plan-bed.ts';

const SHOP = `
  CREATE TYPE mood AS ENUM ('sad');
  CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql AS $$SELECT 2 * x$$;
  CREATE TABLE people (id serial PRIMARY KEY, mood mood, name text);
  CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people);
  CREATE VIEW happy AS SELECT p.id, p.name FROM people p GROUP BY p.id;
  INSERT INTO people (name) VALUES ('Ada'), ('Bob'); INSERT INTO orders VALUES (1, 1), (2, 2);
  SELECT lo_from_bytea(4711, 'one'); SELECT lo_from_bytea(4712, 'two');`;

captureOutput();

let bed: PlanBed;
let origin: Database;
let elsewhere: Database;
let archive: string;
let target: Place;

beforeAll(async () => {
  bed = await PlanBed.make();
  [origin, elsewhere] = await Promise.all([startDatabase(), startDatabase()]);
  await origin.createDatabase('shop');
  await origin.sql(SHOP, 'shop');
  archive = await bed.dump({ server: origin, database: 'shop' });
});

beforeEach(async () => {
  await elsewhere.query('DROP DATABASE IF EXISTS shop');
  // The OIDs that a new server counts up are those of the origin, if all that has happened is the same.
  await elsewhere.sql('CREATE TABLE t (x int); DROP TABLE t');
  await elsewhere.createDatabase('shop');
  target = { server: elsewhere, database: 'shop' };
});

afterAll(async () => {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
});

async function names(place: Place): Promise<unknown> {
  const rows = await place.server.query('SELECT name FROM people ORDER BY id', { database: place.database });
  return rows.map(({ name }) => name);
}

describe('an empty target', () => {
  it('needs no confirmation', async () => {
    const plan = await bed.restore(archive, target);
    expect(plan).toMatchObject({ targetWasEmpty: true, isOrigin: false, dropScript: '' });
    expect(await names(target)).toEqual(['Ada', 'Bob']);
  });

  it('may be named by confirm-database, and clean has no effect', async () => {
    const plan = await bed.restore(archive, target, { confirmDatabase: 'shop', clean: true });
    expect(plan.dropScript).toBe('');
  });

  it('is refused when confirm-database names another one', async () => {
    const error = await userErrorOf(bed.plan(archive, target, { confirmDatabase: 'staging' }));
    expect(error.message).toContain('"staging"');
    expect(error.message).toContain('"shop"');
  });

  it('may contain schemas, extensions, and objects in a schema of the provider', async () => {
    const provided = `
      CREATE SCHEMA mine; CREATE EXTENSION citext; COMMENT ON SCHEMA mine IS 'x'; GRANT USAGE ON SCHEMA mine TO PUBLIC;
      CREATE PUBLICATION realtime; ALTER DEFAULT PRIVILEGES IN SCHEMA mine GRANT SELECT ON TABLES TO PUBLIC;
      ALTER DATABASE shop SET statement_timeout = '1min'; CREATE CAST (money AS boolean) WITH INOUT;
      CREATE FOREIGN DATA WRAPPER provided; CREATE SERVER provided FOREIGN DATA WRAPPER provided;
      CREATE SCHEMA provided; CREATE FUNCTION provided.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$;
      GRANT USAGE ON SCHEMA provided TO PUBLIC;`;
    await elsewhere.sql(provided, 'shop');
    const as = await elsewhere.createRole('tenant');
    await elsewhere.sql(`ALTER DATABASE shop OWNER TO tenant`, 'shop');
    expect((await bed.restore(archive, { ...target, as })).targetWasEmpty).toBe(true);
  });

  it.each([
    ['a function', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$', '1 routine (public.f())'],
    ['a type', 'CREATE DOMAIN d AS int', '1 type (public.d)'],
    ['a collation (thorough)', `CREATE COLLATION c (locale = 'C')`, '1 collation (public.c)'],
    [
      'a conversion (thorough)',
      `CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1`,
      '1 conversion (public.c)',
    ],
    [
      'a search configuration (thorough)',
      'CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)',
      '1 text search configuration (public.c)',
    ],
    [
      'a search dictionary (thorough)',
      'CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)',
      '1 text search dictionary (public.d)',
    ],
    [
      'a search parser (thorough)',
      'CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
      '1 text search parser (public.p)',
    ],
    [
      'a search template (thorough)',
      'CREATE TEXT SEARCH TEMPLATE t (LEXIZE = dsimple_lexize)',
      '1 text search template (public.t)',
    ],
    [
      'an operator',
      'CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)',
      '1 operator (public.=== (integer, integer))',
    ],
    [
      'an operator family (thorough)',
      'CREATE OPERATOR FAMILY f USING btree',
      '1 operator family (public.f USING btree)',
    ],
    ['a cast (thorough)', 'CREATE CAST (money AS boolean) WITH INOUT', '1 cast (CAST (money AS boolean))'],
    [
      'a transform',
      `CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal))`,
      '1 transform (TRANSFORM FOR integer LANGUAGE sql)',
    ],
    ['a language (thorough)', 'CREATE LANGUAGE l HANDLER plpgsql_call_handler', '1 procedural language (l)'],
    [
      'an access method (thorough)',
      'CREATE ACCESS METHOD a TYPE TABLE HANDLER heap_tableam_handler',
      '1 access method (a)',
    ],
    ['a data wrapper (thorough)', 'CREATE FOREIGN DATA WRAPPER w', '1 foreign data wrapper (w)'],
    [
      'an event trigger',
      `CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION e()`,
      '1 routine and 1 event trigger (public.e(), e)',
    ],
    ['a publication of all tables', 'CREATE PUBLICATION p FOR ALL TABLES', '1 publication (p)'],
  ])('does not contain, of the user: %s', async (_, sql, holdings) => {
    await elsewhere.sql(sql, 'shop');
    const error = await userErrorOf(bed.plan(archive, target, { clean: true }));
    expect(error.message).toContain(`it contains ${holdings}.`);
    expect(error.hint).toContain('set "confirm-database: shop".');
  });

  it('does not contain a subscription of the user', async () => {
    const options = 'connect = false, enabled = false, slot_name = NONE';
    await elsewhere.sql(
      `CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (${options})`,
      'shop',
    );
    const error = await userErrorOf(bed.plan(archive, target));
    await elsewhere.sql('DROP SUBSCRIPTION s', 'shop');
    expect(error.message).toContain('it contains 1 subscription (s).');
  });

  it.each([
    ['a type', `CREATE TYPE mood AS ENUM ('other')`, 'public.mood'],
    [
      'a function',
      `CREATE FUNCTION twice(y int) RETURNS int LANGUAGE sql AS $$SELECT 0$$`,
      'public.twice(integer)',
    ],
  ])('is confirmed before clean replaces in it: %s', async (_, sql, name) => {
    await elsewhere.sql(sql, 'shop');
    const error = await userErrorOf(bed.plan(archive, target));
    expect(error.message).toContain(name);
    expect(error.hint).toContain('clean: true');
    const unconfirmed = await userErrorOf(bed.plan(archive, target, { clean: true }));
    expect(unconfirmed.hint).toContain(`set "confirm-database: shop" to replace ${name}`);
    const plan = await bed.restore(archive, target, { clean: true, confirmDatabase: 'shop' });
    expect(plan.replacesOthers.map((object) => object.name)).toEqual([name]);
  });

  it('may contain a function of the same name with other arguments', async () => {
    await elsewhere.sql(
      'CREATE FUNCTION twice(x text) RETURNS text LANGUAGE sql AS $$SELECT x || x$$',
      'shop',
    );
    const plan = await bed.restore(archive, target, { confirmDatabase: 'shop' });
    expect(plan.replacesOthers).toEqual([]);
  });
});

describe('a target that is not empty', () => {
  it('needs confirm-database, and the error names its tables', async () => {
    await elsewhere.sql('CREATE TABLE notes (id serial); CREATE VIEW v AS SELECT 1', 'shop');
    const error = await userErrorOf(bed.plan(archive, target));
    expect(error.message).toContain(
      'The database "shop" is not empty: it contains 1 table and 1 view (public.notes, public.v).',
    );
    expect(error.hint).toContain('set "confirm-database: shop".');
    expect(error.hint).not.toContain('clean');
    const plan = await bed.restore(archive, target, { confirmDatabase: 'shop' });
    expect(plan.leavesAlone.map(({ name }) => name)).toEqual([
      'public.notes',
      'public.notes_id_seq',
      'public.v',
    ]);
    expect(plan).toMatchObject({ targetWasEmpty: false, everything: false, dropScript: '' });
  });

  it('is described by some of its many tables', async () => {
    await elsewhere.sql(Array.from({ length: 25 }, (_, n) => `CREATE TABLE t${n} ();`).join(''), 'shop');
    const error = await userErrorOf(bed.plan(archive, target));
    expect(error.message).toContain('it contains 25 tables (public.t0, ');
    expect(error.message).toContain('and 15 more');
  });

  it('is refused with one error that names both inputs it needs', async () => {
    await bed.restore(archive, target);
    const error = await userErrorOf(bed.plan(archive, target));
    expect(error.hint).toContain('"confirm-database: shop" and "clean: true" to replace public.');
  });

  it('is not replaced with confirm-database alone', async () => {
    await bed.restore(archive, target);
    const error = await userErrorOf(bed.plan(archive, target, { confirmDatabase: 'shop' }));
    expect(error.message).toContain('already contains what would be restored: public.');
    expect(error.message).toMatch(/public\.(people|orders), .*, public\.happy and 2 large objects/);
    expect(error.hint).toContain('clean: true');
  });

  it('is not changed with clean alone', async () => {
    await bed.restore(archive, target);
    const error = await userErrorOf(bed.plan(archive, target, { clean: true }));
    expect(error.hint).toContain('"confirm-database: shop" to replace');
    expect(error.hint).not.toContain('clean: true');
  });

  it('gets the objects of the archive in place of its own, and keeps the rest', async () => {
    await bed.restore(archive, target);
    await elsewhere.sql(
      `UPDATE people SET name = 'Eve'; CREATE TABLE mine (x int); SELECT lo_create(5000)`,
      'shop',
    );
    const plan = await bed.restore(archive, target, { confirmDatabase: 'shop', clean: true });
    expect(await names(target)).toEqual(['Ada', 'Bob']);
    expect(plan.replaces.map(({ name }) => name).sort()).toEqual([
      'public.happy',
      'public.orders',
      'public.people',
      'public.people_id_seq',
    ]);
    expect(plan.replacesOthers.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'type public.mood',
      'function public.twice(integer)',
    ]);
    expect(plan.leavesAlone).toEqual([{ kind: 'table', name: 'public.mine' }]);
    expect(plan).toMatchObject({ creates: [], removes: [], otherLargeObjects: 1 });
  });

  it('may contain only large objects', async () => {
    await elsewhere.sql(`SELECT lo_create(1)`, 'shop');
    const error = await userErrorOf(bed.plan(archive, target));
    expect(error.message).toContain('it contains 1 large object.');
    expect((await bed.plan(archive, target, { confirmDatabase: 'shop' })).otherLargeObjects).toBe(1);
  });

  it('is refused when it has a view of the name of a table', async () => {
    await elsewhere.sql('CREATE VIEW people AS SELECT 1', 'shop');
    const options = { confirmDatabase: 'shop', clean: true };
    const error = await userErrorOf(bed.plan(archive, target, options));
    expect(error.message).toBe('public.people is a table in the backup and a view in the target.');
  });

  it('cannot write commands into the log with its names', async () => {
    await elsewhere.createDatabase('a\n::error::b');
    const odd = { server: elsewhere, database: 'a\n::error::b' };
    await elsewhere.sql('CREATE TABLE "##[error]x\n::error::y" ()', odd.database);
    const error = await userErrorOf(bed.plan(archive, odd));
    expect(`${error.message} ${error.hint}`).not.toMatch(/\n|##\[/);
  });
});

describe('the database that the backup came from', () => {
  const place = (): Place => ({ server: origin, database: 'shop' });

  it('is recognised, and needs both inputs even if nothing would be replaced', async () => {
    await origin.sql('DROP VIEW happy', 'shop');
    const options = { filters: { schemas: [], tables: ['happy'] } };
    const both = await userErrorOf(bed.plan(archive, place(), options));
    expect(both.message).toContain('The backup came from this database.');
    expect(both.hint).toContain('"confirm-database: shop" and "clean: true"');
    const clean = await userErrorOf(bed.plan(archive, place(), { ...options, confirmDatabase: 'shop' }));
    expect(clean.message).toContain('is the one that the backup came from');
    await origin.sql(`UPDATE people SET name = 'Eve' WHERE id = 1`, 'shop');
    const plan = await bed.restore(archive, place(), { ...options, confirmDatabase: 'shop', clean: true });
    expect(plan).toMatchObject({ isOrigin: true, dropScript: '', replaces: [] });
    expect(plan.leavesAlone).toHaveLength(3);
    expect(await names(place())).toEqual(['Eve', 'Bob']);
    await origin.sql(`UPDATE people SET name = 'Ada' WHERE id = 1`, 'shop');
  });

  it('is not a restored copy, nor a database of another name', async () => {
    await bed.restore(archive, target);
    const options = { confirmDatabase: 'shop', clean: true };
    expect((await bed.plan(archive, target, options)).isOrigin).toBe(false);
    await origin.query('CREATE DATABASE copy TEMPLATE shop');
    const copy = { server: origin, database: 'copy' };
    const plan = await bed.plan(archive, copy, { confirmDatabase: 'copy', clean: true });
    expect(plan.isOrigin).toBe(false);
  });

  it('is not recognised once it is empty', async () => {
    const dropAll =
      'DROP SCHEMA public CASCADE; CREATE SCHEMA public; SELECT lo_unlink(4711); SELECT lo_unlink(4712)';
    await origin.sql(dropAll, 'shop');
    const plan = await bed.restore(archive, place());
    expect(plan).toMatchObject({ targetWasEmpty: true, isOrigin: false });
    expect(await names(place())).toEqual(['Ada', 'Bob']);
  });
});
