import { bytes, count, someOf } from '../runner/format.ts';
import type { PlannedBackup } from './prune-plan.ts';
import type { PruneOutcome, PruneReport } from './prune-summary.ts';

/** How many names the annotation lists; the log and the summary list them all. */
const MOST_NAMED = 20;

/** The outputs of a prune, also of one that fails. */
export function pruneOutputs({ kept, deleted, freedBytes }: PruneOutcome): Readonly<Record<string, string>> {
  return {
    kept: JSON.stringify(kept.map(({ name }) => name)),
    deleted: JSON.stringify(deleted.map(({ name }) => name)),
    'freed-bytes': String(freedBytes),
  };
}

/** The result of a prune without failures, as a line for the log. */
export function describeOutcome(
  { kept, deleted, freedBytes }: PruneOutcome,
  { dryRun, retained }: Pick<PruneReport, 'dryRun' | 'retained'>,
): string {
  const named = someOf(
    retained.map(({ name }) => name),
    MOST_NAMED,
  );
  const because = retained.length === 0 ? '' : ` (${retained.length} retained by the storage: ${named})`;
  const words = `${count(kept.length, 'backup')} kept${because}, ${deleted.length} deleted, ${bytes(freedBytes)} freed`;
  return dryRun ? `Dry run, nothing was deleted. Planned: ${words}` : words;
}

/** What a prune has kept and deleted; in a dry run, what it would have. */
export function outcomeOf({ plan, failures, retained }: PruneReport): PruneOutcome {
  const notDeleted = new Set([...failures.map(({ stored }) => stored), ...retained]);
  const stays = ({ keptBy, backup }: PlannedBackup): boolean =>
    keptBy.length > 0 || notDeleted.has(backup.stored);
  const deleted = plan.filter((decision) => !stays(decision)).map(({ backup }) => backup.stored);
  return {
    kept: plan.filter(stays).map(({ backup }) => backup.stored),
    deleted,
    freedBytes: deleted.reduce((sum, { size }) => sum + size, 0),
  };
}

/** What could not be deleted, and what to do; undefined when everything was. */
export function deletionProblem({
  backupName,
  plan,
  failures,
}: PruneReport): { readonly message: string; readonly hint: string } | undefined {
  const [failure] = failures;
  if (!failure) return undefined;
  const due = plan.filter(({ keptBy }) => keptBy.length === 0).length;
  const named = failures.map(({ stored }) => stored.name);
  const reasons = [...new Set(failures.map(({ reason }) => reason))].slice(0, 3);
  const message = `${backupName}: ${failures.length} of ${count(due, 'backup')} could not be deleted: ${someOf(named, MOST_NAMED)}. ${reasons.join(' ')}`;
  return { message, hint: failure.hint };
}
