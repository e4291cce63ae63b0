import { UserError, cancelledOr } from '../../errors.ts';
import { UnexpectedResponse } from '../../github/json.ts';
import { type Bounds, retryTransient, reasonOf } from '../../runner/retry-policy.ts';
import { type ArtifactClient, ServiceRefusal, contentOf, runService } from './artifact-client.ts';
import { contentChunks, sha256Of } from '../content-chunks.ts';
import { WrongLength } from '../exact-length.ts';
import { signedContent } from './signed-url.ts';

/** An artifact of this job, and the file that was verified before it was uploaded. */
export interface UploadedFile {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/**
 * Reads the stored artifact back from the service, and compares it with the verified file. Nothing is written to
 * the disk.
 *
 * A storage that never responds takes four times 20 s and 7 s of pauses; so does a service.
 *
 * @throws UserError with the reason; the signal's reason. The artifact must be deleted then: one that was not read back must not
 *   look like a backup.
 */
export async function verifyStoredCopy(
  file: UploadedFile,
  env: NodeJS.ProcessEnv,
  bounds: Bounds,
): Promise<void> {
  try {
    const service = runService(env, bounds);
    if (!service) throw new UnexpectedResponse('the token of this job contains no run');
    await retryTransient('The stored copy', bounds, () => compare(service, file, bounds));
  } catch (error) {
    throw cancelledOr(bounds.signal, () => notReadBack(file.name, error));
  }
}

async function compare(
  service: ArtifactClient,
  { name, size, sha256 }: UploadedFile,
  bounds: Bounds,
): Promise<void> {
  try {
    const content = signedContent(await addressOf(service, name));
    if ((await sha256Of(contentChunks(content, size, bounds))) === sha256) return;
  } catch (error) {
    if (!(error instanceof WrongLength)) throw error;
  }
  throw new UserError(
    'stored-copy-differs',
    `The artifact ${name} differs from the verified file: its size or SHA-256 is not the same.`,
    'Run the job again; if the error persists, the data is damaged in transit or in the storage.',
  );
}

/** Right after finalizing an artifact, the service may not find it yet: that is not a refusal. */
async function addressOf(service: ArtifactClient, name: string): Promise<string> {
  try {
    return await contentOf(service, name, service.job);
  } catch (error) {
    const cause = Error.isError(error) ? error.cause : undefined;
    if (cause instanceof ServiceRefusal && cause.status === 404) throw new UnexpectedResponse(cause.message);
    throw error;
  }
}

function notReadBack(name: string, error: unknown): UserError {
  if (error instanceof UserError && error.code === 'stored-copy-differs') return error;
  return new UserError(
    'storage',
    `The artifact ${name} could not be read back after the upload: ${reasonOf(error)}.`,
    'The artifact service may have an outage (githubstatus.com). Run the job again.',
    { cause: error },
  );
}
