import path from 'node:path';
import type { UploadArtifactResponse } from '@actions/artifact';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { collectGarbage } from '../../process/garbage.ts';
import { withBoundedRequests } from './bounded-requests.ts';
import { wholeNumberOf } from '../../github/json.ts';
import { retryTransient, reasonOf } from '../../runner/retry-policy.ts';
import { ServiceRefusal, runService } from './artifact-client.ts';
import { afterDeletion, noteUnverified, deleteOwnArtifact } from './delete-own-artifact.ts';

/** A file that is to become an artifact of this run. */
export interface UploadRequest {
  /** The file; its base name becomes the artifact's name. */
  readonly file: string;
  /** Its verified size in bytes and SHA-256 in hexadecimal. */
  readonly size: number;
  readonly sha256: string;
  readonly retentionDays: number;
  readonly signal: AbortSignal;
}

/** An artifact that the service has finalized. */
export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
}

const COLLECT_EVERY_MS = 250;
/** A request without progress for 45 s is ended. */
const STILLNESS = { lookEveryMs: 15_000, looks: 3 };

/**
 * Uploads one file unzipped, so that the artifact is the file.
 *
 * The client hashes what it sends. If that differs from the verified file, the artifact is deleted again. The stored copy must still
 * be read back (`verifyStoredCopy`).
 *
 * How long failures can last, at most:
 * - A refusal of the service (401, 403, 409, quota) is final. A broken connection to it is retried four times in 7 s,
 *   all other failures five times, with pauses of 36 s in total (`artifact-twirp-client.js` of `@actions/artifact`).
 * - A failure of the storage (500, 503, a broken connection) is retried four times, with pauses of 16 s in total; any other
 *   error is final (`StorageRetryPolicyV2.js` of `@azure/storage-common`).
 * - A request without progress would wait for 3 min at the service and forever at the storage, where the client gives
 *   up when no block of 8 MiB arrives for 5 to 10 min (`blob-upload.js`). It is ended after 45 to 60 s, and counts as
 *   another failure: 5.6 min at the service, 4.3 min at the storage.
 *
 * @throws UserError when the service refuses, cannot be reached, or has something else than the verified file; the signal's
 *   reason.
 */
export async function upload(request: UploadRequest): Promise<StoredArtifact> {
  if (request.size === 0) throw new Error('The archive is empty.');
  const name = path.basename(request.file);
  const asked = new Set<string>();
  const onRequest = (requested: string): void => {
    const call = path.posix.basename(requested);
    if (call === 'FinalizeArtifact' && !asked.has(call)) noteUnverified(name);
    asked.add(call);
  };
  const collecting = setInterval(() => {
    // The blocks of 8 MiB that the client has sent would otherwise pile up.
    collectGarbage('major');
  }, COLLECT_EVERY_MS);
  try {
    const { id, ...sent } = await log.group(`Uploading ${name}`, () =>
      abandonedOnAbort(request.signal, () =>
        withBoundedRequests({ ...STILLNESS, onRequest, signal: request.signal }, () => send(request, name)),
      ),
    );
    if (id === undefined)
      throw new UserError(
        'storage',
        'The artifact service returned no id for the artifact.',
        'Run the job again.',
      );
    if (sent.digest !== request.sha256 || sent.size !== request.size) throw changed();
    return { id, name };
  } catch (error) {
    const reason = cancelledOr(request.signal, () => explained(error));
    if (!asked.has('FinalizeArtifact')) throw reason;
    // It may be finalized although the response was lost or invalid.
    throw afterDeletion(reason, name, await deleteOwnArtifact(name, process.env, request.signal));
  } finally {
    // Here, because the client may never finish an upload that was aborted.
    clearInterval(collecting);
  }
}

function changed(): UserError {
  return new UserError(
    'stored-copy-differs',
    'The upload differs from the file that was read back: its size or SHA-256 is not the same.',
    'Run the job again; if the error persists, the disk or the memory of the runner is faulty.',
  );
}

/** Sends the file with the toolkit's client. It does not retry when a connection to the service breaks; this does. */
async function send(request: UploadRequest, name: string): Promise<UploadArtifactResponse> {
  // Loaded here, because loading it takes longer than everything else together.
  const { default: client } = await import('@actions/artifact');
  const once = async (): Promise<UploadArtifactResponse> => {
    try {
      return await client.uploadArtifact(name, [request.file], path.dirname(request.file), {
        skipArchive: true,
        retentionDays: request.retentionDays,
      });
    } catch (error) {
      const broke = BROKEN_CONNECTION.exec(messageOf(error))?.[1];
      if (broke === 'FinalizeArtifact') return finalize(request, name);
      throw broke === 'CreateArtifact' ? error : explained(error);
    }
  };
  return retryTransient('The artifact service', { signal: request.signal }, once);
}

/** The message of `@actions/artifact` for a broken connection (`NetworkError` in `shared/errors.js`). */
const BROKEN_CONNECTION = /^Failed to (\w+): Unable to make request/;

/** Everything was sent and hashed by then. Whether the service has it is verified when the stored copy is read back. */
async function finalize(
  { size, sha256, signal }: UploadRequest,
  name: string,
): Promise<UploadArtifactResponse> {
  const parameters = { name, size: String(size), hash: `sha256:${sha256}` };
  try {
    const answer = await runService(process.env, { signal })?.call('FinalizeArtifact', parameters);
    return { id: wholeNumberOf(answer?.['artifact_id']), size, digest: sha256 };
  } catch (error) {
    throw cancelledOr(signal, () => explained(error));
  }
}

/** The client accepts no signal. What it has sent stays invisible until it finalizes, so it may be abandoned. */
async function abandonedOnAbort<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  // Before the work starts: an unhandled rejection would end the process.
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(Error.isError(signal.reason) ? signal.reason : new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * What the messages of `@actions/artifact` mean, and what to do: it throws plain errors, of which nothing else tells one
 * from another. The first that matches counts.
 */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [
    /quota/i,
    'The storage quota of the plan is used up for this month: GitHub counts size and time, so deleting artifacts only helps next month. Add storage or a budget, and lower retention-days.',
  ],
  [
    /\((401|403)\)/,
    'The token of this job does not allow the upload: it may have expired, which happens when a job runs for more than six hours.',
  ],
  [
    /\(409\)/,
    'An artifact with this name already exists in this run: use different backup-names in parallel jobs.',
  ],
  [
    /\(429\)/,
    'GitHub limits the rate of requests. Run the job again in some minutes, and fewer jobs at once.',
  ],
  [
    /ECONN|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN/,
    'GitHub may have an outage (githubstatus.com), or the runner cannot reach it. Run the job again.',
  ],
  [
    /ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL|backend ids/i,
    'Run the action as a "uses:" step of a job on GitHub.com.',
  ],
];

function explained(error: unknown): UserError {
  if (error instanceof UserError && !(error instanceof ServiceRefusal)) return error;
  const message = (reasonOf(error).split('\n')[0] ?? '').slice(0, 400);
  const hint = EXPLANATIONS.find(([pattern]) => pattern.test(message))?.[1];
  return new UserError(
    'storage',
    `The artifact could not be uploaded: ${message}`,
    hint ?? 'The artifact service may have an outage (githubstatus.com). Run the job again.',
    { cause: error },
  );
}
