import { identifiers } from '../archive/names.ts';
import { matchesRelation, readPattern } from '../postgres/name-pattern.ts';

/**
 * Whether a table, named as in a record, matches a pattern of psql; without a schema, in any.
 *
 * @returns undefined for a pattern that only `pg_dump` can read.
 */
export function matchesTable(pattern: string): ((table: string) => boolean) | undefined {
  const read = readPattern(pattern);
  if (!read) return undefined;
  return (table) => {
    const [schema = '', name = ''] = identifiers(table);
    return matchesRelation(read, { schema, name, visible: true });
  };
}
