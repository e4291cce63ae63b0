import { nameKey } from '../../archive/names.ts';
import { matchesRelation, matchesSchema, readPattern } from '../../postgres/name-pattern.ts';
import type { Relation } from '../../postgres/preflight.ts';
import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { FIRST_WITH_CHILDREN } from './dump-arguments.ts';
import type { DumpFilters } from './dump-filters.ts';

/** What the filters select, as `pg_dump` would. */
export interface Selection {
  /** Whether the relation is part of the dump. */
  readonly includes: (relation: Relation) => boolean;
  /** Whether the relation's rows are part of the dump. */
  readonly includesData: (relation: Relation) => boolean;
  /** Whether a filter means the relation only because it names a table that this is a partition of or inherits from. */
  readonly isThroughParent: (relation: Relation) => boolean;
  /** Partitions of selected tables that are neither selected nor excluded: their rows would be missing. */
  readonly missingPartitions: readonly Relation[];
  /** Patterns of the exclude inputs that match nothing, which is usually a typing error: `[input, pattern]`. */
  readonly unmatchedExclusions: readonly (readonly [string, string])[];
}

/**
 * Applies the filter inputs to what the preflight found, as `pg_dump` does: `tables` makes the schema filters
 * ineffective, an exclusion wins over an inclusion, a table stands for its partitions and for what inherits from it, and a sequence
 * goes with the table that owns it.
 */
export function selection(filters: DumpFilters, relations: readonly Relation[]): Selection {
  const schemas = filters.schemas.map(readPattern);
  const excludeSchemas = filters.excludeSchemas.map(readPattern);
  const byName = new Map(relations.map((relation) => [nameKey(relation.schema, relation.name), relation]));
  const tables = namedBy(filters.tables, byName);
  const excludeTables = namedBy(filters.excludeTables, byName);
  const excludeTableData = namedBy(filters.excludeTableData, byName);

  const isExcluded = (relation: Relation): boolean =>
    excludeTables.has(relation) ||
    (filters.tables.length === 0 &&
      excludeSchemas.some((pattern) => matchesSchema(pattern, relation.schema)));
  const includesItself = (relation: Relation): boolean => {
    if (isExcluded(relation)) return false;
    if (filters.tables.length > 0) return tables.has(relation);
    return schemas.length === 0 || schemas.some((pattern) => matchesSchema(pattern, relation.schema));
  };
  const includes = (relation: Relation): boolean => {
    const owner = relation.ownedBy && byName.get(nameKey(relation.ownedBy.schema, relation.ownedBy.name));
    return includesItself(relation) || (owner !== undefined && includesItself(owner));
  };
  const parentsOf = (relation: Relation): Relation[] =>
    relation.parents.flatMap(({ schema, name }) => byName.get(nameKey(schema, name)) ?? []);
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
    includesData: (relation) => includes(relation) && !excludeTableData.has(relation),
    isThroughParent: (relation) =>
      [tables, excludeTables, excludeTableData].some((named) => named.hasOnlyParentOf(relation)),
    missingPartitions: relations.filter(
      (relation) =>
        !includes(relation) &&
        !isExcluded(relation) &&
        parentsOf(relation).some((parent) => parent.kind === 'partitioned table' && includes(parent)),
    ),
    unmatchedExclusions: [
      ...unmatched('exclude-schemas', filters.excludeSchemas, (pattern, { schema }) =>
        matchesSchema(pattern, schema),
      ),
      ...unmatched('exclude-tables', filters.excludeTables, matchesRelation),
      ...unmatched('exclude-table-data', filters.excludeTableData, matchesRelation),
    ],
  };
}

/** Tables by patterns, themselves or a parent of theirs. */
function namedBy(
  patterns: readonly string[],
  byName: ReadonlyMap<string, Relation>,
): {
  readonly has: (relation: Relation) => boolean;
  readonly hasOnlyParentOf: (relation: Relation) => boolean;
} {
  const read = patterns.map(readPattern);
  const isNamed = (relation: Relation): boolean => read.some((pattern) => matchesRelation(pattern, relation));
  const hasParentOf = ({ parents }: Relation): boolean =>
    parents.some((name) => {
      const parent = byName.get(nameKey(name.schema, name.name));
      return parent !== undefined && (isNamed(parent) || hasParentOf(parent));
    });
  return {
    has: (relation) => read.length > 0 && (isNamed(relation) || hasParentOf(relation)),
    hasOnlyParentOf: (relation) => read.length > 0 && !isNamed(relation) && hasParentOf(relation),
  };
}

/** Options that select more or less than the filter inputs, or read with the rights of another role. */
const OPAQUE_OPTIONS =
  /^(?:-e|--(?:ext|filt|table-and|exclude-table-(?:and|data-and)|exclude-ext|enable-row|schema-only|role)|-[a-zA-Z]*s)/;

/** Whether these additional arguments change the selection in a way that only `pg_dump` knows. */
export function isOpaque(dumpArguments: readonly string[]): boolean {
  return dumpArguments.some((word) => OPAQUE_OPTIONS.test(word));
}

/** Whether this option of `pg_dump` leaves out the rows of tables that are selected. */
export function leavesOutRows(option: string): boolean {
  return /^(?:-s|--schema-only|--no-data|--statistics-only|--section=|--no-unlogged-table-data)/.test(option);
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

/**
 * An error if a table would come without its partitions, or an excluded one would leave them in the backup; undefined
 * otherwise.
 *
 * @param toolsMajor of `pg_dump`.
 */
export function partitionsError(
  { isThroughParent, missingPartitions }: Selection,
  relations: readonly Relation[],
  toolsMajor: number,
): UserError | undefined {
  const named = (some: readonly Relation[]): string =>
    someOf(some.map(({ schema, name }) => plainLine(`${schema}.${name}`)));
  const throughParents = toolsMajor < FIRST_WITH_CHILDREN ? relations.filter(isThroughParent) : [];
  if (throughParents.length > 0) {
    const told = `pg_dump ${toolsMajor} does not select the partitions of a table, and what inherits from it, together with it`;
    return new UserError(
      'invalid-input',
      `${told}: ${named(throughParents)}.`,
      `Use "postgres-version: ${FIRST_WITH_CHILDREN}" or newer, or name them too in tables, exclude-tables or exclude-table-data.`,
      { silent: { message: `${told}.` } },
    );
  }
  if (missingPartitions.length > 0) {
    const told = 'schemas selects a partitioned table, but not all of its partitions';
    return new UserError(
      'invalid-input',
      `${told}: ${named(missingPartitions)} would be missing, with all of their rows.`,
      'Add their schemas to schemas; or leave them out with exclude-tables or exclude-schemas, if their rows are not wanted.',
      { silent: { message: `${told}.` } },
    );
  }
  return undefined;
}
