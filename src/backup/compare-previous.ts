import { type Changes, changesBetween } from '../history/changes.ts';
import { type KnownLoss, describeLosses, lossHint } from '../history/loss-text.ts';
import { type LossPolicy, RowLosses, knownRows } from '../history/row-losses.ts';
import { count } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { type BackupRecord, isOpenRecord } from '../storage/record.ts';
import type { StoredBackup } from '../storage/store.ts';
import type { PreviousBackups } from './previous-backups.ts';

/** A new backup and the previous one of its series. */
export interface Comparison {
  readonly previous: StoredBackup;
  /** In bytes, of the new file. */
  readonly size: number;
  /** How long the dumps took, in seconds; undefined where it is not known. */
  readonly dumpSeconds: { readonly before: number | undefined; readonly now: number | undefined };
  /** Undefined where one of the records does not tell what is in its backup. */
  readonly changes: Changes | undefined;
  /** Tables that have lost rows. */
  readonly losses: readonly KnownLoss[];
}

/**
 * Compares the record of a new backup with that of the previous one. Pure.
 *
 * @returns undefined where there is no previous backup, or its record could not be read.
 */
export function comparePrevious(
  found: PreviousBackups | undefined,
  record: BackupRecord,
  policy: LossPolicy,
): Comparison | undefined {
  const [previous] = found?.series.backups ?? [];
  if (!previous || !found?.record) return undefined;
  const { size } = record.file;
  const before = found.record;
  const dumpSeconds = { before: before.dumpSeconds, now: record.dumpSeconds };
  if (!isOpenRecord(before) || !isOpenRecord(record))
    return { previous, size, dumpSeconds, changes: undefined, losses: [] };
  const search = new RowLosses(policy);
  for (const each of [record, before]) search.add(knownRows(each));
  const losses = search.found.map((loss) => ({ ...loss, lastWith: previous }));
  return { previous, size, dumpSeconds, changes: changesBetween(before, record), losses };
}

/** Logs what has changed, in one line, and warns of lost rows. */
export function reportComparison({ previous, changes, losses }: Comparison): void {
  if (changes) log.content(`Changes since ${previous.name}: ${describeChanges(changes)}`);
  if (losses.length === 0) return;
  log.contentWarning(
    `Rows are missing since the previous backup: ${describeLosses(losses)}. ${lossHint(losses)}`,
    'Rows are missing since the previous backup.',
  );
}

/** `1 table shrunk, 2 tables grown, 1 definition changed`; `none`. */
function describeChanges({ tables, definitions, versions, sequences, largeObjects }: Changes): string {
  const kinds = (noun: string, all: readonly { readonly change: string }[]): string[] =>
    [...Map.groupBy(all, ({ change }) => change)].map(
      ([change, those]) => `${count(those.length, noun)} ${change}`,
    );
  const parts = [
    ...kinds('table', tables),
    ...kinds('definition', definitions),
    ...versions.map(({ name, after }) => `${name} is ${after}`),
    ...(sequences ? ['values of sequences'] : []),
    ...(largeObjects ? ['large objects'] : []),
  ];
  return parts.length === 0 ? 'none' : parts.join(', ');
}
