import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readBack } from '../../../src/archive/read-back.ts';
import { expectedContents, planLines } from '../../../src/restore/plan/plan.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { Database } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { describeOmission } from '../../../src/restore/plan/omission.ts';
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
const WITHOUT_RIGHTS = { noOwner: true, noPrivileges: true };

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

describe('a plan without filters', () => {
  it('restores everything but subscriptions into an empty database of a superuser', async () => {
    const place = await emptyDatabase(scene);
    const plan = await bed.restore(archive, place, WITHOUT_RIGHTS);
    const all = await relationsOf({ server: origin, database: 'app' });
    expect(await relationsOf(place)).toEqual(all);
    expect(names(plan.creates)).toHaveLength(all.length);
    expect(plan).toMatchObject({
      replaces: [],
      leavesAlone: [],
      targetWasEmpty: true,
      everything: true,
      isOrigin: false,
      dropScript: '',
      largeObjects: true,
      otherLargeObjects: 0,
      missingTablespaces: [],
    });
    expect(await countsOf(place, 'app.people', 'app.orders', 'app.events', 'pg_publication')).toEqual([
      2, 3, 100, 1,
    ]);
    expect(omission(plan, 'subscription news')?.level).toBe('warning');
    expect(omission(plan, 'policy app.orders mine')?.why).toContain('odd role');
    expect(omission(plan, 'user mapping odd role SERVER nowhere')?.level).toBe('warning');
    expect(plan.omissions).toHaveLength(3);
  });

  it('expects the whole contents of the manifest', async () => {
    const plan = await bed.plan(archive, await emptyDatabase(scene));
    const { manifest } = await readBack({
      archive,
      pgRestore: bed.tools.pgRestore,
      environment: {},
      workFolder: bed.folder,
      signal: new AbortController().signal,
    });
    expect(expectedContents(manifest, plan)).toEqual({
      tables: manifest.tables,
      sequences: manifest.sequences,
      largeObjects: manifest.largeObjects,
    });
  });

  it('leaves out and names what the owner of a database may not create', async () => {
    const place = await emptyDatabase(scene, 'an owner');
    const superfluous = 'DROP FOREIGN TABLE app.remote; DROP FOREIGN DATA WRAPPER nothing CASCADE;';
    await origin.sql(superfluous, await cloneOfOrigin('simple'));
    const simple = await bed.dump({ server: origin, database: 'simple' });
    const plan = await bed.restore(simple, place, WITHOUT_RIGHTS);
    expect(await countsOf(place, 'app.people', 'app.orders', 'app.events')).toEqual([2, 3, 100]);
    const left = plan.omissions.map((item) => `${item.level} ${describeOmission(item)}`);
    expect(left.sort()).toEqual(['warning event trigger watches', 'warning policy app.orders mine']);
  });

  it('describes itself in a few lines', async () => {
    const lines = planLines(await bed.plan(archive, await emptyDatabase(scene), WITHOUT_RIGHTS));
    expect(lines[0]).toMatch(/^Will create \d tables, .*1 view and 1 materialized view$/);
    expect(lines).toContainEqual(expect.stringMatching(/^Will leave out subscription news: /));
    expect(lines).toHaveLength(4);
  });
});

