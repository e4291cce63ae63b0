import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GENERATED_NOT_COMPARED } from '../../../src/restore/verify/compare-generated.ts';
import { messageOf } from '../../../src/errors.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { circlesSql } from '../../support/difficult-schema/circles.ts';
import { describeDatabase } from '../../support/difficult-schema.ts';
import { PlanBed, type Place } from './plan-bed.ts';

captureOutput();

describe('objects that need each other (thorough)', () => {
  let bed: PlanBed;
  let server: Database;
  beforeAll(async () => {
    [bed, server] = await Promise.all([
      PlanBed.make(),
      startDatabase({ settings: ['wal_level = logical', 'fsync = off'] }),
    ]);
  });
  afterAll(async () => {
    await server.stop();
    await bed.remove();
  });

  async function made(database: string, script: string): Promise<Place> {
    await server.createDatabase(database);
    await server.sql(script, database);
    return { server, database };
  }

  /** What a replacement of a database by its own backup fails with, after which it is as it was. */
  async function refusal(place: Place, archive: string): Promise<string> {
    const { database } = place;
    const before = await describeDatabase(server, database);
    const failure: unknown = await bed
      .restore(archive, place, { clean: true, confirmDatabase: database })
      .catch((error: unknown) => error);
    expect(await describeDatabase(server, database)).toBe(before);
    return messageOf(failure);
  }

  it.each([undefined, 3])('are replaced in place, and nothing is lost (jobs: %s)', async (jobs) => {
    const database = `circles ${String(jobs)}`;
    const place = await made(database, circlesSql({ privileged: true }));
    const before = await describeDatabase(server, database);
    const archive = await bed.dump(place);
    const options = { clean: true, confirmDatabase: database, jobs };
    const { plan, verify } = await bed.restoreForVerification(archive, place, options);
    expect((await verify()).notCompared).toEqual([GENERATED_NOT_COMPARED]);
    expect(await describeDatabase(server, database)).toBe(before);
    expect(plan.omissions.filter(({ level }) => level === 'warning')).toEqual([]);
  });

  it('stay as they are when something that is not in the backup needs one of them, which is named', async () => {
    const place = await made(
      'outside',
      `CREATE TABLE s (a int); CREATE VIEW v AS SELECT a FROM s; CREATE POLICY p ON s USING (a IN (SELECT a FROM v));`,
    );
    const archive = await bed.dump(place);
    await server.sql('CREATE VIEW mine AS SELECT a FROM v', 'outside');
    expect(await refusal(place, archive)).toContain(
      'The view public.v cannot be replaced: the view public.mine, which is not in the backup, depends on it.',
    );
  });

  it('of a type that is read by functions of its own stay when a column needs it that is not in the backup', async () => {
    const place = await made('typed', circlesSql({ privileged: true }));
    const archive = await bed.dump(place);
    await server.sql('CREATE TABLE mine (id int, name read_by_own_functions.word)', 'typed');
    expect(await refusal(place, archive)).toContain(
      'The type read_by_own_functions.word cannot be replaced: the column name of table public.mine, which is not in the backup, depends on it.',
    );
  });

  it('are found in the parts of partitions and of domains that the backup does not contain', async () => {
    const place = await made(
      'parts',
      `CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE VIEW v AS SELECT id FROM p;
       CREATE DOMAIN d AS int; CREATE FUNCTION ok(d) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';`,
    );
    const archive = await bed.dump(place);
    await server.sql(
      `CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE RULE r AS ON DELETE TO p1 DO ALSO SELECT * FROM v;
       ALTER DOMAIN d ADD CONSTRAINT checked CHECK (ok(VALUE));`,
      'parts',
    );
    const plan = await bed.restore(archive, place, { clean: true, confirmDatabase: 'parts' });
    const dropped = plan.omissions.filter((omission) => omission.dropped === true);
    expect(dropped.map(({ what, names }) => `${what} ${names.join(', ')}`).toSorted()).toEqual([
      'constraint public.d checked',
      'table public.p1',
    ]);
  });

  it('are not seen by event triggers of the backup while they are restored, also with privileges', async () => {
    const place = await made(
      'watched',
      `CREATE ROLE reader; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader; CREATE TABLE log (what text);
       CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (TG_TAG); END $$;
       CREATE MATERIALIZED VIEW m AS SELECT 1; REVOKE ALL ON log FROM reader;
       CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION note(); COMMENT ON EVENT TRIGGER e IS 'notes';`,
    );
    const archive = await bed.dump(place);
    const { plan, verify } = await bed.restoreForVerification(archive, place, {
      clean: true,
      confirmDatabase: 'watched',
    });
    expect(plan.rights.last.join('\n')).toMatch(/REFRESH MATERIALIZED VIEW [^]*CREATE EVENT TRIGGER/);
    expect((await verify()).notCompared).toEqual([]);
    expect(await server.query('SELECT * FROM log', { database: 'watched' })).toEqual([]);
  });
});
