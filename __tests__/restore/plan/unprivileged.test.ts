import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Place } from './plan-bed.ts';
import { omissionsOf } from './plan-scene.ts';

const SHOP = `
  CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'a'); CREATE SCHEMA other;
  CREATE FOREIGN DATA WRAPPER nothing; GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO boss, app;
  CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; ALTER SERVER nowhere OWNER TO boss; COMMENT ON SERVER nowhere IS 'x';
  CREATE USER MAPPING FOR PUBLIC SERVER nowhere; CREATE FOREIGN TABLE remote (id int) SERVER nowhere;
  CREATE VIEW both_ids AS SELECT id FROM orders UNION ALL SELECT id FROM remote; GRANT SELECT ON both_ids TO app;
  CREATE OPERATOR CLASS backwards FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
  CREATE INDEX backwards_index ON orders (id backwards);
  CREATE PUBLICATION few FOR TABLE orders; ALTER PUBLICATION few OWNER TO boss;
  CREATE PUBLICATION every FOR ALL TABLES; CREATE PUBLICATION mixed FOR TABLES IN SCHEMA other;`;

captureOutput();

let bed: PlanBed;
let server: Database;
let archive: string;
let as: { readonly user: string; readonly password: string };

beforeAll(async () => {
  [bed, server] = await Promise.all([PlanBed.make(), startDatabase()]);
  as = await server.createRole('deputy');
  await server.sql('CREATE ROLE boss; CREATE ROLE app; GRANT boss TO deputy');
  await server.createDatabase('shop');
  await server.sql(SHOP, 'shop');
  archive = await bed.dump({ server, database: 'shop' });
});

afterAll(async () => {
  await server.stop();
  await bed.remove();
});

async function ownDatabase(script = ''): Promise<Place> {
  const place = await bed.emptyDatabase(server, as);
  await server.sql(script, place.database);
  return place;
}

const OF_SUPERUSERS = [
  'warning operator class public.backwards: only a superuser may create it',
  'warning operator family public.backwards: only a superuser may create it',
  'warning index public.backwards_index: it needs the operator class public.backwards, which is left out',
  'warning publication every: only a superuser may create one for all tables',
  'warning schema of a publication other.mixed other: only a superuser may add a schema to a publication',
];

it('what only a superuser may create is named for another role, with what needs it, and the rest is restored', async () => {
  const place = await ownDatabase();
  const { plan, verify } = await bed.restoreForVerification(archive, place);
  expect(omissionsOf(plan).sort()).toEqual(
    [
      ...OF_SUPERUSERS,
      'info owner postgres: deputy may not act for the role; 1 schema, 1 table and 1 publication belong to deputy instead',
      'warning foreign data wrapper nothing: only a superuser may create it',
      'warning server nowhere: it needs the foreign data wrapper nothing, which is left out',
      'warning foreign table public.remote: it needs the server nowhere, which is left out',
      'warning view public.both_ids: it needs the foreign table public.remote, which is left out',
      'info owner boss: the role has no CREATE privilege on the database; 1 publication belongs to deputy instead',
      'info owner of the database postgres: database-settings is false',
    ].sort(),
  );
  const found = await server.query('SELECT pubname, tablename FROM pg_publication_tables', {
    database: place.database,
  });
  expect(found).toEqual([{ pubname: 'few', tablename: 'orders' }]);
  await verify();
});

it('what only a superuser may create is used if the target has it', async () => {
  const place = await ownDatabase(
    'CREATE FOREIGN DATA WRAPPER nothing; GRANT USAGE ON FOREIGN DATA WRAPPER nothing TO deputy, boss',
  );
  await server.query(`GRANT CREATE ON DATABASE "${place.database}" TO boss`);
  const options = { confirmDatabase: place.database, clean: true };
  for (let times = 0; times < 2; times += 1) {
    const { plan, verify } = await bed.restoreForVerification(archive, place, options);
    expect(
      omissionsOf(plan)
        .sort()
        .filter((line) => !/^info (?:owner|schema) /.test(line)),
    ).toEqual(
      [
        ...OF_SUPERUSERS,
        'info foreign data wrapper nothing: the target has it already',
        'warning privileges on FOREIGN DATA WRAPPER nothing: only a superuser may change them',
      ].sort(),
    );
    await verify();
  }
});

it('a foreign server is named if the role may not use its foreign-data wrapper', async () => {
  const plan = await bed.restore(archive, await ownDatabase('CREATE FOREIGN DATA WRAPPER nothing'));
  expect(omissionsOf(plan).sort()).toContain(
    'warning server nowhere: deputy lacks the USAGE privilege on the foreign-data wrapper nothing',
  );
});

it('a restore without the rows of a table is refused', async () => {
  await server.query('CREATE DATABASE needy TEMPLATE shop');
  await server.sql('CREATE TABLE kept (row remote)', 'needy');
  const file = await bed.dump({ server, database: 'needy' });
  const error = await userErrorOf(bed.plan(file, await ownDatabase()));
  expect(error.message).toBe(
    'The table public.kept cannot be restored without the foreign data wrapper nothing: only a superuser may create it.',
  );
  expect(error.hint).toContain('have a superuser create that in the target first');
});

