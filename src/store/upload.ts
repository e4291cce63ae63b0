import path from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import { log } from '../log/log.ts';
import { collectGarbage } from '../process/garbage.ts';

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

/**
 * Uploads one file unzipped, so that the artifact is the file.
 *
 * The client hashes what it sends. If that is not what was proven, the artifact is deleted again.
 *
 * @throws UserError when the service refuses, is not there, or has something else than the proven file.
 */
export async function upload(request: UploadRequest): Promise<StoredArtifact> {
  if (request.size === 0) throw new Error('An empty archive must never come this far.');
  const name = path.basename(request.file);
  // Loaded here, because it takes longer to load than everything else together.
  const { default: client } = await import('@actions/artifact');
  const collecting = setInterval(() => {
    // The blocks of 8 MiB that the client has sent would otherwise pile up.
    collectGarbage('major');
  }, COLLECT_EVERY_MS);
  const response = await log
    .group(`Uploading ${name}`, () =>
      unlessAborted(
        request.signal,
        client.uploadArtifact(name, [request.file], path.dirname(request.file), {
          skipArchive: true,
          retentionDays: request.retentionDays,
        }),
      ),
    )
    .catch((error: unknown) => {
      if (request.signal.aborted) throw error;
      throw explained(error);
    })
    .finally(() => {
      clearInterval(collecting);
    });
  const { id } = response;
  if (id === undefined)
    throw new UserError('The artifact service gave the artifact no id.', 'Run the job again.');
  if (response.digest !== request.sha256 || response.size !== request.size) {
    await client.deleteArtifact(name);
    throw new UserError(
      'What was uploaded is not the file that was read back: its size or SHA-256 differs. The artifact was deleted.',
      'Run the job again; if it stays so, the disk or the memory of the runner is faulty.',
    );
  }
  return { id, name };
}

/** The client takes no signal. What it has sent stays invisible until it finalizes, so it may be left behind. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(Error.isError(signal.reason) ? signal.reason : new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What the messages of `@actions/artifact` mean, and what to do. The first that matches counts. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [
    /quota/i,
    'Delete old artifacts, lower retention-days, or add storage to the plan. Usage is counted again every 6 to 12 hours.',
  ],
  [
    /\((401|403)\)/,
    'The token of this run does not let it upload: it may have expired, as it does when a job runs for more than six hours.',
  ],
  [/\(409\)/, 'An artifact of this name exists in this run: give parallel jobs different backup-names.'],
  [
    /ACTIONS_RUNTIME_TOKEN|ACTIONS_RESULTS_URL|backend ids/i,
    'Run the action as a "uses:" step of a job on GitHub.com.',
  ],
];

function explained(error: unknown): UserError {
  const message = messageOf(error).slice(0, 400);
  const hint = EXPLANATIONS.find(([pattern]) => pattern.test(message))?.[1];
  return new UserError(
    `The artifact could not be uploaded: ${message}`,
    hint ?? 'The artifact service may be disturbed (githubstatus.com). Run the job again.',
    { cause: error },
  );
}
