import { UserError } from '../../errors.ts';
import { noteState, savedState } from '../../runner/command-files.ts';
import { log } from '../../runner/log.ts';
import { FEW_RETRIES, reasonOf } from '../../runner/retry-policy.ts';
import { recordName } from '../backup-file-name.ts';
import { ServiceRefusal, runService } from './artifact-client.ts';

/** What happened to an artifact that must not be used as a backup. */
export type Withdrawal =
  { readonly kind: 'deleted' | 'absent' } | { readonly kind: 'left'; readonly why: string };

/** After a cancellation the runner waits for 7.5 s before it sends SIGTERM. */
const PARTING_MS = 5_000;

/**
 * Deletes an artifact of this job that must not be used as a backup. It tries for 21 s, or for 5 s when
 * the job is cancelled.
 *
 * `deleteArtifact` of `@actions/artifact` cannot: it takes no signal, waits three minutes for a call that is not answered
 * and 3 s before it tries again, and tells a refusal by its text alone.
 */
export async function deleteOwnArtifact(
  name: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Withdrawal> {
  const wasAborted = signal.aborted;
  const bounds = { signal: wasAborted ? AbortSignal.timeout(PARTING_MS) : signal, retries: FEW_RETRIES };
  try {
    const service = runService(env, bounds);
    if (!service) return { kind: 'left', why: 'the token of this job contains no run' };
    // The record first: without it, the file is no backup.
    await service.call('DeleteArtifact', { name: recordName(name) }).catch(unlessAbsent);
    await service.call('DeleteArtifact', { name });
    return { kind: 'deleted' };
  } catch (error) {
    if (signal.aborted && !wasAborted) return deleteOwnArtifact(name, env, signal);
    if (error instanceof ServiceRefusal && error.status === 404) return { kind: 'absent' };
    return { kind: 'left', why: reasonOf(error) };
  }
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof ServiceRefusal) || error.status !== 404) throw error;
}

/** The error for an artifact that is still there and must not be used. */
export function notDeleted(name: string, why: string): UserError {
  return new UserError(
    'storage',
    `The artifact ${name} could not be deleted (${why}): do not restore from it.`,
    'Delete the artifact on the page of this run.',
  );
}

/** Adds the result of a withdrawal to its reason. A cancellation is not changed; a warning is logged instead. */
export function afterDeletion(error: unknown, name: string, withdrawal: Withdrawal): unknown {
  if (withdrawal.kind === 'absent') return error;
  const left = withdrawal.kind === 'left' ? notDeleted(name, withdrawal.why) : undefined;
  if (error instanceof UserError) {
    return error.reworded({
      message: (text) => `${text.replace(/\.?$/, '.')} ${left?.message ?? 'The artifact was deleted.'}`,
      hint: (text) => (left ? `${left.hint} ${text}` : text),
      cause: error,
    });
  }
  if (left) log.warning(left.message);
  return error;
}

const UNVERIFIED = 'unverified-artifact';

/** Records for the post step an artifact that was not read back yet; undefined: there is none. */
export function noteUnverified(name: string | undefined): void {
  noteState(UNVERIFIED, name ?? '');
}

/** In the post step: deletes the artifact that a killed job had uploaded and not read back. */
export async function deleteUnverified(env: NodeJS.ProcessEnv): Promise<void> {
  const name = savedState(UNVERIFIED);
  if (name === undefined) return;
  const withdrawal = await deleteOwnArtifact(name, env, new AbortController().signal);
  if (withdrawal.kind === 'deleted') log.info(`Deleted ${name}, which was not read back`);
  else afterDeletion(undefined, name, withdrawal);
}
