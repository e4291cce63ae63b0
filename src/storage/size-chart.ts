/** A backup in the chart. */
interface Drawn {
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
/** With more bars, their numbers would overlap at the width of a chart (700 px). */
const MOST_BARS = 30;

/**
 * The sizes of backups as a Mermaid chart, which job summaries can show. It contains only numbers, dates and
 * words of this file: no text from outside that could be a directive.
 *
 * @param backups the oldest first.
 * @returns undefined for fewer than two.
 */
export function sizeChart(backups: readonly Drawn[]): string | undefined {
  const drawn = backups.slice(-MOST_BARS);
  const [first] = drawn;
  const last = drawn.at(-1);
  if (!first || !last || drawn.length < 2) return undefined;
  const largest = Math.max(1, ...drawn.map(({ size }) => size));
  const power = Math.min(Math.floor(Math.log10(largest) / 3), UNITS.length - 1);
  // Plain digits: the grammar of the chart has no exponents.
  const scaled = (size: number): string => String(Number((size / 1000 ** power).toFixed(3)));
  const values = drawn.map(({ size }) => scaled(size)).join(', ');
  return [
    '```mermaid',
    'xychart-beta',
    // Bars are numbered, because of two bars with the same date one would hide the other.
    `  x-axis "Oldest to newest, ${day(first.createdAt)} to ${day(last.createdAt)}" [${drawn.map((_, index) => index + 1).join(', ')}]`,
    `  y-axis "Size in ${UNITS[power] ?? ''}" 0 --> ${scaled(largest * 1.1)}`,
    `  bar [${values}]`,
    // The bars alone are pale.
    `  line [${values}]`,
    '```',
  ].join('\n');
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
