import type { PruneInputs } from './prune-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { startStopwatch } from '../runner/stopwatch.ts';
import { type FailureImpact, deleteAll, removeLeftOvers } from './delete-backups.ts';
import { type PlannedBackup, keepLostRows, logPlan, planPrune, toCompare } from './prune-plan.ts';
import { deletionProblem, describeOutcome, outcomeOf, pruneOutputs } from './prune-report.ts';
import { pruneSummary } from './prune-summary.ts';
import { FailedResult } from '../runner/failure-report.ts';
import { finish } from '../runner/finish.ts';
import { log } from '../runner/log.ts';
import { describeLosses, lossHint, withBackups } from '../history/loss-text.ts';
import { type LossPolicy, RowLosses, totalRows } from '../history/row-losses.ts';
import { type RecordReader, rowsOfBackups } from '../history/series-records.ts';
import type { BackupReader } from '../storage/store.ts';
import { openStore } from '../storage/open-store.ts';

export const NOTHING_DELETED = 'Nothing was deleted.';

/**
 * The prune job: list the backups of a series, plan, delete, report. A backup that is uploaded meanwhile is not in the plan, and
 * so is not deleted.
 *
 * @throws FailedResult when something could not be deleted; UserError when the backups cannot be listed; the signal's reason.
 */
export async function prune(
  { backupName, source, policy, minimum, losses, dryRun, githubToken }: PruneInputs,
  runner: RunnerEnvironment,
  impact: FailureImpact,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  const store = openStore(source, { runner, permission: dryRun ? 'read' : 'write', signal });
  const series = await stopwatch.time('List', () => store.list(backupName));
  const now = new Date();
  const reader = { action: 'prune', repository: runner.repository, githubToken, signal };
  const byPolicy = planPrune(series, policy, minimum, now);
  const { plan, rows } = await stopwatch.time('Records', () => withLostRows(store, byPolicy, losses, reader));
  await logPlan(series, plan);
  const toDelete = plan.filter(({ keptBy }) => keptBy.length === 0).map(({ backup }) => backup.stored);
  const deletions = dryRun
    ? { failures: [], retained: [] }
    : await stopwatch.time('Delete', () => deleteAll(store, toDelete, impact, signal));
  await removeLeftOvers(store, series, dryRun, signal);
  const durations = { phases: stopwatch.phases, totalMs: stopwatch.total() };
  const { ignored } = series;
  const report = {
    backupName,
    ignored,
    policy,
    minimum,
    plan,
    rows,
    dryRun,
    ...deletions,
    now,
    ...durations,
  };
  const outcome = outcomeOf(report);
  const result = { outputs: pruneOutputs(outcome), summary: pruneSummary(report, outcome) };
  const problem = deletionProblem(report);
  if (problem) throw new FailedResult(problem.message, problem.hint, result);
  log.info(describeOutcome(outcome, report));
  await finish({ ...result, ...durations });
}

/** A plan, and the rows of those backups whose records were read, by name. */
interface PlanWithRows {
  readonly plan: readonly PlannedBackup[];
  readonly rows: ReadonlyMap<string, number>;
}

/** Keeps what contains rows that were lost since. */
async function withLostRows(
  store: BackupReader,
  plan: readonly PlannedBackup[],
  policy: LossPolicy,
  reader: RecordReader,
): Promise<PlanWithRows> {
  const known = new Map<string, number>();
  const isAsked = policy.maximumRowLoss < 1 && plan.some(({ keptBy }) => keptBy.length === 0);
  if (!isAsked) return { plan, rows: known };
  const compared = toCompare(plan);
  const backups = compared.map(({ backup }) => backup.stored);
  const search = new RowLosses(policy);
  let place = 0;
  for await (const rows of rowsOfBackups(store, backups, reader)) {
    search.add(rows);
    const name = backups[place++]?.name;
    if (rows && name !== undefined) known.set(name, totalRows(rows.tables));
  }
  const saved = search.found.filter(({ lastWith }) => compared[lastWith]?.keptBy.length === 0);
  if (saved.length > 0) {
    const losses = withBackups(saved, backups);
    log.warning(`Kept because of lost rows: ${describeLosses(losses)}. ${lossHint(losses)}`);
  }
  const rows = log.withholdsContent ? new Map<string, number>() : known;
  return { plan: keepLostRows(plan, compared, search.found), rows };
}
