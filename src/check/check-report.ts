import { lossHint } from '../history/loss-text.ts';
import { totalRows } from '../history/row-losses.ts';
import { type Complaint, ageOf } from './freshness.ts';
import { formatAge, bytes, count } from '../runner/format.ts';
import type { Series, StoredBackup } from '../storage/store.ts';
import { catalogue, catalogueEntry } from '../storage/catalogue.ts';
import { describeComplaint } from './check-text.ts';
import { code } from '../runner/markdown.ts';
import { type HistoryPoint, rowHistory } from './row-history.ts';
import { whereElse } from '../storage/series-hints.ts';

/** The result of a check. */
export interface CheckReport {
  readonly series: Series;
  /** Empty when everything is in order. */
  readonly complaints: readonly Complaint[];
  /** The backups whose records were read, the newest first. */
  readonly history: readonly HistoryPoint[];
  readonly now: Date;
}

/** The summary of a check; after a failure, it follows the error. */
export function checkSummary({ series, complaints, history, now }: CheckReport): string {
  const { backupName, backups, ignored } = series;
  const known = new Map(history.map(({ name, rows }) => [name, rows]));
  const entries = backups.map((backup) => {
    const rows = known.get(backup.name);
    return { ...catalogueEntry(backup), rows: rows && totalRows(rows) };
  });
  const heading = complaints.length > 0 ? '' : `## ✅ The backups of ${code(backupName)} are in order\n\n`;
  const sections = [catalogue({ backupName, entries, ignored, now }), rowHistory(history)];
  return `${heading}${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** The outputs of a check, also of one that fails. */
export function checkOutputs({ series: { backups }, now }: CheckReport): Record<string, string> {
  const [newest] = backups;
  return {
    newest: newest?.name ?? '',
    'age-seconds': newest ? String(Math.round(ageOfBackup(newest, now) / 1000)) : '',
    count: String(backups.length),
    'total-bytes': String(totalBytes(backups)),
  };
}

/** What is wrong and what to do; undefined when everything is in order. */
export function checkProblem(
  report: CheckReport,
): { readonly message: string; readonly hint: string } | undefined {
  const { series, complaints } = report;
  if (complaints.length === 0) return undefined;
  const message = `${series.backupName}: ${complaints.map(describeComplaint).join('; ')}.`;
  return { message, hint: hint(report) };
}

function hint({ series, complaints }: CheckReport): string {
  const kinds = new Set(complaints.map(({ kind }) => kind));
  return [
    ...(kinds.has('none')
      ? [
          `Check that backup-name is spelled as in the backup's workflow, and that this workflow runs. ${whereElse(series)}`,
        ]
      : []),
    ...(kinds.has('clock') ? [clockHint(series)] : []),
    ...(kinds.has('too-old')
      ? ['Check the last runs of the backup: its schedule may be disabled, late or failing.']
      : []),
    ...(kinds.has('too-few') ? ['Check retention-days of the backup, and the workflow that prunes it.'] : []),
    ...(kinds.has('shrunk')
      ? [
          'Check what is missing in the backup; if that is intended, the next backup is compared with this one.',
        ]
      : []),
    ...complaints.flatMap((complaint) =>
      complaint.kind === 'rows-lost' ? [lossHint(complaint.losses)] : [],
    ),
  ].join(' ');
}

function clockHint({ backups: [newest] }: Series): string {
  const then =
    newest?.location.kind === 'artifact'
      ? 'A new backup then puts it right.'
      : 'Then delete that backup and its record: by the time in its name, it stays the newest.';
  return `Set that clock: by more than an hour of difference no age can be told. ${then}`;
}

/** The result of a check that found everything in order, as a line for the log. */
export function goodNews({ series: { backupName, backups }, now }: CheckReport): string {
  const [newest] = backups;
  const age = newest ? `, the newest ${formatAge(ageOfBackup(newest, now))} old` : '';
  return `${backupName}: ${count(backups.length, 'backup')}, ${bytes(totalBytes(backups))} in all${age}`;
}

function ageOfBackup({ backup: { takenAt }, createdAt }: StoredBackup, now: Date): number {
  return ageOf({ takenAt, createdAt }, now);
}

function totalBytes(backups: readonly StoredBackup[]): number {
  return backups.reduce((sum, { size }) => sum + size, 0);
}
