import { UserError, cancelledOr } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { OddAnswer } from '../../github/json.ts';
import { type Bounds, persistently, reasonOf } from '../../runner/retry-policy.ts';
import { type RunService, ServiceRefusal, contentOf, runService } from './artifact-client.ts';
import { LongerContent, transfer } from './transfer.ts';
import { afterWithdrawal, noteUnproven, withdraw } from './withdraw.ts';

/** An artifact of this job, and the file that was proven before it was uploaded. */
export interface UploadedFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/**
 * Reads the stored artifact back from the service, and compares it with the file that was proven. Nothing is written to
 * the disk. If it is something else, cannot be had, or the job is cancelled meanwhile, the artifact is deleted: what
 * nobody has read back must not look like a backup.
 *
 * Storage that is silent for ever costs four times 20 s and 7 s of pauses; so does a service.
 *
 * @throws UserError that says what was wrong, and whether the artifact is gone; the signal's reason.
 */
export async function proveStoredCopy(
  file: UploadedFile,
  env: NodeJS.ProcessEnv,
  bounds: Bounds,
): Promise<void> {
  try {
    const service = runService(env, bounds);
    if (!service) throw new OddAnswer('the token of this run names no run');
    await persistently('The stored copy', bounds, () => compare(service, file, bounds));
    noteUnproven(undefined);
    log.info('Read back from the artifact service: size and SHA-256 are those of the proven file');
  } catch (error) {
    const reason = cancelledOr(bounds.signal, () => unproven(file.name, error));
    throw afterWithdrawal(reason, file.name, await withdraw(file.name, env, bounds.signal));
  }
}

async function compare(
  service: RunService,
  { name, size, sha256 }: UploadedFile,
  bounds: Bounds,
): Promise<void> {
  try {
    const stored = await transfer({ url: await addressOf(service, name), size }, () => undefined, bounds);
    if (stored === sha256) return;
  } catch (error) {
    if (!(error instanceof LongerContent)) throw error;
  }
  throw new UserError(
    'stored-copy-differs',
    `What the artifact service has stored as ${name} is not the file that was proven: its size or SHA-256 differs.`,
    'Run the job again; if it stays so, what is sent is damaged on its way or in the storage.',
  );
}

/** That the service has not heard of an artifact yet which it has just finalized is no refusal. */
async function addressOf(service: RunService, name: string): Promise<string> {
  try {
    return await contentOf(service, name, service.job);
  } catch (error) {
    const cause = Error.isError(error) ? error.cause : undefined;
    if (cause instanceof ServiceRefusal && cause.status === 404) throw new OddAnswer(cause.message);
    throw error;
  }
}

function unproven(name: string, error: unknown): UserError {
  if (error instanceof UserError && error.code === 'stored-copy-differs') return error;
  return new UserError(
    'storage',
    `The artifact ${name} could not be read back after the upload: ${reasonOf(error)}.`,
    'The artifact service may be disturbed (githubstatus.com). Run the job again.',
    { cause: error },
  );
}
