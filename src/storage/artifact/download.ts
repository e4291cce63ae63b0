import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { bytes, duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { type Bounds, retryTransient, reasonOf } from '../../runner/retry-policy.ts';
import type { Located, StoredArtifact } from './stored-artifact.ts';
import { LongerContent, transfer } from './transfer.ts';

/** Where to download to. */
export interface DownloadOptions extends Bounds {
  /** The work folder, which only its owner can read; the file `downloaded` is created in it, as private. */
  readonly folder: string;
}

/** A file with the content that the service recorded. */
export interface DownloadedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

/** The signatures of a zip archive with and without members. */
const ZIP_STARTS = ['504b0304', '504b0506'];

/**
 * Downloads an artifact, and checks its size and SHA-256 against the service's record. A transfer that
 * breaks off, or receives no data for `attemptMs`, is started again, `attempts` times in total. The file exists only if all of it
 * is right.
 *
 * @throws UserError when the content differs from the record, is a zip file, cannot be downloaded, or the disk is full;
 *   what `signedUrl` throws; the signal's reason.
 */
export async function downloadBackup(
  { artifact, signedUrl }: Located,
  options: DownloadOptions,
): Promise<DownloadedFile> {
  const file = path.join(options.folder, 'downloaded');
  const started = performance.now();
  log.info(`Downloading ${artifact.name} (${bytes(artifact.size)})`);
  try {
    const sha256 = await retryTransient('The download', options, async () =>
      attempt(artifact, await signedUrl(), file, options),
    );
    log.info(
      `Downloaded ${bytes(artifact.size)} in ${duration(performance.now() - started)}; ` +
        (artifact.digest === undefined
          ? 'the size matches; the service recorded no SHA-256'
          : 'size and SHA-256 match those that the service recorded'),
    );
    return { path: file, size: artifact.size, sha256 };
  } catch (error) {
    await rm(file, { force: true });
    throw cancelledOr(options.signal, () =>
      error instanceof UserError ? error : undelivered(artifact, error),
    );
  }
}

/** One attempt: nothing of an earlier one is kept. @returns the SHA-256 in hexadecimal. */
async function attempt(
  artifact: StoredArtifact,
  url: string,
  file: string,
  options: DownloadOptions,
): Promise<string> {
  await rm(file, { force: true });
  const handle = await onDisk(() => open(file, 'wx', 0o600));
  try {
    const sha256 = await transfer({ url, size: artifact.size }, writerTo(handle, artifact), options);
    if (artifact.digest !== undefined && sha256 !== artifact.digest) {
      throw differs(artifact, `its SHA-256 is ${sha256}, and the service recorded ${artifact.digest}`);
    }
    return sha256;
  } catch (error) {
    throw error instanceof LongerContent ? differs(artifact, error.message) : error;
  } finally {
    await handle.close();
  }
}

function writerTo(handle: FileHandle, artifact: StoredArtifact): (chunk: Uint8Array) => Promise<void> {
  let start = '';
  return async (chunk) => {
    if (start.length < 8) {
      start += Buffer.from(chunk.subarray(0, 4)).toString('hex');
      if (ZIP_STARTS.some((zip) => start.startsWith(zip))) throw zipped(artifact);
    }
    await onDisk(() => handle.writeFile(chunk));
  };
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(
      'storage',
      `The backup could not be written to the disk of the runner: ${messageOf(error)}`,
      'Check that the disk has enough space for the backup, or use a larger runner.',
      { cause: error },
    );
  }
}

function differs({ name }: StoredArtifact, how: string): UserError {
  return new UserError(
    'storage',
    `The download of ${name} does not match what the service recorded: ${how}. The file was removed.`,
    'Run the job again; if the error persists, the stored artifact is damaged: use another backup.',
  );
}

function zipped({ name }: StoredArtifact): UserError {
  return new UserError(
    'storage',
    `backup: the artifact ${name} is a zip file, which was not uploaded by this action.`,
    'Download it with actions/download-artifact, which unzips it, and set "path" to the file.',
  );
}

function undelivered({ name }: StoredArtifact, error: unknown): UserError {
  return new UserError(
    'storage',
    `The artifact ${name} could not be downloaded: ${reasonOf(error)}`,
    'GitHub may have an outage (githubstatus.com), or the runner cannot reach its storage. Run the job again.',
    { cause: error },
  );
}
