import { UserError } from '../errors.ts';
import { bytes, minute } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { MOST_CLOCK_DIFFERENCE_MS, type Series, type StoredBackup } from '../storage/store.ts';
import { whereElse } from '../storage/series-hints.ts';
import { type PruneDecision, type PrunePolicy, applyPolicy } from './policy.ts';

/** A stored backup, and the decision about it. */
export type PlannedBackup = PruneDecision<{
  readonly takenAt: Date;
  readonly stored: StoredBackup;
}>;

/**
 * A decision for each backup of a series, the newest first.
 *
 * @throws UserError when one is dated in the future: it would be kept instead of the real newest ones.
 */
export function planPrune(
  { backups }: Series,
  policy: PrunePolicy,
  minimum: number,
  now: Date,
): readonly PlannedBackup[] {
  const ahead = backups.find(
    ({ createdAt }) => createdAt.getTime() - now.getTime() > MOST_CLOCK_DIFFERENCE_MS,
  );
  if (ahead) throw ofTheFuture(ahead);
  return applyPolicy(backups.map(asPlanned), policy, minimum);
}

function ofTheFuture({ name, createdAt }: StoredBackup): UserError {
  return new UserError(
    'storage',
    `The backup ${name} is dated in the future (${minute(createdAt)}), so it is not known which backups are the newest.`,
    'Correct the clock of this runner, if that is wrong. Otherwise, delete that backup by hand: the clock of the machine that made it was wrong, or it was forged.',
  );
}

/** By the time that a restore takes the latest one by, so that these two always agree. */
function asPlanned(stored: StoredBackup): { takenAt: Date; stored: StoredBackup } {
  return { takenAt: stored.createdAt, stored };
}

/** Logs the plan, before anything is deleted. */
export async function logPlan(series: Series, plan: readonly PlannedBackup[]): Promise<void> {
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