describe('extensions', () => {
  it('that the target has are kept unchanged, with their comments', async () => {
    const place = await emptyDatabase(scene);
    await elsewhere.sql(`CREATE SCHEMA other; CREATE EXTENSION citext SCHEMA other`, 'copy');
    const plan = await bed.restore(archive, place);
    expect(omission(plan, 'extension citext')).toEqual({
      what: 'extension',
      names: ['citext'],
      why: 'the target has it already',
      level: 'info',
    });
    expect(plan.targetWasEmpty).toBe(true);
  });

  it('keep the comment that they come with, or get another if the role owns them (thorough)', async () => {
    const commented = `CREATE SCHEMA other; CREATE EXTENSION citext SCHEMA other;`;
    const comment = async (): Promise<unknown> =>
      elsewhere.query(
        `SELECT obj_description(oid, 'pg_extension') AS text FROM pg_extension WHERE extname = 'citext'`,
        {
          database: 'copy',
        },
      );
    // Created by the restore; there, and the role's; there, and of another.
    await bed.restore(archive, await emptyDatabase(scene, 'an owner'), WITHOUT_RIGHTS);
    expect(await comment()).toEqual([{ text: 'texts' }]);

    const theirs = await emptyDatabase(scene, 'an owner');
    await elsewhere.sql(`SET ROLE owner; ${commented}`, 'copy');
    await bed.restore(archive, theirs, WITHOUT_RIGHTS);
    expect(await comment()).toEqual([{ text: 'texts' }]);

    const others = await emptyDatabase(scene, 'an owner');
    await elsewhere.sql(`${commented} GRANT ALL ON SCHEMA other TO owner`, 'copy');
    const plan = await bed.restore(archive, others, WITHOUT_RIGHTS);
    expect(omission(plan, 'comment on EXTENSION citext')).toMatchObject({
      why: 'owner does not own the extension',
      level: 'info',
    });
    await elsewhere.query(`COMMENT ON EXTENSION citext IS 'texts'`, { database: 'copy' });
    const same = await bed.plan(archive, others, { ...WITHOUT_RIGHTS, clean: true, confirmDatabase: 'copy' });
    expect(omission(same, 'comment on EXTENSION citext')).toBeUndefined();
  });

  it('are restored with a table that needs them, and not with others', async () => {
    const place = await emptyDatabase(scene);
    const extensions = async (): Promise<unknown> =>
      elsewhere.query(`SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'`, { database: 'copy' });
    await bed.restore(archive, place, { filters: { schemas: [], tables: ['app.people'] } });
    expect(await extensions()).toEqual([]);
    await bed.restore(archive, place, {
      filters: { schemas: [], tables: ['app.events'] },
      confirmDatabase: 'copy',
    });
    expect(await extensions()).toEqual([{ extname: 'citext' }]);
  });

  it('keep the rows of their configuration tables', async () => {
    const settings = `
      CREATE EXTENSION citext; CREATE TABLE settings (x int); CREATE SEQUENCE steps; CREATE TABLE mine (x int);
      ALTER EXTENSION citext ADD TABLE settings; ALTER EXTENSION citext ADD SEQUENCE steps;
      UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid, 'steps'::regclass::oid], extcondition = ARRAY['', '']
      WHERE extname = 'citext';
      INSERT INTO settings VALUES (1), (2);`;
    await origin.createDatabase('configured');
    await origin.sql(settings, 'configured');
    const file = await bed.dump({ server: origin, database: 'configured' });
    const place = await emptyDatabase(scene);
    expect([...(await bed.plan(file, place)).copyTargets].sort()).toEqual(['public.mine', 'public.settings']);
    await elsewhere.sql(`${settings} DROP TABLE mine`, 'copy');
    const plan = await bed.restore(file, place);
    expect(omission(plan, 'rows of public.settings')).toMatchObject({ level: 'warning' });
    expect([...plan.copyTargets]).toEqual(['public.mine']);
    expect(await countsOf(place, 'settings')).toEqual([2]);
  });
});

describe('a restore that would fail', () => {
  it('is refused with a clear error: no schema may be created', async () => {
    const place = { ...(await emptyDatabase(scene)), as: scene.owner };
    const error = await userErrorOf(bed.plan(archive, place));
    expect(error.message).toContain(
      'The user owner lacks the privilege to create the schema app in the database "copy"',
    );
  });

  it('is refused with a clear error: nothing may be created in a schema', async () => {
    const file = await bed.dump({ server: origin, database: 'app' }, '--table=public.*');
    const place = { ...(await emptyDatabase(scene)), as: scene.owner };
    const error = await userErrorOf(bed.plan(file, place));
    expect(error.message).toContain('lacks the CREATE privilege on the schema public');
  });

  it('is refused with a clear error: rows without a table', async () => {
    const file = await bed.dump({ server: origin, database: 'app' }, '--data-only', '--table=app.people');
    const error = await userErrorOf(bed.plan(file, await emptyDatabase(scene)));
    expect(error.message).toContain('app.people');
    expect(error.hint).toContain('--data-only');
  });

  it('names rows that cannot be compared', async () => {
    const file = await bed.dump({ server: origin, database: 'app' }, '--inserts', '--table=app.people');
    const plan = await bed.plan(file, await emptyDatabase(scene));
    expect(omission(plan, 'from the verification the rows of app.people')?.level).toBe('warning');
    expect(plan.copyTargets.size).toBe(0);
  });

  it('does not use tablespaces that the server lacks', async () => {
    await origin.query(`CREATE TABLESPACE "fast disk" LOCATION ''`);
    await origin.createDatabase('spacious');
    await origin.sql('CREATE TABLE t (x int PRIMARY KEY) TABLESPACE "fast disk"', 'spacious');
    const file = await bed.dump({ server: origin, database: 'spacious' });
    const plan = await bed.restore(file, await emptyDatabase(scene));
    expect(plan.missingTablespaces).toEqual(['fast disk']);
    expect(omission(plan, 'tablespace fast disk')?.level).toBe('info');
  });
});

/** Another database like the origin's, on the same server. @returns its name. */
async function cloneOfOrigin(name: string): Promise<string> {
  await origin.query(`CREATE DATABASE ${name} TEMPLATE app`);
  return name;
}
