import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { definitionsOf } from '../../../src/archive/toc/definitions.ts';
import type { RestorePlan } from '../../../src/restore/plan/plan.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { hasOldest } from '../../support/database-programs.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { PlanBed, type Place } from './plan-bed.ts';
import { omissionsOf } from './plan-scene.ts';

const SETTINGS = `
  ALTER DATABASE "the shop" SET work_mem = '5MB'; ALTER DATABASE "the shop" SET search_path = "App", public;
  ALTER DATABASE "the shop" SET "app.secret" = 'hunter2 \\\\ it''s'; ALTER DATABASE "the shop" SET log_min_duration_statement = 5;
  ALTER DATABASE "the shop" SET "TimeZone" = 'Asia/Tokyo'; ALTER ROLE app IN DATABASE "the shop" SET work_mem = '6MB';
  ALTER DATABASE "the shop" CONNECTION LIMIT 50; COMMENT ON DATABASE "the shop" IS 'orders; and "more"';
  REVOKE CONNECT ON DATABASE "the shop" FROM PUBLIC; GRANT CREATE ON DATABASE "the shop" TO lib WITH GRANT OPTION;
  SET ROLE lib; GRANT CREATE ON DATABASE "the shop" TO app; RESET ROLE; ALTER DATABASE "the shop" OWNER TO boss;`;

captureOutput();

let bed: PlanBed;
let server: Database;
let archive: string;

beforeAll(async () => {
  [bed, server] = await Promise.all([PlanBed.make(), startDatabase()]);
  await prepare(server);
  archive = await bed.dump({ server, database: 'the shop' });
});

afterAll(async () => {
  await server.stop();
  await bed.remove();
});

async function prepare(on: Database): Promise<void> {
  await on.sql('CREATE ROLE boss; CREATE ROLE app; CREATE ROLE lib');
  await on.createDatabase('the shop');
  await on.sql('CREATE TABLE t (id int); INSERT INTO t VALUES (1)', 'the shop');
  await on.sql(SETTINGS);
}

async function databaseDefinitions(place: Place): Promise<unknown> {
  const { entries } = await tocOf(await bed.dump(place));
  return definitionsOf(entries).filter(({ name }) => name === 'DATABASE');
}

/** The statements that a plan offers. */
function statementsOf({ omissions }: RestorePlan): readonly string[] {
  return omissions.flatMap(({ statements = [] }) => statements);
}

