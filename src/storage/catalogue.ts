import { formatAge, bytes, count, minute, wholeNumber } from '../runner/format.ts';
import type { StoredBackup } from './store.ts';
import { seriesChart } from './series-chart.ts';
import { code, escaped, table } from '../runner/markdown.ts';

/** One backup of a series in the catalogue. */
export interface CatalogueEntry {
  /** Of its file. */
  readonly name: string;
  /** When the dump began. */
  readonly takenAt: Date;
  /** When it was stored. */
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
  /** Undefined: not known. Its name does not contain it. */
  readonly rows?: number | undefined;
  readonly expiresAt: Date | undefined;
  /** The address of its page; undefined when there is none. */
  readonly page: string | undefined;
}

/** A series of backups. */
export interface Catalogue {
  readonly backupName: string;
  /** Of the store; undefined where there is only one. */
  readonly store?: string | undefined;
  /** The newest first. */
  readonly entries: readonly CatalogueEntry[];
  /** What has a name of the series and is no backup, as a sentence. */
  readonly ignored?: string | undefined;
  readonly now: Date;
}

const MOST_ROWS = 20;

/** A stored backup as an entry of the catalogue. */
export function catalogueEntry(stored: StoredBackup): CatalogueEntry {
  const { name, backup, createdAt, size, expiresAt, location } = stored;
  const page = location.kind === 'artifact' ? location.page : undefined;
  return { name, takenAt: backup.takenAt, createdAt, size, expiresAt, page };
}

/**
 * A series as a section of a job summary: the newest backups as a table, and a chart of their sizes. At most 20 rows,
 * because the summary of a step may have 1 MiB.
 */
export function catalogue({ backupName, store, entries, ignored, now }: Catalogue): string {
  const heading = `### Backups of ${code(backupName)}${store === undefined ? '' : ` in ${escaped(store)}`}`;
  const notices = ignored === undefined ? [] : [escaped(ignored)];
  if (entries.length === 0) {
    return [heading, 'There is no unexpired backup.', ...notices].join('\n\n');
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const chart = seriesChart(
    'Size',
    entries.toReversed().map(({ createdAt, size }) => ({ createdAt, value: size })),
  );
  return [
    heading,
    `${count(entries.length, 'backup')}, ${bytes(total)} in all.`,
    rowsOf(entries.slice(0, MOST_ROWS), now),
    ...(entries.length > MOST_ROWS ? [`… and ${wholeNumber(entries.length - MOST_ROWS)} more.`] : []),
    ...(chart === undefined ? [] : [chart]),
    ...notices,
  ].join('\n\n');
}

function rowsOf(entries: readonly CatalogueEntry[], now: Date): string {
  const knowsRows = entries.some(({ rows }) => rows !== undefined);
  const columns = [
    { head: 'Backup', align: 'left', cell: nameOf },
    { head: 'Taken', align: 'left', cell: ({ takenAt }: CatalogueEntry) => minute(takenAt) },
    {
      head: 'Age',
      align: 'right',
      cell: ({ takenAt }: CatalogueEntry) => formatAge(now.getTime() - takenAt.getTime()),
    },
    { head: 'Size', align: 'right', cell: ({ size }: CatalogueEntry) => bytes(size) },
    ...(knowsRows
      ? [
          {
            head: 'Rows',
            align: 'right',
            cell: ({ rows }: CatalogueEntry) => (rows === undefined ? '' : wholeNumber(rows)),
          } as const,
        ]
      : []),
    ...(entries.some(({ expiresAt }) => expiresAt)
      ? [
          {
            head: 'Kept until',
            align: 'left',
            cell: ({ expiresAt }: CatalogueEntry) => (expiresAt ? minute(expiresAt) : ''),
          } as const,
        ]
      : []),
  ] as const;
  return table(
    columns.map(({ head }) => head),
    entries.map((entry) => columns.map(({ cell }) => cell(entry))),
    columns.map(({ align }) => align),
  );
}

/** The name of a backup as Markdown, with a link to its page. */
export function nameOf({ name, page }: Pick<CatalogueEntry, 'name' | 'page'>): string {
  // The address contains only values of the runner and numbers; `encodeURI` encodes quotation marks and brackets.
  return page === undefined ? code(name) : `<a href="${encodeURI(page)}">${escaped(name)}</a>`;
}
