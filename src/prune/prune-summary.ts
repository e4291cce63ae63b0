import type { FailedDeletion } from './delete-backups.ts';
import type { PrunePolicy } from './policy.ts';
import type { PlannedBackup } from './prune-plan.ts';
import { bytes, count, minute } from '../runner/format.ts';
import type { StoredBackup } from '../storage/store.ts';
import { catalogue, catalogueEntry, nameOf } from '../storage/catalogue.ts';
import { type Durations, formatDurations } from '../runner/durations.ts';
import { code, escaped, table } from '../runner/markdown.ts';

/** The result of a prune. */
export interface PruneReport extends Durations {
  readonly backupName: string;
  /** What has a name of the series and is no backup, as a sentence. */
  readonly ignored: string | undefined;
  readonly policy: PrunePolicy;
  readonly minimum: number;
  /** A decision for each backup, the newest first. */
  readonly plan: readonly PlannedBackup[];
  /** Of backups whose records were read, by name. */
  readonly rows: ReadonlyMap<string, number>;
  readonly dryRun: boolean;
  readonly failures: readonly FailedDeletion[];
  /** What was to be deleted, and is kept by the store. */
  readonly retained: readonly StoredBackup[];
  readonly now: Date;
}

/** What a prune has kept and deleted; in a dry run, what it would have. */
export interface PruneOutcome {
  readonly kept: readonly StoredBackup[];
  readonly deleted: readonly StoredBackup[];
  readonly freedBytes: number;
}

/** A summary is limited to 1 MiB, and a name to 200 bytes, which escaping makes five times as long; the log has the whole plan. */
const MOST_ROWS = 100;
const DELETED = '**deleted**';

/** The job summary of a prune, as GitHub-flavoured Markdown. After a failure, it follows the error. */
export function pruneSummary(report: PruneReport, { kept, deleted, freedBytes }: PruneOutcome): string {
  const { backupName, ignored, dryRun, failures, policy, minimum, plan, now } = report;
  const done = dryRun ? 'would be deleted' : 'deleted';
  const sections = [
    ...(failures.length > 0 ? [] : [`## ${dryRun ? '🔍' : '✅'} ${headline(report, deleted.length)}`]),
    `**${count(kept.length, 'backup')} kept, ${deleted.length} ${done}, ${bytes(freedBytes)} ${dryRun ? 'would be freed' : 'freed'}.** ` +
      `The policy keeps ${escaped(describePolicy(policy))}, and at least ${count(minimum, 'backup')}; days are counted in UTC.`,
    planTable(report),
    ...(plan.length > MOST_ROWS
      ? [`… and ${plan.length - MOST_ROWS} older ones: the log has the whole plan.`]
      : []),
    catalogue({
      backupName,
      entries: (dryRun ? plan.map(({ backup }) => backup.stored) : kept).map((stored) => ({
        ...catalogueEntry(stored),
        rows: report.rows.get(stored.name),
      })),
      ignored,
      now,
    }),
    `Duration: ${formatDurations(report)}`,
  ];
  return [...sections.filter((section) => section !== ''), ''].join('\n\n');
}

function headline({ backupName, dryRun, retained }: PruneReport, deleted: number): string {
  if (dryRun) return `${code(backupName)}: dry run of a prune`;
  if (deleted === 0 && retained.length > 0) return `${code(backupName)}: nothing could be deleted yet`;
  return deleted === 0
    ? `${code(backupName)}: nothing to delete`
    : `${code(backupName)}: ${count(deleted, 'backup')} deleted`;
}

function planTable(report: PruneReport): string {
  const rows = report.plan.slice(0, MOST_ROWS).map((decision) => {
    const { stored } = decision.backup;
    const entry = catalogueEntry(stored);
    const isGone = fate(report, decision) === DELETED;
    return [
      nameOf(isGone ? { ...entry, page: undefined } : entry),
      minute(stored.createdAt),
      bytes(stored.size),
      fate(report, decision),
    ];
  });
  return rows.length === 0
    ? ''
    : `### Plan\n\n${table(['Backup', 'Created', 'Size', 'Kept by'], rows, ['left', 'left', 'right', 'left'])}`;
}

function fate(report: PruneReport, decision: PlannedBackup): string {
  if (decision.keptBy.length > 0) return decision.keptBy.join(', ');
  if (hasFailed(report, decision)) return '❌ **not deleted**';
  if (report.retained.includes(decision.backup.stored)) return 'the storage: a lock or a retention period';
  return report.dryRun ? '**would be deleted**' : DELETED;
}

function hasFailed({ failures }: PruneReport, { backup }: PlannedBackup): boolean {
  return failures.some(({ stored }) => stored === backup.stored);
}

/** The rules as text: `the last 3, 7 daily, all within 2y of the newest`. */
function describePolicy({ last, within, ...buckets }: PrunePolicy): string {
  const period =
    within &&
    Object.entries({ y: within.years, m: within.months, d: within.days, h: within.hours })
      .filter(([, number]) => number > 0)
      .map(([unit, number]) => `${number}${unit}`)
      .join('');
  return [
    ...(last === undefined ? [] : [`the last ${last}`]),
    ...Object.entries(buckets).flatMap(([name, number]) =>
      number === undefined ? [] : [`${number} ${name}`],
    ),
    ...(period === undefined ? [] : [`all within ${period} of the newest`]),
  ].join(', ');
}
