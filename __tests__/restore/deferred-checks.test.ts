import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Omission } from '../../src/restore/plan/omission.ts';
import type { RestorePlan } from '../../src/restore/plan/plan.ts';
import { captureOutput } from '../support/captured-output.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { type ServerVersion, hasOldest } from '../support/database-programs.ts';
import { userErrorOf } from '../support/user-error.ts';
import { type Place, PlanBed } from './plan/plan-bed.ts';

/** Tables are loaded in the order of their names: each of these checks reads what comes later. */
const READS_LATER = `
CREATE TABLE a_orders (id integer, customer integer);
CREATE TABLE b_customers (id integer, first_order integer);
CREATE FUNCTION has_customer(integer) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.b_customers WHERE id = $1)';
CREATE FUNCTION has_order(integer) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN IF NOT EXISTS (SELECT FROM public.a_orders WHERE id = $1) THEN RAISE EXCEPTION ''no such order''; END IF; RETURN true; END';
INSERT INTO a_orders VALUES (1, 1);
INSERT INTO b_customers VALUES (1, 1);
ALTER TABLE a_orders ADD CONSTRAINT "has a ""customer""" CHECK (has_customer(customer));
ALTER TABLE b_customers ADD CONSTRAINT has_order CHECK (has_order(first_order) AND first_order IN (1, 2)), ADD CHECK (id > 0);
COMMENT ON CONSTRAINT "has a ""customer""" ON a_orders IS 'it''s \\ checked';
CREATE OPERATOR ### (FUNCTION = has_customer, RIGHTARG = integer);
CREATE TABLE a_returns (customer integer CONSTRAINT by_operator CHECK (### customer));
INSERT INTO a_returns VALUES (1);

CREATE TABLE a_parent (customer integer, CONSTRAINT own CHECK (has_customer(customer)) NO INHERIT, CONSTRAINT shared CHECK (has_customer(customer)));
CREATE TABLE a_child (CONSTRAINT of_child CHECK (has_customer(customer)), CONSTRAINT shared CHECK (has_customer(customer))) INHERITS (a_parent);
CREATE TABLE a_other_child () INHERITS (a_parent);
INSERT INTO a_parent VALUES (1);
INSERT INTO a_child VALUES (1);
INSERT INTO a_other_child VALUES (1);
CREATE TABLE a_family (customer integer, CONSTRAINT shared CHECK (has_customer(customer)));
CREATE TABLE a_member (CONSTRAINT shared CHECK (has_customer(customer))) INHERITS (a_family);
INSERT INTO b_customers VALUES (50, 1);
INSERT INTO a_family VALUES (1);
INSERT INTO a_member VALUES (50);

CREATE TABLE a_parted (customer integer CONSTRAINT of_all CHECK (has_customer(customer))) PARTITION BY LIST (customer);
CREATE TABLE a_part PARTITION OF a_parted (CONSTRAINT of_part CHECK (has_customer(customer))) FOR VALUES IN (1);
INSERT INTO a_parted VALUES (1);
`;
const CONSTRAINTS = `
SELECT conrelid::regclass::text AS of, conname, convalidated, conislocal, coninhcount, connoinherit, pg_get_constraintdef(oid) AS definition, obj_description(oid, 'pg_constraint') AS comment
FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 AND connamespace = 'public'::regnamespace ORDER BY 1, 2`;
const EVENT_TRIGGER = `
CREATE TABLE fired (tag text);
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.fired VALUES (tg_tag); END';
CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION note();
COMMENT ON EVENT TRIGGER noting IS 'notes';
`;
/** What makes rows break their checks after they came in. */
const BREAK =
  'INSERT INTO b_customers VALUES (2, 1); INSERT INTO a_parted VALUES (1); UPDATE b_customers SET id = id + 10 WHERE id < 50;';

const VERSIONS: readonly ServerVersion[] = hasOldest ? ['13', '17'] : ['17'];
const output = captureOutput();

function changes({ omissions }: RestorePlan): readonly Omission[] {
  return omissions.filter(({ changed }) => changed === true);
}

