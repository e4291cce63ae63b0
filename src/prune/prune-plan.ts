import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { Series, StoredBackup } from '../storage/store.ts';
import { whereElse } from '../storage/series-hints.ts';
import { type PruneDecision, type PrunePolicy, applyPolicy } from './policy.ts';

/** A stored backup, and the decision about it. */
export type PlannedBackup = PruneDecision<{
  readonly takenAt: Date;
  readonly stored: StoredBackup;
}>;

/** A decision for each backup of a series, the newest first. */
export function planPrune(
  { backups }: Series,
  policy: PrunePolicy,
  minimum: number,
): readonly PlannedBackup[] {
  return applyPolicy(backups.map(asPlanned), policy, minimum);
}

/**
 * By the clock of the store, like the latest backup of a restore: so that these two always agree, and no
 * name can claim to be the newest.
 */
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
