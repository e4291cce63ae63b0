import { UserError } from '../../errors.ts';
import { bytes, count } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { Contents, TableEntry } from '../../archive/content/manifest.ts';
import { identifiers, nameKey } from '../../archive/names.ts';

/** What a restored database must contain. */
export type ExpectedContents = Contents;

/** How a database differs from what it must contain. */
export interface Comparison {
  /** One phrase each, with the name of the table, sequence or the like. */
  readonly differences: readonly string[];
  /** Tables with as many rows and bytes as expected, but another digest: the rows may be the same in another order. */
  readonly doubtful: readonly TableEntry[];
}

const MOST_NAMED = 10;

/**
 * Compares what a database contains with what it must contain. Names are compared without their quotes, and columns by
 * their names, because both may be written in other ways by another version of `pg_dump`.
 *
 * @param everything whether more than what is expected is a difference too. Empty tables and sequences never are:
 *   the backup may have left out their contents.
 */
export function compareContents(
  expected: ExpectedContents,
  found: ExpectedContents,
  everything: boolean,
): Comparison {
  const foundTables = new Map(found.tables.map((table) => [tableKey(table), table]));
  const compared = expected.tables.map((table) => compareTable(table, foundTables.get(tableKey(table))));
  const differences = compared.filter((result) => typeof result === 'string');
  const doubtful = compared.filter((result) => typeof result === 'object');
  if (everything) differences.push(...surplus(expected, found));
  differences.push(...compareSequences(expected, found), ...compareLargeObjects(expected, found));
  return { differences, doubtful };
}

const OTHER_CONTENTS =
  'Make sure that nothing else writes to the target, and restore again. Two servers that print values differently also cause this error: compare their lc_monetary, bytea_output and extensions.';

/** The error of a database that differs from what it must contain. */
export function differencesError(differences: readonly string[], hint = OTHER_CONTENTS): UserError {
  const more = differences.length - MOST_NAMED;
  const named = differences.slice(0, MOST_NAMED).map(plainLine).join('; ');
  return new UserError(
    'verification-failed',
    `The restored database differs from the backup: ${named}${more > 0 ? `; and ${more} more` : ''}.`,
    hint,
    { silent: { message: 'The restored database differs from the backup.' } },
  );
}

/** The difference of a table that has as many rows as expected, but other ones. */
export function otherRows({ name, rows }: TableEntry): string {
  return `${name} has ${count(rows, 'row')}, as expected, but their contents differ`;
}

/** @returns the difference, or the table if it is doubtful, or nothing if it is equal. */
function compareTable(expected: TableEntry, found: TableEntry | undefined): string | TableEntry | undefined {
  const { name } = expected;
  if (found === undefined) return `${name} is missing (${count(expected.rows, 'row')} expected)`;
  const columns = identifiers(expected.columns);
  const foundColumns = identifiers(found.columns);
  if (nameKey(...columns.toSorted()) !== nameKey(...foundColumns.toSorted())) {
    return `${name} has the columns (${found.columns}) instead of (${expected.columns})`;
  }
  if (found.rows !== expected.rows) {
    return `${name} has ${count(found.rows, 'row')} instead of ${count(expected.rows, 'row')}`;
  }
  if (found.sha256 === expected.sha256 && nameKey(...columns) === nameKey(...foundColumns)) return undefined;
  return found.bytes === expected.bytes ? expected : otherRows(expected);
}

function surplus(expected: ExpectedContents, found: ExpectedContents): string[] {
  const known = new Set(expected.tables.map(tableKey));
  return found.tables
    .filter((table) => table.rows > 0 && !known.has(tableKey(table)))
    .map(({ name, rows }) => `${name} has ${count(rows, 'row')} instead of none`);
}

function compareSequences(expected: ExpectedContents, found: ExpectedContents): string[] {
  const byName = new Map(found.sequences.map((sequence) => [sequenceKey(sequence.name), sequence]));
  return expected.sequences.flatMap(({ name, value, called }) => {
    const other = byName.get(sequenceKey(name));
    if (other === undefined) return [`the sequence ${name} is missing`];
    if (other.value === value && other.called === called) return [];
    return [`the sequence ${name} is ${position(other)} instead of ${position({ value, called })}`];
  });
}

function position({ value, called }: { readonly value: string; readonly called: boolean }): string {
  return `${called ? 'at' : 'before'} ${value}`;
}

function compareLargeObjects(
  { largeObjects: expected }: ExpectedContents,
  { largeObjects: found }: ExpectedContents,
): string[] {
  if (found.sha256 === expected.sha256 && found.count === expected.count) return [];
  if (found.count === expected.count && found.bytes === expected.bytes) {
    return [`the ${count(expected.count, 'large object')} have other contents`];
  }
  const size = ({ count: objects, bytes: length }: typeof found): string =>
    `${count(objects, 'large object')} of ${bytes(length)}`;
  return [`there are ${size(found)} instead of ${size(expected)}`];
}

function tableKey({ schema, table }: TableEntry): string {
  return nameKey(schema, table);
}

function sequenceKey(name: string): string {
  return nameKey(...identifiers(name));
}
