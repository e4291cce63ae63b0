/** A backup in a chart. */
export interface Drawn {
  readonly createdAt: Date;
  /** Bytes, or rows. */
  readonly value: number;
}

/** What is drawn, and what a thousand times more of it is called. */
const UNITS = {
  Size: ['in bytes', 'in kB', 'in MB', 'in GB', 'in TB'],
  Rows: ['', 'in thousands', 'in millions', 'in billions', 'in trillions'],
} as const;

/** With more bars, their numbers would overlap at the width of a chart (700 px). */
const MOST_BARS = 30;

/**
 * Backups as a Mermaid chart, which job summaries can show. It contains only numbers, dates and words of this file: no text
 * from outside that could be a directive.
 *
 * @param backups the oldest first.
 * @returns undefined for fewer than two.
 */
export function seriesChart(what: keyof typeof UNITS, backups: readonly Drawn[]): string | undefined {
  const drawn = backups.slice(-MOST_BARS);
  const [first] = drawn;
  const last = drawn.at(-1);
  if (!first || !last || drawn.length < 2) return undefined;
  const largest = Math.max(1, ...drawn.map(({ value }) => value));
  const power = Math.min(Math.floor(Math.log10(largest) / 3), UNITS[what].length - 1);
  // Plain digits: the grammar of the chart has no exponents.
  const scaled = (value: number): string => String(Number((value / 1000 ** power).toFixed(3)));
  const values = drawn.map(({ value }) => scaled(value)).join(', ');
  return [
    '```mermaid',
    'xychart-beta',
    // Bars are numbered, because of two bars with the same date one would hide the other.
    `  x-axis "Oldest to newest, ${day(first.createdAt)} to ${day(last.createdAt)}" [${drawn.map((_, index) => index + 1).join(', ')}]`,
    `  y-axis "${`${what} ${UNITS[what][power] ?? ''}`.trim()}" 0 --> ${scaled(largest * 1.1)}`,
    `  bar [${values}]`,
    // The bars alone are pale.
    `  line [${values}]`,
    '```',
  ].join('\n');
}

/** A day in UTC: `2026-11-27`. */
export function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
