import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identityOf } from '../../../src/archive/toc/identity.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { isRelation } from '../../../src/archive/toc/toc-index.ts';
import { UserError } from '../../../src/errors.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { describeDatabase, fillDifficult } from '../../support/difficult-schema.ts';
import { PlanBed } from './plan-bed.ts';

captureOutput();

let bed: PlanBed;
let origin: Database;
let elsewhere: Database;
let owner: { user: string; password: string };
/** Archives of a database with all that makes restores fail, and of one without what only superusers may do. */
let archive: string;
let modest: string;

beforeAll(async () => {
  bed = await PlanBed.make();
  [origin, elsewhere] = await Promise.all([startDatabase(), startDatabase()]);
  await origin.createDatabase('difficult');
  await fillDifficult(origin, { database: 'difficult' });
  archive = await bed.dump({ server: origin, database: 'difficult' });
  await origin.createDatabase('modest');
  await fillDifficult(origin, { database: 'modest', privileged: false });
  modest = await bed.dump({ server: origin, database: 'modest' });
  owner = await elsewhere.createRole('owner');
});

afterAll(async () => {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
});

/** What is in a database, without the subscription, which is always left out. */
async function described(server: Database, database: string): Promise<string> {
  const text = await describeDatabase(server, database, { without: ['subscriptions'] });
  return text.replaceAll(/^subscription .*\n/gm, '');
}

describe('a plan for the difficult database', () => {
  it('identifies every object by the name that the archive gives it', async () => {
    const { entries } = await tocOf(archive);
    const { identities } = await bed.examine({ server: origin, database: 'difficult' });
    for (const entry of entries) {
      const identity = identityOf(entry);
      if (identity !== undefined) expect(identities).toContain(identity);
    }
  });

  it('can be restored by a superuser', async () => {
    const place = await bed.emptyDatabase(elsewhere);
    const plan = await bed.restore(archive, place);
    expect((await bed.examine(place)).relations).toHaveLength(plan.creates.length);
  });

  it('can be restored by a superuser on a server with the roles, with owners and privileges', async () => {
    await origin.createDatabase('copy');
    const options = { noOwner: false, noPrivileges: false };
    await bed.restore(archive, { server: origin, database: 'copy' }, options);
    expect(await described(origin, 'copy')).toBe(await described(origin, 'difficult'));
    const again = { ...options, clean: true, confirmDatabase: 'copy' };
    const { omissions } = await bed.plan(archive, { server: origin, database: 'copy' }, again);
    expect(omissions.filter(({ dropped }) => dropped)).toEqual([]);
  });

  it('can be restored by a superuser without the roles, with privileges (thorough)', async () => {
    const plan = await bed.restore(archive, await bed.emptyDatabase(elsewhere), { noPrivileges: false });
    expect(
      plan.omissions.filter(({ why }) => why.includes('not exist on the server')).length,
    ).toBeGreaterThan(5);
  });

  it('can be restored by the owner of a database', async () => {
    const plan = await bed.restore(modest, await bed.emptyDatabase(elsewhere, owner), {
      noPrivileges: false,
    });
    expect(plan.omissions).toContainEqual(
      expect.objectContaining({
        what: 'event trigger',
        names: ['sleeping', 'writes "it" down'],
        level: 'warning',
      }),
    );
  });

  it('can replace everything that it restored', async () => {
    const place = await bed.emptyDatabase(elsewhere, owner);
    await bed.restore(modest, place);
    const plan = await bed.restore(modest, place, { clean: true, confirmDatabase: place.database });
    expect(plan.creates).toEqual([]);
    expect(plan.omissions.filter(({ dropped }) => dropped)).toEqual([]);
    const once = await bed.emptyDatabase(elsewhere, owner);
    await bed.restore(modest, once);
    expect(await described(elsewhere, place.database)).toBe(await described(elsewhere, once.database));
  });

  it('can be restored relation by relation, or says what is missing (thorough)', async () => {
    const place = await bed.emptyDatabase(elsewhere, owner);
    const { entries } = await tocOf(modest);
    const refused: string[] = [];
    for (const { schema, tag } of entries.filter(isRelation)) {
      await elsewhere.query(`DROP DATABASE "${place.database}"`);
      await elsewhere.createDatabase(place.database, { owner: owner.user });
      const quoted = [schema, tag].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
      try {
        await bed.restore(modest, place, { filters: { schemas: [], tables: [quoted] } });
      } catch (error) {
        if (!(error instanceof UserError)) throw new Error(`${quoted}: ${String(error)}`, { cause: error });
        refused.push(error.message);
      }
    }
    expect(refused.length).toBeGreaterThan(3);
    for (const message of refused) expect(message).toMatch(/which is (?:neither selected nor|not selected)/);
  }, 300_000);
});
