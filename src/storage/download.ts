import { type FileHandle, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { UserError, cancelledOr, messageOf } from '../errors.ts';
import { bytes, duration } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import { type Bounds, retryTransient } from '../runner/retry-policy.ts';
import { WrongLength } from './exact-length.ts';
import type { BackupReader, StoredFile } from './store.ts';
import { undelivered } from './undelivered.ts';

/** Where to download to. */
export interface DownloadOptions extends Bounds {
  /** The work folder, which only its owner can read; the file `downloaded` is created in it, as private. */
  readonly folder: string;
  /** SHA-256 in hex that the record of the backup says, for a store that records none. */
  readonly sha256?: string | undefined;
}

/** A file with the content that the store recorded. */
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
 * Downloads a file of a store, and checks its size and SHA-256 against what was recorded. A transfer that
 * breaks off, or receives no data for `attemptMs`, is started again, `attempts` times in total. The file exists only if all of it
 * is right.
 *
 * @throws UserError when the content differs from what was recorded, is a zip file, cannot be downloaded, or the disk is full;
 *   the signal's reason.
 */
export async function downloadBackup(
  store: Pick<BackupReader, 'open'>,
  stored: StoredFile,
  options: DownloadOptions,
): Promise<DownloadedFile> {
  const file = path.join(options.folder, 'downloaded');
  const expected = stored.sha256 ?? options.sha256;
  const started = performance.now();
  log.info(`Downloading ${stored.name} (${bytes(stored.size)})`);
  try {
    const sha256 = await retryTransient('The download', options, () =>
      attempt(store, stored, { file, expected }),
    );
    log.info(
      `Downloaded ${bytes(stored.size)} in ${duration(performance.now() - started)}; ` +
        (expected === undefined
          ? 'the size matches; no SHA-256 was recorded'
          : 'size and SHA-256 match those that were recorded'),
    );
    return { path: file, size: stored.size, sha256 };
  } catch (error) {
    await rm(file, { force: true });
    throw cancelledOr(options.signal, () => undelivered(stored.name, error));
  }
}

/** One attempt: nothing of an earlier one is kept. @returns the SHA-256 in hexadecimal. */
async function attempt(
  store: Pick<BackupReader, 'open'>,
  stored: StoredFile,
  { file, expected }: { readonly file: string; readonly expected: string | undefined },
): Promise<string> {
  const content = await store.open(stored);
  try {
    await rm(file, { force: true });
    const handle = await onDisk(() => open(file, 'wx', 0o600));
    try {
      const sha256 = await write(content, handle, stored);
      if (expected === undefined || sha256 === expected) return sha256;
      throw differs(stored, `its SHA-256 is ${sha256}, and ${expected} was recorded`);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof WrongLength ? differs(stored, error.message) : error;
  } finally {
    content.destroy();
  }
}

async function write(
  content: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  stored: StoredFile,
): Promise<string> {
  const hash = createHash('sha256');
  let start = '';
  for await (const chunk of content) {
    if (start.length < 8) {
      start += Buffer.from(chunk.subarray(0, 4)).toString('hex');
      if (ZIP_STARTS.some((zip) => start.startsWith(zip))) throw zipped(stored);
    }
    hash.update(chunk);
    await onDisk(() => handle.writeFile(chunk));
  }
  return hash.digest('hex');
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

function differs({ name }: StoredFile, how: string): UserError {
  return new UserError(
    'storage',
    `The download of ${name} does not match what was recorded: ${how}. The file was removed.`,
    'Run the job again; if the error persists, the stored file is damaged: use another backup.',
  );
}

function zipped({ name }: StoredFile): UserError {
  return new UserError(
    'storage',
    `backup: the artifact ${name} is a zip file, which was not uploaded by this action.`,
    'Download it with actions/download-artifact, which unzips it, and set "path" to the file.',
  );
}
