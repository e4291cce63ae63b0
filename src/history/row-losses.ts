import { type BackupRecord, isOpenRecord } from '../storage/record.ts';

/** The rows of each table of a backup, by name. */
export type TableRows = ReadonlyMap<string, number>;

/** What a record tells of the rows of a backup. */
export interface KnownRows {
  readonly tables: TableRows;
  /** What the inputs chose, as text: of another part of the database, a table that is gone was not lost. */
  readonly selection: string;
}

/** Of all tables. */
export function totalRows(tables: TableRows): number {
  let sum = 0;
  for (const rows of tables.values()) sum += rows;
  return sum;
}

/** When fewer rows are a loss. */
export interface LossPolicy {
  /** The largest share of its rows that a table may lose, from 0 to 1. */
  readonly maximumRowLoss: number;
  /** Whether a table is emptied on purpose. */
  readonly isAllowed: (table: string) => boolean;
}

/** A table that has lost rows, compared with a previous backup. */
export interface RowLoss {
  readonly table: string;
  /** In the last backup that still contains the rows. */
  readonly before: number;
  /** What is left of them; null: the table is gone. */
  readonly after: number | null;
  /** The last backup that still contains the rows, as its place in the series. */
  readonly lastWith: number;
}

/** To lose fewer rows is no loss, unless none are left. */
const LEAST_ROWS = 100;

/** The inputs that choose what is backed up, as `notIncluded` of a record names them. */
const SELECTING: ReadonlySet<string> = new Set([
  ...['schemas', 'exclude-schemas', 'tables', 'exclude-tables', 'exclude-table-data', 'pg-dump-args'],
]);

/** @returns undefined where the record does not tell. */
export function knownRows(record: BackupRecord | undefined): KnownRows | undefined {
  if (!record || !isOpenRecord(record)) return undefined;
  const { content, notIncluded } = record;
  return {
    tables: new Map(content.tables.map(({ name, rows }) => [name, rows])),
    selection: JSON.stringify(notIncluded.filter(({ why }) => SELECTING.has(why))),
  };
}

/**
 * Finds the losses of rows in a series that were not made good: for each table, the last backup from before each loss. A table
 * whose rows came back has lost nothing. Small losses add up: a backup is compared with what was left in the end, not only with
 * the next one.
 */
export class RowLosses {
  readonly #policy: LossPolicy;
  /** What is left of each table after all losses so far. */
  readonly #left = new Map<string, number>();
  readonly #losses: RowLoss[] = [];
  #place = 0;
  /** Of the newest backup that is known; undefined: there was none yet. */
  #selection: string | undefined;

  constructor(policy: LossPolicy) {
    this.#policy = policy;
  }

  /** The next backup of the series: the newest comes first. One that is not known is not compared. */
  add(known: KnownRows | undefined): void {
    const place = this.#place++;
    if (!known) return;
    const { tables, selection } = known;
    if (this.#selection === undefined) {
      this.#selection = selection;
      for (const [table, rows] of tables) this.#left.set(table, rows);
      return;
    }
    const isSameSelection = selection === this.#selection;
    for (const [table, rows] of tables)
      if (isSameSelection || this.#left.has(table)) this.#compare(table, rows, place);
  }

  /** Those so far, the last backups that contain the rows from the newest to the oldest. */
  get found(): readonly RowLoss[] {
    return this.#losses;
  }

  #compare(table: string, before: number, lastWith: number): void {
    const after = this.#left.get(table) ?? null;
    if (!isLoss(before, after, this.#policy.maximumRowLoss) || this.#policy.isAllowed(table)) return;
    this.#losses.push({ table, before, after, lastWith });
    this.#left.set(table, before);
  }
}

/** Whether a table has lost too many rows. @param after null: it is gone. */
export function isLoss(before: number, after: number | null, maximumRowLoss: number): boolean {
  const left = after ?? 0;
  const lost = before - left;
  if (lost <= 0 || maximumRowLoss === 1) return false;
  return left === 0 || (lost >= LEAST_ROWS && lost > before * maximumRowLoss);
}
