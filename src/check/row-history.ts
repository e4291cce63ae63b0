import { bytes, wholeNumber } from '../runner/format.ts';
import { code, details, table } from '../runner/markdown.ts';
import { day, seriesChart } from '../storage/series-chart.ts';
import { type TableRows, totalRows } from '../history/row-losses.ts';

/** A backup in the history of its series. */
export interface HistoryPoint {
  readonly name: string;
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
  /** Undefined: its record does not tell. */
  readonly rows: TableRows | undefined;
}

const MOST_DAYS = 30;
const MOST_TABLES = 5;

/**
 * Rows and size per day, of the whole and of the five tables that changed most, as a section of the job summary.
 *
 * @param points the newest first.
 * @returns an empty string where no rows are known of at least two days.
 */
export function rowHistory(points: readonly HistoryPoint[]): string {
  const days = newestOfEachDay(points);
  if (days.length < 2) return '';
  const tables = mostChanged(days);
  const rows = days
    .slice(0, MOST_DAYS)
    .map(({ createdAt, size, rows: known }) => [
      day(createdAt),
      bytes(size),
      wholeNumber(totalRows(known)),
      ...tables.map((name) => rowsOf(known, name)),
    ]);
  const head = ['Day', 'Size', 'Rows', ...tables.map((name) => code(name))];
  const charts = tables.map((name) => `${code(name)}\n\n${chart(days, (known) => known.get(name) ?? 0)}`);
  return [
    '### Rows per day',
    chart(days, totalRows),
    table(head, rows, ['left', ...head.slice(1).map(() => 'right' as const)]),
    ...(charts.length > 0 ? [details('The tables that changed most', charts.join('\n\n'))] : []),
  ].join('\n\n');
}

interface KnownPoint extends HistoryPoint {
  readonly rows: TableRows;
}

function newestOfEachDay(points: readonly HistoryPoint[]): KnownPoint[] {
  const known = points.filter((point): point is KnownPoint => point.rows !== undefined);
  return [...Map.groupBy(known, ({ createdAt }) => day(createdAt)).values()].flatMap(
    ([newest]) => newest ?? [],
  );
}

/** By the difference between the most and the fewest rows that they had. */
function mostChanged(days: readonly KnownPoint[]): string[] {
  const range = new Map<string, readonly [fewest: number, most: number]>();
  const names = new Set(days.flatMap(({ rows }) => [...rows.keys()]));
  for (const { rows } of days) {
    for (const name of names) {
      const number = rows.get(name) ?? 0;
      const [fewest, most] = range.get(name) ?? [number, number];
      range.set(name, [Math.min(fewest, number), Math.max(most, number)]);
    }
  }
  return [...range]
    .map(([name, [fewest, most]]) => ({ name, change: most - fewest }))
    .filter(({ change }) => change > 0)
    .sort((a, b) => b.change - a.change)
    .slice(0, MOST_TABLES)
    .map(({ name }) => name);
}

function rowsOf(rows: TableRows, name: string): string {
  const number = rows.get(name);
  return number === undefined ? '' : wholeNumber(number);
}

function chart(days: readonly KnownPoint[], value: (rows: TableRows) => number): string {
  const drawn = days.map(({ createdAt, rows }) => ({ createdAt, value: value(rows) }));
  return seriesChart('Rows', drawn.toReversed()) ?? '';
}
