import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type Complaint, type FreshnessPolicy, ageOf } from './freshness.ts';
import { ageInWords, bytes, count } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { Series } from '../storage/artifact/series.ts';
import type { StoredBackup } from '../storage/artifact/stored-artifact.ts';
import { catalogue, catalogueEntry } from '../storage/catalogue.ts';
import { complaintInWords } from './check-text.ts';
import type { Durations } from '../runner/durations.ts';
import { FailedResult } from '../runner/failure-report.ts';
import { finish } from '../runner/finish.ts';
import { code } from '../runner/markdown.ts';
import { whereElse } from '../storage/series-hints.ts';

/** The result of a check. */
export interface CheckReport extends Durations {
  readonly series: Series;
  /** Empty when everything is in order. */
  readonly complaints: readonly Complaint[];
  readonly policy: FreshnessPolicy;
  readonly runner: Pick<RunnerEnvironment, 'serverUrl' | 'repository'>;
  readonly now: Date;
}

/**
 * Reports the result of a check: outputs, summary, log.
 *
 * @throws FailedResult when something is wrong, with the same outputs and the catalogue.
 */
export async function reportCheck(report: CheckReport): Promise<void> {
  const { complaints, phases, totalMs } = report;
  const outputs = outputsOf(report);
  const series = catalogueOf(report);
  if (complaints.length > 0) {
    throw new FailedResult(verdict(report), hint(report), { outputs, summary: `${series}\n` });
  }
  log.info(goodNews(report));
  await finish({
    outputs,
    summary: `## ✅ The backups of ${code(report.series.backupName)} are in order\n\n${series}\n`,
    phases,
    totalMs,
  });
}

function outputsOf({ series: { backups }, now }: CheckReport): Record<string, string> {
  const [newest] = backups;
  return {
    newest: newest?.name ?? '',
    'age-seconds': newest ? String(Math.round(ageOfBackup(newest, now) / 1000)) : '',
    count: String(backups.length),
    'total-bytes': String(totalBytes(backups)),
  };
}

function catalogueOf({ series: { backupName, backups, ignored }, runner, now }: CheckReport): string {
  const entries = backups.map((backup) => catalogueEntry(backup, runner));
  return catalogue({ backupName, entries, ignored, now });
}

function verdict({ series: { backupName }, complaints }: CheckReport): string {
  return `${backupName}: ${complaints.map(complaintInWords).join('; ')}.`;
}

function hint({ series, complaints }: CheckReport): string {
  const kinds = new Set(complaints.map(({ kind }) => kind));
  return [
    ...(kinds.has('none')
      ? [
          `Check that backup-name is spelled as in the backup's workflow, and that this workflow runs. ${whereElse(series)}`,
        ]
      : []),
    ...(kinds.has('clock')
      ? [
          'Set that clock: by more than an hour of difference no age can be told. A new backup then puts it right.',
        ]
      : []),
    ...(kinds.has('too-old')
      ? ['Check the last runs of the backup: its schedule may be disabled, late or failing.']
      : []),
    ...(kinds.has('too-few') ? ['Check retention-days of the backup, and the workflow that prunes it.'] : []),
    ...(kinds.has('shrunk')
      ? [
          'Check what is missing in the backup; if that is intended, the next backup is compared with this one.',
        ]
      : []),
  ].join(' ');
}

function goodNews({ series: { backupName, backups }, now }: CheckReport): string {
  const [newest] = backups;
  const age = newest ? `, the newest ${ageInWords(ageOfBackup(newest, now))} old` : '';
  return `${backupName}: ${count(backups.length, 'backup')}, ${bytes(totalBytes(backups))} in all${age}`;
}

function ageOfBackup({ backup: { takenAt }, createdAt }: StoredBackup, now: Date): number {
  return ageOf({ takenAt, createdAt }, now);
}

function totalBytes(backups: readonly StoredBackup[]): number {
  return backups.reduce((sum, { size }) => sum + size, 0);
}
