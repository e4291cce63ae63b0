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

/** The backups of the series that were made before; undefined when they cannot be listed. */
export type PreviousBackups = Series | undefined;

/** A stored backup whose every fact is known. */
export type AlreadyStored = StoredBackup & { readonly expiresAt: Date; readonly digest: string };

/** A backup of less than this part of the last one is remarked upon. */
const FAR_SMALLER = 0.5;

/**
 * Lists the backups that were made before. A backup does not depend on it: where they cannot be listed, it goes on.
 *
 * @param request.maySkip whether an unchanged database is not to be uploaded: then a failure is a warning.
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
      // A summary that lacks its catalogue is no reason to wait.
      retries: maySkip ? USUAL_RETRIES : FEW_RETRIES,
      signal,
    });
    return await findSeries(api, backupName, 'read');
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const why = `${error.message} ${error.hint}`;
    if (maySkip) {
      log.warning(`if-unchanged: earlier backups cannot be looked at, so this one is uploaded. ${why}`);
    } else log.debug(`Earlier backups cannot be listed: ${why}`);
    return undefined;
  }
}

/** The stored backup that makes the upload of a fresh one needless; undefined when there is none. */
export function storedAlready(earlier: PreviousBackups, fresh: FreshBackup): AlreadyStored | undefined {
  const newest = earlier?.backups[0];
  if (!newest || !isAlreadyStored(newest, fresh, new Date())) return undefined;
  const { expiresAt, digest } = newest;
  return expiresAt === undefined || digest === undefined ? undefined : { ...newest, expiresAt, digest };
}

/** Warns of a backup that is far smaller than the last one: somebody may have deleted what it should hold. */
export function warnOfShrinking(
  earlier: PreviousBackups,
  fresh: { readonly size: number; readonly encrypted: boolean },
): void {
  const last = earlier?.backups[0];
  if (last?.backup.encrypted !== fresh.encrypted || fresh.size >= last.size * FAR_SMALLER) return;
  log.warning(
    `The backup is far smaller than the last one: ${bytes(fresh.size)}, and ${last.name} has ${bytes(last.size)}. Make sure that nothing is missing in the database.`,
  );
}
