import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { captureOutput } from '../../support/captured-output.ts';
import type { Database } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import type { PlanBed } from './plan-bed.ts';
import {
  type PlanScene,
  clearScene,
  countsOf,
  emptyDatabase,
  names,
  omission,
  relationsOf,
  setScene,
} from './plan-scene.ts';

captureOutput();

let scene: PlanScene;
let bed: PlanBed;
let origin: Database;
let elsewhere: Database;
let archive: string;

beforeAll(async () => {
  scene = await setScene();
  ({ bed, origin, elsewhere, archive } = scene);
});

afterAll(() => clearScene(scene));

const chosen = (...tables: string[]) => ({ filters: { schemas: [], tables } });
const chosenSchemas = (...schemas: string[]) => ({ filters: { schemas, tables: [] } });

describe('the tables filter', () => {
  it('selects tables with what belongs to them and what they need, and nothing else', async () => {
    const place = await emptyDatabase(scene);
    const plan = await bed.restore(archive, place, chosen('app.orders', 'app.people'));
    expect(await relationsOf(place)).toEqual([
      'app.orders',
      'app.orders_id_seq',
      'app.people',
      'app.people_id_seq',
      'other.numbers',
    ]);
    expect(names(plan.creates)).toEqual(await relationsOf(place));
    const [row] = await elsewhere.query(
      `SELECT (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal) AS triggers, (SELECT count(*) FROM pg_policy) AS policies,
              (SELECT count(*) FROM pg_constraint WHERE contype = 'f') AS keys, (SELECT count(*) FROM pg_statistic_ext) AS statistics,
              (SELECT count(*) FROM pg_rules WHERE schemaname = 'app') AS rules, (SELECT last_value FROM app.people_id_seq) AS value,
              col_description('app.people'::regclass, 2) AS comment`,
      { database: 'copy' },
    );
    expect(row).toEqual({
      triggers: '1',
      policies: '1',
      keys: '2',
      statistics: '1',
      rules: '1',
      value: '2',
      comment: 'how',
    });
    expect([...plan.copyTargets].sort()).toEqual(['app.orders', 'app.people']);
    expect([...plan.sequences].sort()).toEqual(['app.orders_id_seq', 'app.people_id_seq', 'other.numbers']);
    expect(plan).toMatchObject({ largeObjects: false, everything: false });
    expect(omission(plan, 'large objects')?.why).toContain('not restored');
  });

  it('leaves out a foreign key to a table that is not chosen, and names it', async () => {
    const place = await emptyDatabase(scene);
    await elsewhere.sql('CREATE SCHEMA app; CREATE TABLE app.people (id int PRIMARY KEY)', 'copy');
    const plan = await bed.restore(archive, place, { ...chosen('app.orders'), confirmDatabase: 'copy' });
    expect(omission(plan, 'foreign key app.orders orders_person_fkey')?.why).toContain('app.people');
    expect(names(plan.leavesAlone)).toEqual(['app.people']);
    const keys = await elsewhere.query(`SELECT conname FROM pg_constraint WHERE contype = 'f'`, {
      database: 'copy',
    });
    expect(keys).toEqual([{ conname: 'orders_parent_fkey' }]);
  });

  it('selects a partitioned table with its partitions of every level and schema', async () => {
    const place = await emptyDatabase(scene);
    await bed.restore(archive, place, chosen('app.events'));
    expect(await countsOf(place, 'app.events', 'other.events_2025', 'other."events 2025, rest"')).toEqual([
      100, 100, 100,
    ]);
    const [row] = await elsewhere.query('SELECT count(*) FROM pg_inherits', { database: 'copy' });
    expect(row).toEqual({ count: '6' });
  });

  it('restores a partition alone as an ordinary table', async () => {
    const place = await emptyDatabase(scene);
    const plan = await bed.restore(archive, place, chosen('other."events 2025, rest"'));
    expect(await relationsOf(place)).toEqual(['other.events 2025, rest']);
    expect(omission(plan, 'partition attachment of')?.why).toContain('other.events_2025');
  });

  it('refuses partitions without their table when the archive has the rows under the table', async () => {
    const file = await bed.dump({ server: origin, database: 'app' }, '--load-via-partition-root');
    const place = await emptyDatabase(scene);
    const error = await userErrorOf(bed.plan(file, place, chosen('other."events 2025, rest"')));
    expect(error.message).toContain('app.events');
    const plan = await bed.restore(file, place, chosen('app.events'));
    expect([...plan.copyTargets]).toEqual(['app.events']);
    expect(await countsOf(place, 'app.events')).toEqual([100]);
  });

  it('selects views, and names a relation that a view needs', async () => {
    const place = await emptyDatabase(scene);
    const error = await userErrorOf(bed.plan(archive, place, chosen('other.kept')));
    expect(error.message).toContain('other.kept');
    expect(error.message).toContain('other.totals');
    const without = await userErrorOf(bed.plan(archive, place, chosen('other.kept', 'other.totals')));
    expect(without.message).toContain('The view other.totals needs the table app.people');
    await bed.restore(archive, place, chosen('other.kept', 'other.totals', 'app.people'));
    expect(await countsOf(place, 'other.kept', 'other.totals')).toEqual([2, 2]);
  });

  it('names the parent that a child table needs', async () => {
    const error = await userErrorOf(bed.plan(archive, await emptyDatabase(scene), chosen('app.child')));
    expect(error.message).toContain('The table app.child needs the table app.people');
  });

  it('selects the server of a foreign table', async () => {
    const place = await emptyDatabase(scene);
    await bed.restore(archive, place, chosen('app.remote'));
    const mappings = await elsewhere.query('SELECT usename FROM pg_user_mappings', { database: 'copy' });
    expect(mappings).toEqual([{ usename: 'public' }]);
  });

  it('keeps needed objects that the target has', async () => {
    const place = await emptyDatabase(scene);
    await elsewhere.sql(
      `CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'new');
       CREATE SCHEMA other; CREATE DOMAIN other.positive AS int`,
      'copy',
    );
    const plan = await bed.restore(archive, place, { ...chosen('app.people'), confirmDatabase: 'copy' });
    expect(plan.replacesOthers).toEqual([]);
    const [row] = await elsewhere.query('SELECT count(*) FROM pg_enum', { database: 'copy' });
    expect(row).toEqual({ count: '3' });
  });

  it('finds tables by patterns and by unusual names', async () => {
    const place = await emptyDatabase(scene);
    const plan = await bed.restore(archive, place, chosen('APP.P*', '"o\'dd ""😀"" (x)\n;"'));
    expect(names(plan.creates)).toEqual(['app.people', 'app.people_id_seq', 'public.o\'dd "😀" (x) ;']);
  });

  it.each([
    ['ordres', 'tables: nothing in the backup matches "ordres"'],
    ['app.people\n::error::x', 'matches "app.people ::error::x"'],
    ['(', 'is not a valid pattern'],
  ])('names a pattern that matches nothing: %j', async (pattern, words) => {
    const error = await userErrorOf(bed.plan(archive, await emptyDatabase(scene), chosen(pattern)));
    expect(error.message).toContain(words);
  });

  it('reads a name without a schema as one of public, and the error says so', async () => {
    const error = await userErrorOf(bed.plan(archive, await emptyDatabase(scene), chosen('people')));
    expect(error.hint).toContain('did you mean app.people?');
  });
});

