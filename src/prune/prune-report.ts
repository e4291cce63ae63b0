import { bytes, count, someOf } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { FailedResult } from '../runner/failure-report.ts';
import { finish } from '../runner/finish.ts';
import { type PlannedBackup, type PruneOutcome, type PruneReport, pruneSummary } from './prune-summary.ts';

/** How many names the annotation lists; the log and the summary list them all. */
const MOST_NAMED = 20;

/**
 * Reports what a prune has done, or what it would do: outputs, summary, log.
 *
 * @throws FailedResult when something could not be deleted, with the same outputs and summary.
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
  if (failure) throw new FailedResult(verdict(report), failure.hint, { outputs, summary });
  const words = `${count(outcome.kept.length, 'backup')} kept, ${outcome.deleted.length} deleted, ${bytes(outcome.freedBytes)} freed`;
  log.info(dryRun ? `Dry run, nothing was deleted. A prune would have: ${words}` : words);
  await finish({ outputs, summary, phases, totalMs });
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
  const named = failures.map(({ stored }) => stored.name);
  const reasons = [...new Set(failures.map(({ reason }) => reason))].slice(0, 3);
  return `${backupName}: ${failures.length} of ${count(due, 'backup')} could not be deleted: ${someOf(named, MOST_NAMED)}. ${reasons.join(' ')}`;
}
