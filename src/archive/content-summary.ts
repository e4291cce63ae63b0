import type { Manifest, TableEntry } from './content/manifest.ts';
import { bytes, count, wholeNumber } from '../runner/format.ts';
import { code, table } from '../runner/markdown.ts';

const LARGEST_TABLES = 10;

/** The contents of a backup or a restore as text: `8 tables, 40,000 rows, 3 sequences`. */
export function describeContents({
  tables,
  sequences,
  largeObjects,
}: Pick<Manifest, 'tables' | 'sequences' | 'largeObjects'>): string {
  const rows = tables.reduce((sum, entry) => sum + entry.rows, 0);
  return [
    count(tables.length, 'table'),
    count(rows, 'row'),
    ...(sequences.length > 0 ? [count(sequences.length, 'sequence')] : []),
    ...(largeObjects.count > 0 ? [count(largeObjects.count, 'large object')] : []),
  ].join(', ');
}

/** The largest tables as a section of a summary; undefined when there is none. */
export function largestTables(tables: readonly TableEntry[]): string | undefined {
  if (tables.length === 0) return undefined;
  const largest = tables.toSorted((a, b) => b.bytes - a.bytes || b.rows - a.rows).slice(0, LARGEST_TABLES);
  const heading = tables.length > LARGEST_TABLES ? `### The ${LARGEST_TABLES} largest tables` : '### Tables';
  const rows = largest.map((entry) => [
    code(entry.name),
    wholeNumber(entry.rows),
    bytes(entry.bytes),
    `<code>${entry.sha256.slice(0, 12)}</code>`,
  ]);
  return `${heading}\n\n${table(['Table', 'Rows', 'Data', 'SHA-256 of the rows'], rows, ['left', 'right', 'right', 'left'])}`;
}
