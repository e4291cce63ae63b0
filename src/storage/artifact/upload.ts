import path from 'node:path';
import type { UploadArtifactResponse } from '@actions/artifact';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { collectGarbage } from '../../process/garbage.ts';
import { withBoundedRequests } from './bounded-requests.ts';
import { wholeNumberOf } from '../../github/json.ts';
import { persistently, reasonOf } from '../../runner/retry-policy.ts';
import { ServiceRefusal, runService } from './artifact-client.ts';
import { afterWithdrawal, noteUnproven, withdraw } from './withdraw.ts';

/** A file that is to become an artifact of this run. */
export interface UploadRequest {
  /** The file; its base name becomes the artifact's name. */
  readonly file: string;
  /** Its size in bytes and SHA-256 in hex, as it was proven. */
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
/** A request in which nothing has moved for 45 s is ended. */
const STILLNESS = { lookEveryMs: 15_000, looks: 3 };

/**
 * Uploads one file unzipped, so that the artifact is the file.
 *
 * The client hashes what it sends. If that is not what was proven, the artifact is deleted again. What is stored is still
 * to be read back (`proveStoredCopy`).
 *
 * How long trouble can last, at most:
 * - A refusal of the service (401, 403, 409, quota) is final. A connection to it that breaks is tried four times in 7 s,
 *   all other trouble five times, with pauses of 36 s in all (`artifact-twirp-client.js` of `@actions/artifact`).
 * - Trouble of the storage (500, 503, a broken connection) is tried four times, with pauses of 16 s in all; whatever else
 *   it answers is final (`StorageRetryPolicyV2.js` of `@azure/storage-common`).
 * - A request that stands still would wait for 3 min at the service and for ever at the storage, where the client gives
 *   up when no block of 8 MiB arrives for 5 to 10 min (`blob-upload.js`). It is ended after 45 to 60 s, and counts as
 *   other trouble: 5.6 min at the service, 4.3 min at the storage.
 *
 * @throws UserError when the service refuses, is not there, or has something else than the proven file; the signal's
 *   reason.
 */
export async function upload(request: UploadRequest): Promise<StoredArtifact> {
  if (request.size === 0) throw new Error('An empty archive must never come this far.');
  const name = path.basename(request.file);
  const asked = new Set<string>();
  const onRequest = (requested: string): void => {
    const call = path.posix.basename(requested);
    if (call === 'FinalizeArtifact' && !asked.has(call)) noteUnproven(name);
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
      throw new UserError('storage', 'The artifact service gave the artifact no id.', 'Run the job again.');
    if (sent.digest !== request.sha256 || sent.size !== request.size) throw changed();
    return { id, name };
  } catch (error) {
    const reason = cancelledOr(request.signal, () => explained(error));
    if (!asked.has('FinalizeArtifact')) throw reason;
    // It may be finalized although the answer was lost, or was not what it should be.
    throw afterWithdrawal(reason, name, await withdraw(name, process.env, request.signal));
  } finally {
    // Here, because the client may never come to an end with an upload that was given up.
    clearInterval(collecting);
  }
}

function changed(): UserError {
  return new UserError(
    'stored-copy-differs',
    'What was uploaded is not the file that was read back: its size or SHA-256 differs.',
    'Run the job again; if it stays so, the disk or the memory of the runner is faulty.',
  );
}

/** Has the toolkit's client send the file. It gives up at once when a connection to the service breaks; this does not. */
async function send(request: UploadRequest, name: string): Promise<UploadArtifactResponse> {
  // Loaded here, because it takes longer to load than everything else together.
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
  return persistently('The artifact service', { signal: request.signal }, once);
}

/** How `@actions/artifact` tells of a connection that broke (`NetworkError` in `shared/errors.js`). */
const BROKEN_CONNECTION = /^Failed to (\w+): Unable to make request/;

/** Everything has been sent and hashed by then. That the service has it is proven when the stored copy is read. */
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

/** The client takes no signal. What it has sent stays invisible until it finalizes, so it may be left behind. */
async function abandonedOnAbort<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  // Before the work begins: a promise that nobody waits for would end the process when it fails.
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
    'The storage of the plan is used up for this month: GitHub adds up size and time, so deleting helps the next month only. Add storage or a budget, and lower retention-days.',
  ],
  [
    /\((401|403)\)/,
    'The token of this run does not let it upload: it may have expired, as it does when a job runs for more than six hours.',
  ],
  [/\(409\)/, 'An artifact of this name exists in this run: give parallel jobs different backup-names.'],
  [
    /\(429\)/,
    'GitHub limits how often it is asked, and this was too often. Run the job again in some minutes, and fewer jobs at once.',
  ],
  [
    /ECONN|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN/,
    'GitHub may be disturbed (githubstatus.com), or the runner may not reach it. Run the job again.',
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
    hint ?? 'The artifact service may be disturbed (githubstatus.com). Run the job again.',
    { cause: error },
  );
}
