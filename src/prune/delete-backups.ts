import { UserError, messageOf } from '../errors.ts';
import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { GitHubRefusal, RateLimited } from '../github/github-failure.ts';
import type { BackupReader, Series, StoredBackup } from '../storage/store.ts';
import { isLeftOver } from '../storage/unfinished.ts';

/** The state after a failed prune, in one sentence; it changes as the prune goes on. */
export interface FailureImpact {
  words: string;
}

/** A backup that could not be deleted. */
export interface FailedDeletion {
  readonly stored: StoredBackup;
  readonly reason: string;
  readonly hint: string;
}

/** Those of a plan that were not deleted; the others were. */
export interface Deletions {
  readonly failures: readonly FailedDeletion[];
  /** Those that the store keeps: by a lock, a retention period or a legal hold. */
  readonly retained: readonly StoredBackup[];
}

/** After this many failures in a row that are not specific to one artifact, the others would fail too. */
const MOST_FAILURES_IN_A_ROW = 3;

/** Deletes the oldest first, so that an interruption leaves the most recent ones. It continues after a failure. */
export async function deleteAll(
  store: BackupReader,
  toDelete: readonly StoredBackup[],
  impact: FailureImpact,
  signal: AbortSignal,
): Promise<Deletions> {
  const failures: FailedDeletion[] = [];
  const retained: StoredBackup[] = [];
  let deleted = 0;
  let inARow = 0;
  for (const stored of toDelete.toReversed()) {
    const last = failures.at(-1);
    if (last && inARow >= MOST_FAILURES_IN_A_ROW) {
      failures.push({ ...last, stored });
      continue;
    }
    try {
      await store.remove(stored);
      log.info(`Deleted ${stored.name} (${bytes(stored.size)})`);
      inARow = 0;
      deleted += 1;
      impact.words = `${deleted} of ${toDelete.length} backups were deleted; the others still exist.`;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      if (error.code === 'retained') {
        log.info(`${stored.name} is retained: ${error.message}`);
        retained.push(stored);
        inARow = 0;
        continue;
      }
      log.info(`${stored.name} could not be deleted: ${messageOf(error)}`);
      failures.push({ stored, reason: error.message, hint: error.hint });
      if (error instanceof RateLimited) inARow = MOST_FAILURES_IN_A_ROW;
      else inARow = isOfOneArtifact(error) ? 0 : inARow + 1;
    }
  }
  return { failures, retained };
}

/** Removes what interrupted jobs have left unfinished; a failure is only a warning, as it is no backup. */
export async function removeLeftOvers(
  store: BackupReader,
  { unfinished }: Series,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const file of unfinished.filter((each) => isLeftOver(each, new Date()))) {
    if (dryRun) {
      log.info(`delete  ${file.name}  ${bytes(file.size)}: unfinished`);
      continue;
    }
    try {
      await store.remove(file);
      log.info(`Deleted ${file.name}: unfinished for more than a day`);
    } catch (error) {
      signal.throwIfAborted();
      const why = `${file.name} is unfinished and could not be deleted: ${messageOf(error)}`;
      // What is retained can be deleted some day.
      if (error instanceof UserError && error.code === 'retained') log.info(why);
      else log.warning(why);
    }
  }
}

/** Whether GitHub refused this deletion only; with a token that lacks the permission, it refuses all. */
function isOfOneArtifact(error: UserError): boolean {
  return error instanceof GitHubRefusal && error.status !== 401 && error.status !== 403;
}
