import type { PruneInputs } from './prune-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { prunePlan } from './policy.ts';
import { UserError, messageOf } from '../errors.ts';
import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { startStopwatch } from '../runner/stopwatch.ts';
import { whereElse } from '../storage/series-hints.ts';
import { reportPrune } from './prune-report.ts';
import type { FailedDeletion, PlannedBackup } from './prune-summary.ts';
import { deleteArtifact } from '../storage/artifact/delete-artifact.ts';
import { type GitHubApi, connectToGitHub } from '../github/github-api.ts';
import { GitHubRefusal, RateLimited } from '../github/github-failure.ts';
import { type Series, findSeries } from '../storage/artifact/series.ts';
import type { StoredBackup } from '../storage/artifact/stored-artifact.ts';

/** What a prune that failed leaves behind, in one sentence; it changes as the prune goes on. */
export interface FailureImpact {
  words: string;
}

export const NOTHING_DELETED = 'Nothing was deleted.';

/** After this many failures in a row that are not specific to one artifact, the others would fail too. */
const MOST_FAILURES_IN_A_ROW = 3;

/**
 * The prune job: list the backups of a series, plan, delete, report. A backup that is uploaded meanwhile is not in the plan, and
 * so is not deleted.
 *
 * @throws FailedResult when something could not be deleted; UserError when the backups cannot be listed; the signal's reason.
 */
export async function prune(
  { backupName, repository, token, policy, minimum, dryRun }: PruneInputs,
  runner: RunnerEnvironment,
  impact: FailureImpact,
  signal: AbortSignal,
): Promise<void> {
  const stopwatch = startStopwatch();
  const api = await connectToGitHub({ repository, isOwnRepository: true, token, env: process.env, signal });
  const permission = dryRun ? 'read' : 'write';
  const series = await stopwatch.time('List', () => findSeries(api, backupName, permission));
  const plan = prunePlan(series.backups.map(asPlanned), policy, minimum);
  await logPlan(series, plan);
  const toDelete = plan.filter(({ keptBy }) => keptBy.length === 0).map(({ backup }) => backup.stored);
  const failures = dryRun
    ? []
    : await stopwatch.time('Delete', () => deleteAll(api, toDelete, impact, signal));
  await reportPrune({
    backupName,
    ignored: series.ignored,
    policy,
    minimum,
    plan,
    dryRun,
    failures,
    runner,
    now: new Date(),
    phases: stopwatch.phases,
    totalMs: stopwatch.total(),
  });
}

/**
 * By the clock of the artifact service, like the latest backup of a restore: so that these two always agree, and no
 * name can claim to be the newest.
 */
function asPlanned(stored: StoredBackup): { id: number; takenAt: Date; stored: StoredBackup } {
  return { id: stored.id, takenAt: stored.createdAt, stored };
}

async function logPlan(series: Series, plan: readonly PlannedBackup[]): Promise<void> {
  const { backupName, lookedAt } = series;
  if (plan.length === 0) {
    log.warning(`backup-name: there is no backup of ${backupName} to prune. ${whereElse(series)}`);
    return;
  }
  if (lookedAt !== undefined) {
    log.warning(
      `Only the newest ${lookedAt} artifacts of the repository were searched: older backups are not pruned.`,
    );
  }
  await log.group(`The plan for ${backupName}`, () => {
    for (const { backup, keptBy } of plan) {
      const verb = keptBy.length > 0 ? 'keep  ' : 'delete';
      const why = keptBy.length > 0 ? `: ${keptBy.join(', ')}` : '';
      log.info(`${verb}  ${backup.stored.name}  ${bytes(backup.stored.size)}${why}`);
    }
    return Promise.resolve();
  });
}

/** Deletes the oldest first, so that an interruption leaves the most recent ones. It continues after a failure. */
async function deleteAll(
  api: GitHubApi,
  toDelete: readonly StoredBackup[],
  impact: FailureImpact,
  signal: AbortSignal,
): Promise<readonly FailedDeletion[]> {
  const failures: FailedDeletion[] = [];
  let deleted = 0;
  let inARow = 0;
  for (const stored of toDelete.toReversed()) {
    const last = failures.at(-1);
    if (last && inARow >= MOST_FAILURES_IN_A_ROW) {
      failures.push({ ...last, stored });
      continue;
    }
    try {
      await deleteArtifact(api, stored.id);
      log.info(`Deleted ${stored.name} (${bytes(stored.size)})`);
      inARow = 0;
      deleted += 1;
      impact.words = `${deleted} of ${toDelete.length} backups were deleted; the others still exist.`;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      log.info(`${stored.name} could not be deleted: ${messageOf(error)}`);
      failures.push({ stored, reason: error.message, hint: error.hint });
      if (error instanceof RateLimited) inARow = MOST_FAILURES_IN_A_ROW;
      else inARow = isOfOneArtifact(error) ? 0 : inARow + 1;
    }
  }
  return failures;
}

/** Whether GitHub refused this deletion only; with a token that lacks the permission, it refuses all. */
function isOfOneArtifact(error: UserError): boolean {
  return error instanceof GitHubRefusal && error.status !== 401 && error.status !== 403;
}
