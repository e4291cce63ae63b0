import { type Omission, describeOmission } from '../../../src/restore/plan/omission.ts';
import type { RestorePlan } from '../../../src/restore/plan/plan.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { PlanBed, type Place } from './plan-bed.ts';
import { PLANNED_DATABASE } from './plan-database.ts';

/** A server whose database app was backed up, and another one that is restored into: newer, and without its roles. */
export interface PlanScene {
  readonly bed: PlanBed;
  readonly origin: Database;
  readonly elsewhere: Database;
  readonly archive: string;
  /** A role of the other server that may log in, and owns databases at the most. */
  readonly owner: { readonly user: string; readonly password: string };
}

export async function setScene(): Promise<PlanScene> {
  const bed = await PlanBed.make();
  const [origin, elsewhere] = await Promise.all([
    startDatabase({ settings: ['allow_in_place_tablespaces = on'] }),
    startDatabase({ version: '18' }),
  ]);
  await origin.createRole('odd role');
  await origin.createRole('reader');
  await origin.createDatabase('app');
  await origin.sql(PLANNED_DATABASE, 'app');
  const archive = await bed.dump({ server: origin, database: 'app' });
  return { bed, origin, elsewhere, archive, owner: await elsewhere.createRole('owner') };
}

/** A new, empty database on the other server, in place of the last one. */
export async function emptyDatabase(
  { elsewhere, owner }: PlanScene,
  of: 'the superuser' | 'an owner' = 'the superuser',
): Promise<Place> {
  const isOwned = of === 'an owner';
  await elsewhere.query('DROP DATABASE IF EXISTS copy WITH (FORCE)');
  await elsewhere.createDatabase('copy', isOwned ? { owner: owner.user } : {});
  return { server: elsewhere, database: 'copy', ...(isOwned ? { as: owner } : {}) };
}

export async function clearScene({ bed, origin, elsewhere }: PlanScene): Promise<void> {
  await Promise.all([origin.stop(), elsewhere.stop()]);
  await bed.remove();
}

/** Every relation that the user made, as `schema.name`. */
export async function relationsOf({ server, database }: Place): Promise<string[]> {
  const rows = await server.query(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
    { database },
  );
  return rows.map(({ name }) => String(name));
}

/** How many rows each table has. */
export async function countsOf(place: Place, ...tables: readonly string[]): Promise<number[]> {
  const counts = tables.map(async (table) => {
    const [row] = await place.server.query(`SELECT count(*) FROM ${table}`, { database: place.database });
    return Number(row?.['count']);
  });
  return Promise.all(counts);
}

/** What is said of everything that a plan leaves out: level, what, and why. */
export function omissionsOf({ omissions }: RestorePlan): string[] {
  return omissions.map((item) => `${item.level} ${describeOmission(item)}: ${item.why}`);
}

/** What a plan leaves out, by the beginning of its name. */
export function omission(plan: RestorePlan, what: string): Omission | undefined {
  return plan.omissions.find((item) => describeOmission(item).startsWith(what));
}

export function names(objects: readonly { readonly name: string }[]): string[] {
  return objects.map(({ name }) => name).sort();
}
