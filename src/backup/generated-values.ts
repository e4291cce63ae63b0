import type { Manifest } from '../archive/content/manifest.ts';
import { nameKey } from '../archive/names.ts';
import { type GeneratedColumns, generatedSumSql } from '../postgres/generated-sums.ts';
import type { Relation } from '../postgres/preflight.ts';
import type { Snapshot } from '../postgres/snapshot.ts';
import { log } from '../runner/log.ts';
import type { RecordedGeneratedValues } from '../storage/record.ts';
import type { CatalogueFacts } from './not-included/catalogue-facts.ts';

/** As long as a large table may take to be read. */
const WITHIN_MS = 30 * 60_000;

/** The sum of a table's generated values. */
export type GeneratedSum = GeneratedColumns & { readonly sum: string };

/**
 * Sums up the values of generated columns in the dump's own snapshot, while `pg_dump` runs. Never throws: what cannot be summed
 * up is not compared after a restore, which says so.
 *
 * @param relations those whose rows are in the backup.
 */
export async function sumGeneratedValues(
  snapshot: Snapshot,
  facts: CatalogueFacts | undefined,
  relations: readonly Pick<Relation, 'schema' | 'name'>[],
): Promise<readonly GeneratedSum[]> {
  // Outside of its snapshot, the database is another.
  if (snapshot.id === undefined || facts === undefined) return [];
  const chosen = new Set(relations.map(({ schema, name }) => nameKey(schema, name)));
  const columns = Map.groupBy(facts.generatedColumns, ({ schema, name }) => nameKey(schema, name));
  const tables = new Map([...columns].filter(([key]) => chosen.has(key)));
  const sums: GeneratedSum[] = [];
  try {
    for (const group of tables.values()) {
      const [{ schema, name: table } = { schema: '', name: '' }] = group;
      const generated = { schema, table, columns: group.map(({ column }) => column).toSorted() };
      const [[sum] = []] = await snapshot.query(generatedSumSql(generated), 1, WITHIN_MS);
      if (sum !== undefined) sums.push({ ...generated, sum });
    }
  } catch (error) {
    log.debug(`The values of generated columns could not be summed up: ${log.reason(error)}`);
  }
  return sums;
}

/** The sums as a record has them, under the names that the archive has for the tables. */
export function recordedGeneratedValues(
  sums: readonly GeneratedSum[],
  { tables }: Pick<Manifest, 'tables'>,
): readonly RecordedGeneratedValues[] {
  const names = new Map(tables.map(({ schema, table, name }) => [nameKey(schema, table), name]));
  return sums.flatMap(({ schema, table, columns, sum }) => {
    const name = names.get(nameKey(schema, table));
    return name === undefined ? [] : [{ name, columns, sum }];
  });
}
