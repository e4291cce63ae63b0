import { nameKey } from '../../archive/names.ts';
import { matchesRelation, matchesSchema, readPattern } from '../../postgres/name-pattern.ts';
import type { Relation } from '../../postgres/preflight.ts';
import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { DumpFilters } from './dump-filters.ts';

/** What the filters select, as `pg_dump` would. */
export interface Selection {
  /** Whether the relation is part of the dump. */
  readonly includes: (relation: Relation) => boolean;
  /** Whether the relation's rows are part of the dump. */
  readonly includesData: (relation: Relation) => boolean;
  /** Patterns of the exclude inputs that match nothing, which is usually a typing error: `[input, pattern]`. */
  readonly unmatchedExclusions: readonly (readonly [string, string])[];
}

/**
 * Applies the filter inputs to what the preflight found, as `pg_dump` does: `tables` makes the schema filters
 * ineffective, an exclusion wins over an inclusion, and a sequence goes with the table that owns it.
 */
export function selection(filters: DumpFilters, relations: readonly Relation[]): Selection {
  const schemas = filters.schemas.map(readPattern);
  const excludeSchemas = filters.excludeSchemas.map(readPattern);
  const tables = filters.tables.map(readPattern);
  const excludeTables = filters.excludeTables.map(readPattern);
  const excludeTableData = filters.excludeTableData.map(readPattern);

  const byName = new Map(relations.map((relation) => [nameKey(relation.schema, relation.name), relation]));
  const includesItself = (relation: Relation): boolean => {
    if (excludeTables.some((pattern) => matchesRelation(pattern, relation))) return false;
    if (tables.length > 0) return tables.some((pattern) => matchesRelation(pattern, relation));
    if (excludeSchemas.some((pattern) => matchesSchema(pattern, relation.schema))) return false;
    return schemas.length === 0 || schemas.some((pattern) => matchesSchema(pattern, relation.schema));
  };
  const includes = (relation: Relation): boolean => {
    const owner = relation.ownedBy && byName.get(nameKey(relation.ownedBy.schema, relation.ownedBy.name));
    return includesItself(relation) || (owner !== undefined && includesItself(owner));
  };
  const unmatched = (
    input: string,
    patterns: readonly string[],
    matches: typeof matchesRelation,
  ): [string, string][] =>
    patterns
      .filter((text) => {
        const pattern = readPattern(text);
        return pattern !== undefined && !relations.some((relation) => matches(pattern, relation));
      })
      .map((text) => [input, text]);
  return {
    includes,
    includesData: (relation) =>
      includes(relation) && !excludeTableData.some((pattern) => matchesRelation(pattern, relation)),
    unmatchedExclusions: [
      ...unmatched('exclude-schemas', filters.excludeSchemas, (pattern, { schema }) =>
        matchesSchema(pattern, schema),
      ),
      ...unmatched('exclude-tables', filters.excludeTables, matchesRelation),
      ...unmatched('exclude-table-data', filters.excludeTableData, matchesRelation),
    ],
  };
}

/** Options that select more or less than the filter inputs, or read with the rights of another role. */
const OPAQUE_OPTIONS =
  /^(?:-e|--(?:ext|filt|table-and|exclude-table-(?:and|data-and)|exclude-ext|enable-row|schema-only|role)|-[a-zA-Z]*s)/;

/** Whether these additional arguments change the selection in a way that only `pg_dump` knows. */
export function isOpaque(dumpArguments: readonly string[]): boolean {
  return dumpArguments.some((word) => OPAQUE_OPTIONS.test(word));
}

const MOST_NAMED = 20;

/**
 * An error that names every selected table that the role cannot read; undefined when there is none. `pg_dump` would
 * fail at the first of them, halfway through.
 */
export function unreadableError(
  user: string,
  selected: Selection,
  relations: readonly Relation[],
): UserError | undefined {
  const unreadable = relations.filter(
    (relation) => relation.unreadable !== undefined && selected.includesData(relation),
  );
  if (unreadable.length === 0) return undefined;
  const named = unreadable.map(({ schema, name, unreadable: why }) =>
    plainLine(`${schema}.${name} (${why ?? ''})`),
  );
  const lacks = `The user ${plainLine(user)} lacks the privilege to read`;
  return new UserError(
    'dump-failed',
    `${lacks} ${unreadable.length} of the tables and sequences to back up: ${someOf(named, MOST_NAMED)}.`,
    'Use their owner, or grant the user pg_read_all_data (PostgreSQL 14 and newer), and BYPASSRLS where row-level security is on, ' +
      'or leave them out with exclude-tables or exclude-schemas.',
    { silent: { message: `${lacks} some of the tables and sequences to back up.` } },
  );
}