const MACHINE_CODE = `
  CREATE TYPE mood; CREATE FUNCTION mood_in(cstring) RETURNS mood LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
  CREATE FUNCTION mood_out(mood) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
  CREATE TYPE mood (INPUT = mood_in, OUTPUT = mood_out, LIKE = int4); CREATE CAST (mood AS int) WITHOUT FUNCTION;
  CREATE TYPE pair AS (a int, b int); CREATE TYPE size AS ENUM ('S', 'L'); CREATE CAST (pair AS text) WITH INOUT;
  CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal IMMUTABLE AS 'int4pl';
  CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS $$ SELECT 2 * $1 $$;
  CREATE TABLE orders (id int, size size, pair pair); INSERT INTO orders VALUES (1, 'S', '(1,2)');
  CREATE VIEW sums AS SELECT plus(id, 1) AS sum FROM orders; CREATE VIEW twos AS SELECT twice(id) AS two FROM orders;`;

it('functions, types and casts of machine code are named for another role, with what needs them, and used if they are there', async () => {
  await server.createDatabase('machine');
  await server.sql(MACHINE_CODE, 'machine');
  const file = await bed.dump({ server, database: 'machine' });
  const place = await ownDatabase();
  const { plan, verify } = await bed.restoreForVerification(file, place);
  expect(
    omissionsOf(plan)
      .filter((line) => line.startsWith('warning'))
      .sort(),
  ).toEqual([
    'warning cast CAST (public.mood AS integer): only a superuser may create it',
    'warning function public.mood_in(cstring), public.mood_out(public.mood), public.plus(integer, integer): only a superuser may create it',
    'warning shell type public.mood: only a superuser may create it',
    'warning type public.mood: only a superuser may create it',
    'warning view public.sums: it needs the function public.plus(integer, integer), which is left out',
  ]);
  await verify();
  const present = await ownDatabase(
    "CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal IMMUTABLE AS 'int4pl'",
  );
  const options = { confirmDatabase: present.database, clean: true };
  const again = await bed.restoreForVerification(file, present, options);
  expect(omissionsOf(again.plan)).toContain(
    'info function public.plus(integer, integer): the target has it already',
  );
  expect(await server.query('SELECT sum FROM sums', { database: present.database })).toEqual([{ sum: 2 }]);
  await again.verify();
});

it('a restore without the rows of a table of such a type is refused', async () => {
  await server.query('CREATE DATABASE moody TEMPLATE machine');
  await server.sql("CREATE TABLE kept (mood mood); INSERT INTO kept VALUES ('1')", 'moody');
  const file = await bed.dump({ server, database: 'moody' });
  const error = await userErrorOf(bed.plan(file, await ownDatabase()));
  expect(error.message).toBe(
    'The table public.kept cannot be restored without the type public.mood: only a superuser may create it.',
  );
});

it('publications of its own tables are restored by the owner of the tables, on 16 and 17 (thorough)', async () => {
  const older = await startDatabase({ version: '16' });
  try {
    for (const target of [server, older]) {
      const shopkeeper = await target.createRole('shopkeeper');
      await target.createDatabase('theirs', { owner: shopkeeper.user });
      await target.sql(
        `SET ROLE shopkeeper; CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE parts (id int) PARTITION BY LIST (id);
         CREATE PUBLICATION own FOR TABLE orders (id) WHERE (id > 0), parts WITH (publish_via_partition_root = true);
         CREATE PUBLICATION "to come FOR ALL TABLES"; COMMENT ON PUBLICATION own IS 'x'`,
        'theirs',
      );
      const file = await bed.dump({ server: target, database: 'theirs', as: shopkeeper });
      const place = await bed.emptyDatabase(target);
      await target.query(`GRANT CREATE ON DATABASE "${place.database}" TO shopkeeper`);
      await target.query('GRANT ALL ON SCHEMA public TO shopkeeper', { database: place.database });
      const { plan, verify } = await bed.restoreForVerification(file, { ...place, as: shopkeeper });
      expect(omissionsOf(plan)).toEqual([
        'info owner of the database shopkeeper: database-settings is false',
      ]);
      await verify();
      const found = 'SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2';
      expect(await target.query(found, { database: place.database })).toEqual(
        await target.query(found, { database: 'theirs' }),
      );
    }
  } finally {
    await older.stop();
  }
});

it('publications that only a superuser may own stay with the superuser who restores them (thorough)', async () => {
  await server.query('CREATE ROLE former SUPERUSER');
  await server.createDatabase('former');
  await server.sql(
    `CREATE PUBLICATION every FOR ALL TABLES; CREATE SCHEMA s; CREATE PUBLICATION few FOR TABLES IN SCHEMA s;
     CREATE PUBLICATION one; ALTER PUBLICATION every OWNER TO former; ALTER PUBLICATION few OWNER TO former; ALTER PUBLICATION one OWNER TO former`,
    'former',
  );
  const file = await bed.dump({ server, database: 'former' });
  await server.query('ALTER ROLE former NOSUPERUSER');
  const place = await bed.emptyDatabase(server);
  await server.query(`GRANT CREATE ON DATABASE "${place.database}" TO former`);
  const { plan, verify } = await bed.restoreForVerification(file, place);
  expect(omissionsOf(plan)).toEqual([
    'info owner former: only a superuser may own a publication for all tables or for a schema; 2 publications belong to postgres instead',
  ]);
  await verify();
});
