import { type Hash, createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import { bytes, duration } from '../log/format.ts';
import { log } from '../log/log.ts';
import { collectAfterEvery } from '../process/garbage.ts';
import { downloadProgress } from './download-progress.ts';
import { OddAnswer } from './json.ts';
import { type Bounds, USUAL_PATIENCE, persistently, reasonOf } from './patience.ts';
import type { Located, StoredArtifact } from './stored-artifact.ts';
import { toolkitFetch } from './toolkit-fetch.ts';

/** Where to download to. */
export interface DownloadOptions extends Bounds {
  /** The work folder, which only its owner can read; gets a file `downloaded` of the same kind. */
  readonly folder: string;
}

/** A file that holds what the service recorded. */
export interface DownloadedFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
}

const PROGRESS_EVERY_MS = 5_000;
const COLLECT_EVERY_BYTES = 4 * 1024 * 1024;
/** "PK" and the marks of a first member, or of an archive without any. */
const ZIP_STARTS = ['504b0304', '504b0506'];

/**
 * Downloads an artifact, and makes sure that it is what the service recorded: its size and SHA-256. A transfer that
 * breaks off, or is silent for `attemptMs`, is begun anew, `attempts` times in all. The file is there only if all of it
 * is right.
 *
 * @throws UserError when the content differs from what was recorded, is a zip file, cannot be had, or the disk is full;
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
    const sha256 = await persistently('The download', options, async () =>
      transfer(artifact, await signedUrl(), file, options),
    );
    log.info(
      `Downloaded ${bytes(artifact.size)} in ${duration(performance.now() - started)}; ` +
        (artifact.digest === undefined
          ? 'the size is right; the service recorded no SHA-256 to compare'
          : 'size and SHA-256 are what the service recorded'),
    );
    return { path: file, size: artifact.size, sha256 };
  } catch (error) {
    await rm(file, { force: true });
    throw options.signal.aborted || error instanceof UserError ? error : undelivered(artifact, error);
  }
}

/** One attempt: nothing of an earlier one is kept. @returns the SHA-256 in hex. */
async function transfer(
  artifact: StoredArtifact,
  url: string,
  file: string,
  options: DownloadOptions,
): Promise<string> {
  await rm(file, { force: true });
  const handle = await onDisk(() => open(file, 'wx', 0o600));
  const silence = watchSilence(options);
  try {
    const send = await toolkitFetch();
    // The address is the whole permission: the storage must not see the token.
    const response = await send(url, { headers: { 'accept-encoding': 'identity' }, signal: silence.signal });
    if (response.status !== 200 || !response.body) {
      throw new OddAnswer(`the storage answered with ${response.status}`);
    }
    const hash = createHash('sha256');
    await receive(artifact, response.body, { handle, hash, onBytes: silence.end });
    const sha256 = hash.digest('hex');
    if (artifact.digest !== undefined && sha256 !== artifact.digest) {
      throw differs(artifact, `its SHA-256 is ${sha256}, and the service recorded ${artifact.digest}`);
    }
    return sha256;
  } finally {
    silence.stop();
    await handle.close();
  }
}

/** Where bytes go. */
interface Sink {
  readonly handle: FileHandle;
  readonly hash: Hash;
  /** Told that some have come. */
  readonly onBytes: () => void;
}

async function receive(
  artifact: StoredArtifact,
  body: AsyncIterable<Uint8Array>,
  { handle, hash, onBytes }: Sink,
): Promise<void> {
  const started = performance.now();
  const collect = collectAfterEvery(COLLECT_EVERY_BYTES);
  let received = 0;
  let start = '';
  const ticker = setInterval(() => {
    log.info(downloadProgress(received, artifact.size, performance.now() - started));
  }, PROGRESS_EVERY_MS);
  try {
    for await (const chunk of body) {
      onBytes();
      if (start.length < 8) {
        start += Buffer.from(chunk.subarray(0, 4)).toString('hex');
        if (ZIP_STARTS.some((zip) => start.startsWith(zip))) throw zipped(artifact);
      }
      received += chunk.length;
      if (received > artifact.size) {
        throw differs(artifact, `it is longer than the ${artifact.size} bytes that were recorded`);
      }
      hash.update(chunk);
      await onDisk(() => handle.writeFile(chunk));
      collect(chunk.length);
    }
  } finally {
    clearInterval(ticker);
  }
  if (received < artifact.size) {
    throw new OddAnswer(`it ended after ${received} of ${artifact.size} bytes`);
  }
}

/** A signal that is aborted with the job, or when nothing has come for too long. */
function watchSilence({ signal, patience = USUAL_PATIENCE }: Bounds): {
  readonly signal: AbortSignal;
  readonly end: () => void;
  readonly stop: () => void;
} {
  const silent = new AbortController();
  const timer = setTimeout(() => {
    silent.abort(new OddAnswer(`nothing came for ${duration(patience.attemptMs)}`));
  }, patience.attemptMs);
  return {
    signal: AbortSignal.any([signal, silent.signal]),
    end: () => timer.refresh(),
    stop: () => {
      clearTimeout(timer);
    },
  };
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(
      `The backup cannot be written to the disk of the runner: ${messageOf(error)}`,
      'Check that the disk has room for the backup, or use a larger runner.',
      { cause: error },
    );
  }
}

function differs({ name }: StoredArtifact, how: string): UserError {
  return new UserError(
    `What was downloaded of ${name} is not what the service recorded: ${how}. The file was removed.`,
    'Run the job again; if it stays so, the stored artifact is damaged: use another backup.',
  );
}

function zipped({ name }: StoredArtifact): UserError {
  return new UserError(
    `backup: the artifact ${name} is a zip file: another action has uploaded it, not this one.`,
    'Download it with actions/download-artifact, which unzips it, and give the file as "path".',
  );
}

function undelivered({ name }: StoredArtifact, error: unknown): UserError {
  return new UserError(
    `The artifact ${name} could not be downloaded: ${reasonOf(error)}`,
    'GitHub may be disturbed (githubstatus.com), or the runner may not reach its storage. Run the job again.',
    { cause: error },
  );
}
