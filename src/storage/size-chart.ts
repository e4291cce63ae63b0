/** A backup, as far as it is drawn. */
interface Drawn {
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
/** The numbers below more bars than that would overlap, at the width that a chart has (700 px). */
const MOST_BARS = 30;

/**
 * The sizes of backups as a chart of mermaid, which job summaries draw. There is nothing in it but numbers, dates and
 * words of this file: no text from outside could be a directive.
 *
 * @param backups the oldest first.
 * @returns undefined for fewer than two, which are no development.
 */
export function sizeChart(backups: readonly Drawn[]): string | undefined {
  const drawn = backups.slice(-MOST_BARS);
  const [first] = drawn;
  const last = drawn.at(-1);
  if (!first || !last || drawn.length < 2) return undefined;
  const largest = Math.max(1, ...drawn.map(({ size }) => size));
  const power = Math.min(Math.floor(Math.log10(largest) / 3), UNITS.length - 1);
  // Plain digits: the grammar of the chart knows no exponents.
  const scaled = (size: number): string => String(Number((size / 1000 ** power).toFixed(3)));
  const values = drawn.map(({ size }) => scaled(size)).join(', ');
  return [
    '```mermaid',
    'xychart-beta',
    // Bars by their numbers: of bars that had the same date below them, one would hide the other.
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