describe.each(VERSIONS)(
  'a CHECK constraint that reads another table, on PostgreSQL %s (thorough)',
  (version) => {
    let server: Database;
    let bed: PlanBed;
    beforeAll(async () => {
      [server, bed] = await Promise.all([startDatabase({ version }), PlanBed.make()]);
    });
    afterAll(() => Promise.all([server.stop(), bed.remove()]));

    const origin = (script: string): Promise<Place> => bed.filledDatabase(server, script);
    const constraintsOf = ({ database }: Place) => server.query(CONSTRAINTS, { database });

    it('is restored as it was, also over itself, with its comment and everything that inherits it', async () => {
      const place = await origin(READS_LATER + EVENT_TRIGGER);
      const archive = await bed.dump(place);
      const before = await constraintsOf(place);
      expect(before.length).toBeGreaterThan(10);
      const target = await bed.emptyDatabase(server);
      const first = await bed.restoreForVerification(archive, target);
      expect(first.plan.deferredChecks.map(({ tag }) => tag).sort()).toEqual([
        'a_child',
        'a_family',
        'a_member',
        'a_orders',
        'a_parent',
        'a_part',
        'a_parted',
        'a_returns',
        'b_customers',
      ]);
      expect(changes(first.plan)).toEqual([]);
      await first.verify();
      expect(await constraintsOf(target)).toEqual(before);
      expect(await server.query('SELECT * FROM fired', { database: target.database })).toEqual([]);
      const again = { clean: true, confirmDatabase: target.database };
      await (await bed.restoreForVerification(archive, target, again)).verify();
      expect(await constraintsOf(target)).toEqual(before);
    });

    it('is NOT VALID and named where the rows break it in the end', async () => {
      const place = await origin(READS_LATER);
      await server.sql(BREAK, place.database);
      const archive = await bed.dump(place);
      const target = await bed.emptyDatabase(server);
      const { plan, verify } = await bed.restoreForVerification(archive, target);
      await verify();
      const broken = (await constraintsOf(target)).filter(({ convalidated }) => convalidated === false);
      expect(broken).toContainEqual(
        expect.objectContaining({ of: 'a_orders', conname: 'has a "customer"', comment: "it's \\ checked" }),
      );
      const names = [
        ...[
          'a_child of_child',
          'a_child shared',
          'a_orders has a "customer"',
          'a_parent own',
          'a_parent shared',
        ],
        'a_family shared',
        ...['a_part of_part', 'a_parted of_all', 'a_returns by_operator'],
      ].map((name) => `public.${name}`);
      expect(changes(plan)).toMatchObject([{ what: 'check constraint', level: 'warning' }]);
      expect(changes(plan)[0]?.names.toSorted()).toEqual(names.toSorted());
      expect(output.text).toContain('Changed: check constraint');

      const { verify: verifyAgain } = await bed.restoreForVerification(
        archive,
        await bed.emptyDatabase(server),
      );
      await server.sql('ALTER TABLE a_returns DROP CONSTRAINT by_operator', target.database);
      expect((await userErrorOf(verifyAgain(target.database))).message).toContain(
        'a_returns by_operator is missing',
      );
    });

    it('is all that is put off', async () => {
      const place = await origin(`
      CREATE EXTENSION unaccent;
      CREATE FUNCTION next() RETURNS integer LANGUAGE sql AS 'SELECT 1';
      CREATE TABLE t (id integer DEFAULT next() CHECK (id > 0), a text CHECK (unaccent(a) <> '') CHECK (length(a) > 0));`);
      expect((await bed.plan(await bed.dump(place), await bed.emptyDatabase(server))).deferredChecks).toEqual(
        [],
      );
    });

    it('is restored by the owner of a database, under a search path', async () => {
      const archive = await bed.dump(
        await origin(READS_LATER.replaceAll('FROM public.', 'FROM ')),
        '--no-owner',
      );
      const as = await server.createRole('owner');
      const place = await bed.emptyDatabase(server, as);
      await server.sql(
        'REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO owner',
        place.database,
      );
      const options = { searchPath: ['public'], noOwner: true, confirmDatabase: place.database };
      await (await bed.restoreForVerification(archive, place, options)).verify();
    });

    it('with jobs fails, and says to leave them out; an older server has none', async () => {
      const archive = await bed.dump(await origin(READS_LATER));
      const restored = bed.restore(archive, await bed.emptyDatabase(server), { jobs: 1 });
      if (version === '17') expect((await userErrorOf(restored)).hint).toContain('leave jobs out');
      else expect(changes(await restored)).toEqual([]);
    });
  },
);
