import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nameKey } from '../../../src/archive/names.ts';
import { identityOf, largeObjectsOf } from '../../../src/archive/toc/identity.ts';
import type { TocEntry } from '../../../src/archive/toc/table-of-contents.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { isRelation } from '../../../src/archive/toc/toc-index.ts';
import { type TargetFacts, examineTarget } from '../../../src/restore/plan/target.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { testSession } from '../../support/test-session.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { ODD_DATABASE } from '../../archive/content/odd-database.ts';
import { PlanBed } from './plan-bed.ts';
import { PLANNED_DATABASE } from './plan-database.ts';

let bed: PlanBed;
let seventeen: Database;
let eighteen: Database;
let entries: readonly TocEntry[];
let facts: TargetFacts;

beforeAll(async () => {
  bed = await PlanBed.make();
  [seventeen, eighteen] = await Promise.all([startDatabase(), startDatabase({ version: '18' })]);
  for (const server of [seventeen, eighteen]) {
    await server.createRole('odd role');
    await server.createRole('reader');
    await server.createDatabase('full');
  }
  const transform = `CREATE TRANSFORM FOR "char" LANGUAGE sql
    (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION charrecv(internal));`;
  await seventeen.sql(ODD_DATABASE + PLANNED_DATABASE + transform, 'full');
  const place = { server: seventeen, database: 'full' };
  [entries, facts] = await Promise.all([
    bed.dump(place).then(async (archive) => (await tocOf(archive)).entries),
    bed.examine(place),
  ]);
});

afterAll(async () => {
  await Promise.all([seventeen.stop(), eighteen.stop()]);
  await bed.remove();
});

function identitiesOf(of: readonly TocEntry[]): Set<string> {
  return new Set(of.flatMap((entry) => identityOf(entry) ?? []));
}

/** What every database has, and pg_dump does not dump. */
function withoutStandard({ identities }: TargetFacts): Set<string> {
  const standard = [nameKey('SCHEMA', '', 'public'), nameKey('EXTENSION', '', 'plpgsql')];
  return new Set([...identities].filter((identity) => !standard.includes(identity)));
}

describe('the contents of the target', () => {
  it('have the names that an archive of it gives them', () => {
    expect(withoutStandard(facts)).toEqual(identitiesOf(entries));
    expect(facts.largeObjects).toEqual(new Set(entries.flatMap(largeObjectsOf)));
    expect(facts.largeObjects.size).toBe(5);
  });

  it('have the OIDs of the archive', () => {
    const relations = entries.filter(isRelation);
    const dumped = new Map(relations.map(({ oid, kind, schema, tag }) => [oid, `${kind} ${schema} ${tag}`]));
    expect(facts.relations.length).toBeGreaterThan(20);
    for (const { kind, schema, name, oid } of facts.relations) {
      expect(dumped.get(oid)).toBe(`${kind} ${schema} ${name}`);
    }
  });

  it.each(['16', '17', '18'] as const)('can be queried on version %s', async (version) => {
    const server = await startDatabase({ version });
    try {
      const place = { server, database: 'postgres' };
      expect(await bed.examine(place)).toMatchObject({
        major: Number(version),
        database: 'postgres',
        user: 'postgres',
        isSuperuser: true,
        canCreateInDatabase: true,
        relations: [],
        largeObjects: new Set(),
      });
      await server.sql('CREATE TABLE t (x int); CREATE TYPE e AS ENUM (); SELECT lo_create(7)');
      const facts = await bed.examine(place);
      expect(facts.relations).toMatchObject([{ kind: 'TABLE', schema: 'public', name: 't' }]);
      expect(facts.identities).toContain(nameKey('type', 'public', 'e'));
      expect(facts.largeObjects).toEqual(new Set(['7']));
    } finally {
      await server.stop();
    }
  });
});

describe('the privileges of the role in the target', () => {
  it('are known for a role that owns nothing', async () => {
    const as = await eighteen.createRole('guest');
    await eighteen.sql(
      'CREATE SCHEMA closed; CREATE SCHEMA open; GRANT CREATE ON SCHEMA open TO guest',
      'full',
    );
    const { schemas, roles, ...rest } = await bed.examine({ server: eighteen, database: 'full', as });
    expect(rest).toMatchObject({ user: 'guest', isSuperuser: false, canCreateInDatabase: false });
    expect(schemas.get('closed')).toMatchObject({ owned: false, open: false });
    expect(schemas.get('open')).toMatchObject({ owned: false, open: true });
    expect([roles.get('guest'), roles.get('reader'), roles.get('nobody')]).toEqual([true, false, undefined]);
  });

  it('are known for the owner of the database', async () => {
    const as = await eighteen.createRole('owner');
    await eighteen.sql('GRANT reader TO owner');
    await eighteen.createDatabase('owned', { owner: 'owner' });
    const facts = await bed.examine({ server: eighteen, database: 'owned', as });
    expect(facts).toMatchObject({ isSuperuser: false, canCreateInDatabase: true });
    expect(facts.schemas.get('public')).toMatchObject({ owned: true, open: true });
    expect([facts.roles.get('reader'), facts.roles.get('odd role')]).toEqual([true, false]);
  });
});

it('a target that cannot be examined causes an error with the cause', async () => {
  const { host, port, user } = seventeen;
  const environment = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: 'wrong' };
  const asked = examineTarget(testSession(bed.tools, environment));
  const error = await userErrorOf(asked);
  expect(error.message).toContain('The database to restore into cannot be examined');
  expect(error.message).not.toContain('wrong');
});
