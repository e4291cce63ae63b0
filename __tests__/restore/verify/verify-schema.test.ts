import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RestoreOptions } from '../../../src/restore/plan/plan-request.ts';
import type { SchemaVerification } from '../../../src/restore/verify/verify-schema.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { CHANGES, REWRITTEN, SHOP } from './changed-shop.ts';
import { PlanBed, type Place, type Restored } from '../plan/plan-bed.ts';

captureOutput();

let bed: PlanBed;
let server: Database;
let other: Database;
let archive: string;
let whole: Restored;
let places = 0;

beforeAll(async () => {
  bed = await PlanBed.make();
  [server, other] = await Promise.all([startDatabase(), startDatabase({ version: '16' })]);
  for (const role of ['boss', 'app', 'reader']) await server.query(`CREATE ROLE ${role}`);
  await server.createDatabase('shop');
  await server.sql(SHOP, 'shop');
  archive = await bed.dump({ server, database: 'shop' });
  await server.createDatabase('whole');
  whole = await bed.restoreForVerification(archive, { server, database: 'whole' });
});

afterAll(async () => {
  await Promise.all([server.stop(), other.stop()]);
  await bed.remove();
});

async function emptyDatabase(at: Database, as?: Place['as']): Promise<Place> {
  places += 1;
  const database = `place_${places}`;
  await at.createDatabase(database, as ? { owner: as.user } : {});
  return { server: at, database, ...(as ? { as } : {}) };
}

const COMPARED = { definitions: 17, owners: 11, privileges: 13, notCompared: [] };

/** They are much alike: each day a third of them does. */
function isEveryday(_change: unknown, at: number): boolean {
  return at % 3 === 0;
}

async function expectDifference(_what: string, sql: string, difference: string): Promise<void> {
  places += 1;
  const database = `changed_${places}`;
  await server.query(`CREATE DATABASE ${database} TEMPLATE whole`);
  await server.sql(sql, database);
  expect((await userErrorOf(whole.verify(database))).message).toBe(
    `The restored database differs from the backup: ${difference}.`,
  );
}

describe('the verification of definitions, owners and privileges (thorough)', () => {
  it('succeeds and counts what was compared', async () => {
    expect(await whole.verify()).toEqual(COMPARED);
  });

  it.each(CHANGES.filter(isEveryday))('reports the difference: %s', expectDifference);

  it.each(CHANGES.filter((change, at) => !isEveryday(change, at)))(
    'reports the difference: %s (thorough)',
    expectDifference,
  );

  it.each<[string, Partial<RestoreOptions>, Partial<SchemaVerification>]>([
    ['over several connections', { jobs: 2 }, {}],
    ['with everything for the restoring role', { noOwner: true }, {}],
    [
      'without privileges',
      { noPrivileges: true },
      { privileges: 0, notCompared: ['privileges (none were restored)'] },
    ],
  ])('accepts what the plan has said: %s', async (__, options, changes) => {
    const place = await emptyDatabase(server);
    const { verify } = await bed.restoreForVerification(archive, place, options);
    expect(await verify()).toEqual({ ...COMPARED, ...changes });
  });

  it('accepts what PostgreSQL writes in other words once it is restored', async () => {
    await server.createDatabase('rewritten');
    await server.sql(REWRITTEN, 'rewritten');
    const rewritten = await bed.dump({ server, database: 'rewritten' });
    const place = await emptyDatabase(server);
    const { verify } = await bed.restoreForVerification(rewritten, place);
    expect(await verify()).toEqual({ definitions: 14, owners: 8, privileges: 0, notCompared: [] });
    await server.sql(`ALTER POLICY p ON t USING (s IN ('a', 'c'))`, place.database);
    expect((await userErrorOf(verify())).message).toContain('the policy public.t p has another definition');
  });

  it('accepts what an older server makes of it, and compares definitions all the same', async () => {
    for (const role of ['boss', 'app', 'reader']) await other.query(`CREATE ROLE ${role}`);
    await server.createDatabase('maintained');
    await server.sql(
      `CREATE TABLE t (id int); GRANT MAINTAIN, SELECT ON t TO app; GRANT MAINTAIN ON t TO reader`,
      'maintained',
    );
    const maintained = await bed.dump({ server, database: 'maintained' });
    const { plan, verify } = await bed.restoreForVerification(maintained, await emptyDatabase(other));
    const why =
      'PostgreSQL 16 does not have the privilege MAINTAIN: there, only the owner can run VACUUM, ANALYZE, REINDEX and the like (on 1 table)';
    expect(plan.omissions).toEqual(
      ['app', 'reader'].map((role) => ({ what: 'privileges of', names: [role], why, level: 'info' })),
    );
    expect(await verify()).toEqual({ definitions: 1, owners: 1, privileges: 1, notCompared: [] });
    const shop = await bed.restoreForVerification(archive, await emptyDatabase(other));
    expect(await shop.verify()).toEqual({ ...COMPARED, privileges: 12 });
  });

  it('accepts what the owner of a database may not give, and what the server has no roles for', async () => {
    const bare = await startDatabase();
    try {
      const as = await bare.createRole('tenant');
      await bare.query('CREATE ROLE app');
      const place = await emptyDatabase(bare, as);
      const plain = await bed.dump({ server, database: 'shop' }, '--schema=shop');
      const { verify } = await bed.restoreForVerification(plain, place);
      expect(await verify()).toEqual({ definitions: 15, owners: 7, privileges: 7, notCompared: [] });
    } finally {
      await bare.stop();
    }
  });

  it('looks at nothing but what was restored', async () => {
    const place = await emptyDatabase(server, await server.createRole('guest'));
    await server.sql(
      `CREATE SCHEMA shop; CREATE TABLE public.hidden (); GRANT USAGE, CREATE ON SCHEMA shop TO guest`,
      place.database,
    );
    const options = { filters: { schemas: [], tables: ['shop.lines'] }, confirmDatabase: place.database };
    const { verify } = await bed.restoreForVerification(archive, place, options);
    expect(await verify()).toEqual({ definitions: 5, owners: 2, privileges: 1, notCompared: [] });
  });

  it("takes back what the target's default privileges have given", async () => {
    const place = await emptyDatabase(server);
    await server.sql(
      'ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO reader; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC',
      place.database,
    );
    const { verify } = await bed.restoreForVerification(archive, place);
    expect(await verify()).toEqual(COMPARED);
  });
});

