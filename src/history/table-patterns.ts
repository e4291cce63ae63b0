import { identifiers } from '../archive/names.ts';
import { matchesRelation, readPattern } from '../postgres/name-pattern.ts';

/**
 * Whether a table, named as in a record, matches a pattern of psql.
 *
 * @param only the schema of a name without one; any when absent.
 * @returns undefined for a pattern that only `pg_dump` can read.
 */
export function matchesTable(pattern: string, only?: string): ((table: string) => boolean) | undefined {
  const read = readPattern(pattern);
  if (!read) return undefined;
  return (table) => {
    const [schema = '', name = ''] = identifiers(table);
    return matchesRelation(read, { schema, name, visible: only === undefined || schema === only });
  };
}
