import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eachPrivilege } from '../../../src/archive/toc/privileges.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from './plan-bed.ts';
import { omissionsOf } from './plan-scene.ts';

/** What roles gave while they were allowed to use the schema. */
const SHOP = `
  CREATE SCHEMA shop AUTHORIZATION boss; CREATE TABLE shop.orders (id int, "a,b" int); ALTER TABLE shop.orders OWNER TO boss;
  GRANT USAGE ON SCHEMA shop TO app, middle; GRANT SELECT, UPDATE ("a,b") ON shop.orders TO app, middle WITH GRANT OPTION;
  SET ROLE app; GRANT SELECT, UPDATE ("a,b") ON shop.orders TO reader; RESET ROLE;
  SET ROLE middle; GRANT SELECT ON shop.orders TO last WITH GRANT OPTION; RESET ROLE;
  GRANT USAGE ON SCHEMA shop TO last; SET ROLE last; GRANT SELECT ON shop.orders TO reader; RESET ROLE;
  REVOKE USAGE ON SCHEMA shop FROM app, last;`;

const RIGHTS = `
SELECT relacl::text AS acl, (SELECT string_agg(attacl::text, ' ') FROM pg_attribute WHERE attrelid = c.oid) AS columns,
       nspacl::text AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'orders'`;

captureOutput();

let bed: PlanBed;
let origin: Database;
/** Lacks one of the roles. */
let elsewhere: Database;
let archive: string;

beforeAll(async () => {
  bed = await PlanBed.make();
  [origin, elsewhere] = await Promise.all([startDatabase(), startDatabase()]);
  const roles = 'CREATE ROLE boss; CREATE ROLE app; CREATE ROLE last; CREATE ROLE reader;';
  await origin.sql(`${roles} CREATE ROLE middle`);
  await elsewhere.sql(roles);
  await origin.createDatabase('shop');
  await origin.sql(SHOP, 'shop');
  archive = await bed.dump({ server: origin, database: 'shop' });
});

afterAll(async () => {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
});

const rightsIn = ({ server, database }: Place): Promise<unknown> => server.query(RIGHTS, { database });

it.each([
  ['in one transaction', {}],
  ['over several connections', { jobs: 2 }],
])('a role without USAGE on the schema grants again what it has granted, %s', async (_, options) => {
  const place = await bed.emptyDatabase(origin);
  const { plan, verify } = await bed.restoreForVerification(archive, place, options);
  expect(omissionsOf(plan)).toEqual([]);
  expect(await rightsIn(place)).toEqual(await rightsIn({ server: origin, database: 'shop' }));
  await verify();
});

it('a role is let into the schema by its new owner too', async () => {
  const as = await origin.createRole('deputy');
  await origin.query('GRANT boss, app, middle, last TO deputy');
  const place = await bed.emptyDatabase(origin, as);
  const { plan, verify } = await bed.restoreForVerification(archive, place);
  expect(omissionsOf(plan)).toEqual(['info owner of the database postgres: database-settings is false']);
  expect(await rightsIn(place)).toEqual(await rightsIn({ server: origin, database: 'shop' }));
  await verify();
});

it('what a role without USAGE on the schema has granted is named if nobody can let it in', async () => {
  const as = await origin.createRole('guest');
  await origin.query('GRANT boss, app, middle, last TO guest');
  const place = await bed.emptyDatabase(origin, as);
  await origin.sql(
    'CREATE SCHEMA shop; GRANT CREATE ON SCHEMA shop TO boss, guest; GRANT USAGE ON SCHEMA shop TO boss, guest, middle',
    place.database,
  );
  const { plan, verify } = await bed.restoreForVerification(archive, place);
  const why =
    'the role, which gave them, lacks the USAGE privilege on the schema shop (on 1 table and 1 column)';
  expect(omissionsOf(plan)).toContainEqual(`warning privileges of app: ${why}`);
  await verify();
});

it('what a role has granted is named if it does not have it with the grant option itself', async () => {
  const place = await bed.emptyDatabase(elsewhere);
  const { plan, verify } = await bed.restoreForVerification(archive, place);
  const missing = 'the role does not exist on the server';
  expect(omissionsOf(plan)).toEqual([
    `info privileges of middle: ${missing} (on 1 schema, 1 table and 1 column)`,
    'warning privileges of last: the role does not have them with the grant option (on 1 table)',
  ]);
  await verify();
});

it('privileges are told apart', () => {
  expect(eachPrivilege('SELECT,UPDATE("a,b"), INSERT(c)')).toEqual(['SELECT', 'UPDATE("a,b")', 'INSERT(c)']);
});
