import { UserError } from '../errors.ts';
import { bytes, minute } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { MOST_CLOCK_DIFFERENCE_MS, type Series, type StoredBackup } from '../storage/store.ts';
import { whereElse } from '../storage/series-hints.ts';
import { sampled } from '../history/series-records.ts';
import type { RowLoss } from '../history/row-losses.ts';
import { type PruneDecision, type PrunePolicy, applyPolicy } from './policy.ts';

/** A stored backup, and the decision about it. */
export type PlannedBackup = PruneDecision<{
  readonly takenAt: Date;
  readonly stored: StoredBackup;
}>;

/** What keeps a backup that contains rows which the later ones have lost. */
export const LOST_ROWS = 'lost rows';

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

/** What keeps a backup that is to be deleted, and is not compared with the others yet. */
export const NOT_COMPARED = 'not compared yet';
/** GitHub answers 1,000 requests an hour; each record takes one, and each deletion two. */
const MOST_COMPARED = 250;

/**
 * The backups whose rows are compared before anything is deleted: those to be deleted, the newest first, and what is left in the
 * others, of which some are enough.
 */
export function toCompare(plan: readonly PlannedBackup[]): readonly PlannedBackup[] {
  const isDue = ({ keptBy }: PlannedBackup): boolean => keptBy.length === 0;
  const compared = new Set([
    ...plan.filter(isDue).slice(0, MOST_COMPARED),
    ...sampled(plan.filter((decision) => !isDue(decision))),
  ]);
  return plan.filter((decision) => compared.has(decision));
}

/**
 * The plan with the last backup from before each loss kept, whatever the policy says: nobody may have noticed the loss yet. What was not
 * compared is kept too, until the next prune.
 *
 * @param losses of the backups that were compared.
 */
export function keepLostRows(
  plan: readonly PlannedBackup[],
  compared: readonly PlannedBackup[],
  losses: readonly RowLoss[],
): readonly PlannedBackup[] {
  const needed = new Set(losses.map(({ lastWith }) => compared[lastWith]));
  const known = new Set(compared);
  return plan.map((decision) => {
    const { keptBy } = decision;
    if (needed.has(decision)) return { ...decision, keptBy: [...keptBy, LOST_ROWS] };
    return keptBy.length > 0 || known.has(decision) ? decision : { ...decision, keptBy: [NOT_COMPARED] };
  });
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
