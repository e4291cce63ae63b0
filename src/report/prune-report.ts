import type { RunnerEnvironment } from '../inputs/runner-environment.ts';
import type { PruneDecision, PrunePolicy } from '../lifecycle/prune-plan.ts';
import { bytes, count } from '../log/format.ts';
import { log } from '../log/log.ts';
import type { StoredBackup } from '../store/stored-artifact.ts';
import type { Durations } from './contents.ts';
import { RedResult } from './failure.ts';
import { finish } from './finish.ts';
import { pruneSummary } from './prune-summary.ts';

/** A backup, and what becomes of it. */
export type PlannedBackup = PruneDecision<{
  readonly id: number;
  readonly takenAt: Date;
  readonly stored: StoredBackup;
}>;

/** A backup that should have gone and is still there. */
export interface FailedDeletion {
  readonly stored: StoredBackup;
  readonly reason: string;
  readonly hint: string;
}

/** Everything there is to tell about a prune. */
export interface PruneReport extends Durations {
  readonly backupName: string;
  readonly policy: PrunePolicy;
  readonly minimum: number;
  /** A decision for each backup, the newest first. */
  readonly plan: readonly PlannedBackup[];
  readonly dryRun: boolean;
  readonly failures: readonly FailedDeletion[];
  readonly runner: Pick<RunnerEnvironment, 'serverUrl' | 'repository'>;
  readonly now: Date;
}

/** How many names one annotation holds; the log and the summary have them all. */
const MOST_NAMED = 20;

/**
 * Tells what a prune has done, or what it would do: outputs, summary, log.
 *
 * @throws RedResult when something could not be deleted, with the same outputs and summary.
 */
export async function reportPrune(report: PruneReport): Promise<void> {
  const { failures, phases, totalMs, dryRun } = report;
  const outcome = outcomeOf(report);
  const outputs = {
    kept: JSON.stringify(outcome.kept.map(({ name }) => name)),
    deleted: JSON.stringify(outcome.deleted.map(({ name }) => name)),
    'freed-bytes': String(outcome.freedBytes),
  };
  const summary = pruneSummary(report, outcome);
  const [failure] = failures;
  if (failure) throw new RedResult(verdict(report), failure.hint, { outputs, summary });
  const words = `${count(outcome.kept.length, 'backup')} kept, ${outcome.deleted.length} deleted, ${bytes(outcome.freedBytes)} freed`;
  log.info(dryRun ? `Dry run, nothing was deleted. It would be: ${words}` : words);
  await finish({ outputs, summary, phases, totalMs });
}

/** What a prune leaves, and what it takes away; in a dry run, what it would. */
export interface PruneOutcome {
  readonly kept: readonly StoredBackup[];
  readonly deleted: readonly StoredBackup[];
  readonly freedBytes: number;
}

function outcomeOf({ plan, failures }: PruneReport): PruneOutcome {
  const failed = new Set(failures.map(({ stored }) => stored.id));
  const stays = ({ keptBy, backup }: PlannedBackup): boolean => keptBy.length > 0 || failed.has(backup.id);
  const deleted = plan.filter((decision) => !stays(decision)).map(({ backup }) => backup.stored);
  return {
    kept: plan.filter(stays).map(({ backup }) => backup.stored),
    deleted,
    freedBytes: deleted.reduce((sum, { size }) => sum + size, 0),
  };
}

function verdict({ backupName, plan, failures }: PruneReport): string {
  const due = plan.filter(({ keptBy }) => keptBy.length === 0).length;
  const named = failures.slice(0, MOST_NAMED).map(({ stored }) => stored.name);
  const more = failures.length > named.length ? ` and ${failures.length - named.length} more` : '';
  const reasons = [...new Set(failures.map(({ reason }) => reason))].slice(0, 3);
  return `${backupName}: ${failures.length} of ${count(due, 'backup')} could not be deleted: ${named.join(', ')}${more}. ${reasons.join(' ')}`;
}