describe('the database itself (thorough)', () => {
  it('is set under its own name with database-settings: true, and has the same definitions then', async () => {
    const place = await bed.emptyDatabase(server);
    const { plan, verify } = await bed.restoreForVerification(archive, place, { databaseSettings: true });
    expect(omissionsOf(plan)).toEqual([]);
    expect(await databaseDefinitions(place)).toEqual(
      await databaseDefinitions({ server, database: 'the shop' }),
    );
    await verify();
    const again = await bed.restoreForVerification(archive, place, {
      ...{ databaseSettings: true, clean: true, confirmDatabase: place.database },
    });
    expect(again.plan.database).toEqual([]);

    await server.query(`ALTER DATABASE "${place.database}" RESET work_mem`);
    await server.query(`GRANT CONNECT ON DATABASE "${place.database}" TO PUBLIC`);
    const error = await userErrorOf(verify());
    expect(error.message).toContain('setting of the database work_mem is not as in the backup');
    expect(error.message).toContain('privileges on the database of PUBLIC is not as in the backup');
  });

  it.each([{ jobs: 2 }, { role: 'postgres' }])('is set with %o', async (options) => {
    const place = await bed.emptyDatabase(server);
    const { plan, verify } = await bed.restoreForVerification(archive, place, {
      ...{ databaseSettings: true, ...options },
    });
    expect(omissionsOf(plan)).toEqual([]);
    expect(await databaseDefinitions(place)).toEqual(
      await databaseDefinitions({ server, database: 'the shop' }),
    );
    await verify();
  });

  it('is left out otherwise, with statements that set it, and without values that may be secrets', async () => {
    const place = await bed.emptyDatabase(server);
    const { plan } = await bed.restoreForVerification(archive, place);
    const name = `"${place.database}"`;
    const why = 'database-settings is false';
    expect(omissionsOf(plan)).toEqual([
      `info comment on the database ${place.database}: ${why}`,
      `info connection limit of the database 50: ${why}`,
      `warning setting of the database work_mem, search_path, app.secret, log_min_duration_statement, TimeZone, work_mem of app: ${why}`,
      `warning privileges on the database of PUBLIC, lib, app: ${why}`,
      `info owner of the database boss: ${why}`,
    ]);
    const statements = statementsOf(plan);
    expect(statements).toContain(`ALTER DATABASE ${name} SET "app.secret" TO '…';`);
    expect(statements.join()).not.toContain('hunter2');
    await server.sql(statements.filter((sql) => !sql.includes('…')).join('\n'));
    await server.query(`ALTER DATABASE ${name} SET "app.secret" = 'hunter2 \\\\ it''s'`);
    const after = await bed.restoreForVerification(archive, place, {
      ...{ clean: true, confirmDatabase: place.database },
    });
    expect(omissionsOf(after.plan)).toEqual([]);
  });

  it('is set by a role as far as the server lets it, and the rest is named', async () => {
    const as = await server.createRole('keeper');
    const place = await bed.emptyDatabase(server, as);
    const { plan, verify } = await bed.restoreForVerification(archive, place, {
      ...{ databaseSettings: true, noOwner: true },
    });
    expect(omissionsOf(plan).filter((line) => line.includes('database'))).toEqual([
      'warning setting of the database app.secret, log_min_duration_statement, work_mem of app: keeper may not set it',
      'warning privileges on the database of app: keeper may not set it',
    ]);
    const set = await server.query(
      `SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = $1`,
      { values: [place.database] },
    );
    expect(set).toEqual([
      { setconfig: '{work_mem=5MB,"search_path=\\"App\\", public",TimeZone=Asia/Tokyo}' },
    ]);
    await verify();
  });

  it('is left out where it would lock everybody out, needs another place, or a role that does not exist', async () => {
    const elsewhere = await startDatabase({ settings: ['allow_in_place_tablespaces = on'] });
    try {
      await elsewhere.query(`CREATE TABLESPACE fast LOCATION ''`);
      await elsewhere.query('CREATE ROLE gone');
      await elsewhere.query(
        'CREATE DATABASE odd TABLESPACE fast OWNER gone IS_TEMPLATE true CONNECTION LIMIT 3',
      );
      await elsewhere.query(`ALTER DATABASE odd SET session_preload_libraries = 'auto_explain'`);
      await elsewhere.query('ALTER ROLE gone IN DATABASE odd SET work_mem = 64');
      const file = await bed.dump({ server: elsewhere, database: 'odd' });
      const as = await server.createRole('careful');
      const place = await bed.emptyDatabase(server, as);
      const { plan, verify } = await bed.restoreForVerification(file, place, { databaseSettings: true });
      expect(omissionsOf(plan).filter((line) => line.includes('database'))).toEqual([
        'info connection limit of the database 3: with fewer than 10 connections the restore could not be verified: set it yourself',
        `info template mark of the database ${place.database}: every role with CREATEDB could copy the database: set it yourself`,
        'warning setting of the database session_preload_libraries: if the server lacks the library, nobody can connect any more: set it yourself',
        'warning setting of the database work_mem of gone: the role gone does not exist on the server',
        'info tablespace of the database fast: a database cannot be moved while it is in use: move it yourself',
        'info owner of the database gone: the role does not exist on the server',
      ]);
      await verify();
    } finally {
      await elsewhere.stop();
    }
  });

  (hasOldest ? it : it.skip)('is set on PostgreSQL 13, but for what that does not know', async () => {
    const oldest = await startDatabase({ version: '13' });
    try {
      await oldest.sql('CREATE ROLE boss; CREATE ROLE app; CREATE ROLE lib');
      await server.query(`ALTER DATABASE "the shop" SET idle_session_timeout = '1h'`);
      const file = await bed.dump({ server, database: 'the shop' });
      await server.query('ALTER DATABASE "the shop" RESET idle_session_timeout');
      const place = await bed.emptyDatabase(oldest);
      const { plan, verify } = await bed.restoreForVerification(file, place, { databaseSettings: true });
      expect(omissionsOf(plan).filter((line) => line.includes('database'))).toEqual([
        'warning setting of the database idle_session_timeout: PostgreSQL 13 does not know it',
      ]);
      expect(plan.database).toHaveLength(13);
      await verify();
    } finally {
      await oldest.stop();
    }
  });

  it('is named where the target sorts text in another way', async () => {
    const place = { server, database: 'target in C' };
    await server.query(
      `CREATE DATABASE "${place.database}" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'sv' LOCALE 'C'`,
    );
    const { plan } = await bed.restoreForVerification(archive, place, { databaseSettings: true });
    expect(omissionsOf(plan)).toEqual([
      expect.stringMatching(
        /^warning locale of the database \S+ \(libc\): the target has sv \(icu\), so it may sort and compare text in another way; only/,
      ),
    ]);
    const again = await bed.dump(place);
    const back = await bed.restoreForVerification(again, await bed.emptyDatabase(server));
    expect(omissionsOf(back.plan)).toContainEqual(
      expect.stringMatching(/^warning locale of the database sv \(icu\): the target has \S+ \(libc\)/),
    );
  });

  it('is nobody’s business in a test restore, and in a restore of some tables', async () => {
    const place = await bed.emptyDatabase(server);
    for (const options of [
      { forTest: true },
      { filters: { schemas: [], tables: ['t'] }, clean: true, confirmDatabase: place.database },
    ]) {
      const { plan } = await bed.restoreForVerification(archive, place, options);
      expect(omissionsOf(plan)).toEqual([]);
    }
  });
});
