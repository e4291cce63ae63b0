import { UserError } from '../errors.ts';
import { ownRepository } from '../github/repository.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { type FreshBackup, isAlreadyStored } from './unchanged.ts';
import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { connectToGitHub } from '../github/github-api.ts';
import { FEW_RETRIES, USUAL_RETRIES } from '../runner/retry-policy.ts';
import { type Series, findSeries } from '../storage/artifact/series.ts';
import type { StoredBackup } from '../storage/artifact/stored-artifact.ts';

/** The stored backups of the same database; undefined when they cannot be listed. */
export type PreviousBackups = Series | undefined;

/** A stored backup with a known expiry and digest. */
export type AlreadyStored = StoredBackup & { readonly expiresAt: Date; readonly digest: string };

/** A backup that is smaller than this part of the previous one causes a warning. */
const FAR_SMALLER = 0.5;

/**
 * Lists the stored backups of the same database. If they cannot be listed, the backup continues without them.
 *
 * @param request.maySkip whether an unchanged database is not uploaded again: then a failure is a warning.
 */
export async function findPreviousBackups(request: {
  readonly backupName: string;
  readonly runner: RunnerEnvironment;
  readonly token: string;
  readonly maySkip: boolean;
  readonly signal: AbortSignal;
}): Promise<PreviousBackups> {
  const { backupName, runner, token, maySkip, signal } = request;
  try {
    const api = await connectToGitHub({
      repository: ownRepository(runner.repository),
      isOwnRepository: true,
      token,
      env: process.env,
      // Only the list in the summary depends on it, which is not worth a long wait.
      retries: maySkip ? USUAL_RETRIES : FEW_RETRIES,
      signal,
    });
    return await findSeries(api, backupName, 'read');
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const why = `${error.message} ${error.hint}`;
    if (maySkip) {
      log.warning(`if-unchanged: the previous backups could not be listed, so this one is uploaded. ${why}`);
    } else log.debug(`The previous backups could not be listed: ${why}`);
    return undefined;
  }
}

/** The stored backup that makes this upload unnecessary; undefined when there is none. */
export function storedAlready(previous: PreviousBackups, fresh: FreshBackup): AlreadyStored | undefined {
  const newest = previous?.backups[0];
  if (!newest || !isAlreadyStored(newest, fresh, new Date())) return undefined;
  const { expiresAt, digest } = newest;
  return expiresAt === undefined || digest === undefined ? undefined : { ...newest, expiresAt, digest };
}

/** Warns of a backup that is far smaller than the previous one: rows may have been deleted by mistake. */
export function warnOfShrinking(
  previous: PreviousBackups,
  fresh: { readonly size: number; readonly encrypted: boolean },
): void {
  const newest = previous?.backups[0];
  if (newest?.backup.encrypted !== fresh.encrypted || fresh.size >= newest.size * FAR_SMALLER) return;
  log.warning(
    `The backup is far smaller than the previous one: ${bytes(fresh.size)}, and ${newest.name} has ${bytes(newest.size)}. Check that nothing is missing in the database.`,
  );
}