describe('a backup of another minor version', () => {
  let ofOther: Restored;

  beforeAll(async () => {
    const file = await readFile(archive);
    // The first version in the header is the server's.
    const [version = '', minor = ''] = /17\.(\d)/.exec(file.toString('latin1', 0, 200)) ?? [];
    file.write(minor === '9' ? '8' : '9', file.indexOf(version) + version.length - 1);
    const other17 = bed.newFile('bak');
    await writeFile(other17, file);
    await server.createDatabase('of_other');
    ofOther = await bed.restoreForVerification(other17, { server, database: 'of_other' });
  });

  it('is verified if the texts of all definitions are the same', async () => {
    expect(await ofOther.verify()).toEqual(COMPARED);
  });

  it('is not verified if a text differs, and it is not said that the database does', async () => {
    await server.query('CREATE DATABASE other_text TEMPLATE of_other');
    await server.sql(
      'CREATE OR REPLACE VIEW shop.notes AS SELECT note FROM shop.orders WHERE true',
      'other_text',
    );
    const error = await userErrorOf(ofOther.verify('other_text'));
    expect(error.code).toBe('verification-failed');
    expect(error.message).toBe(
      'It could not be verified that these definitions are those of the backup: the view shop.notes has a definition of another text. No other difference was found.',
    );
    expect(error.hint).toMatch(
      /^The backup is of PostgreSQL 17\.\d+ and pg_dump 17\.\d+, and the target of PostgreSQL 17\.\d+ and pg_dump 17\.\d+: minor versions can format the same definition differently\./,
    );
  });

  it('differs if more than a text does', async () => {
    await server.query('CREATE DATABASE other_more TEMPLATE of_other');
    await server.sql(
      'CREATE OR REPLACE VIEW shop.notes AS SELECT note FROM shop.orders WHERE true; CREATE INDEX surplus ON shop.orders (id)',
      'other_more',
    );
    const error = await userErrorOf(ofOther.verify('other_more'));
    expect(error.message).toContain(
      'The restored database differs from the backup: the index shop.surplus is not in the backup',
    );
    expect(error.hint).toContain('minor versions can format');
  });
});