describe('the schemas filter', () => {
  it('selects schemas with their functions and types, and with what they need of others', async () => {
    const place = await emptyDatabase(scene);
    const plan = await bed.restore(archive, place, { ...chosenSchemas('app'), noPrivileges: false });
    const routines = await elsewhere.query(
      `SELECT string_agg(n.nspname || '.' || proname, ' ' ORDER BY n.nspname, proname) AS names FROM pg_proc p
       JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname IN ('app', 'other')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype IN ('e', 'i'))`,
      { database: 'copy' },
    );
    expect(routines).toEqual([
      {
        names:
          'app.as_number app.is_equal app.many app.on_ddl app.paint app.total app.work other.next_number other.stamp',
      },
    ]);
    expect(names(plan.creates)).toContain('other.events 2025, rest');
    expect(names(plan.creates)).not.toContain('other.totals');
    expect(omission(plan, 'default privileges of reader')).toBeDefined();
  });

  it('names a schema pattern that matches nothing', async () => {
    const error = await userErrorOf(bed.plan(archive, await emptyDatabase(scene), chosenSchemas('apps')));
    expect(error.message).toContain('schemas: nothing in the backup matches "apps"');
  });

  it('selects public, which the archive does not create', async () => {
    const place = await emptyDatabase(scene);
    await bed.restore(archive, place, chosenSchemas('pub*'));
    expect(await relationsOf(place)).toHaveLength(1);
  });

  it('leaves out CREATE SCHEMA public where the schema exists', async () => {
    const place = await emptyDatabase(scene, 'an owner');
    const file = await bed.dump({ server: origin, database: 'app' }, '--schema=public');
    const plan = await bed.restore(file, place);
    expect(omission(plan, 'schema public')).toMatchObject({ level: 'info' });
  });
});
