import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { digestFile } from '../../process/file-digest.ts';
import { FileSink } from '../../process/file-sink.ts';
import { textOrEmpty } from '../../github/json.ts';
import { log } from '../../runner/log.ts';
import { readBackupFileName, recordName } from '../backup-file-name.ts';
import { finishedBackup } from '../file-with-record.ts';
import type { FileFacts, PendingBackup } from '../store.ts';
import { UnfinishedList } from '../unfinished-list.ts';
import { PARTIAL } from './folder-listing.ts';
import { type FolderPlace, createPlace, folderName, requireNoWayOut } from './folder-place.ts';
import { removeEmptyFolders, topmostMissing } from './inside.ts';
import { READ_NO_LINK, writeRecordBeside } from './record-file.ts';

/**
 * Begins a backup in a folder. It is written under a temporary name, which only its owner can read; renamed when all of it was
 * read back from the disk; and has its record last.
 *
 * @throws UserError when the folder cannot be written.
 */
export async function beginInFolder(
  place: FolderPlace,
  name: string,
  signal: AbortSignal,
): Promise<PendingBackup> {
  const file = path.join(place.folder, name);
  const partial = `${file}${PARTIAL}`;
  const explain = (error: unknown): Error => notWritten(place, error);
  const orExplain = explainer(explain, signal);
  const made = await topmostMissing(place.folder);
  const forget = async (): Promise<void> => {
    if (made !== undefined) await removeEmptyFolders(place.folder, made);
    unfinished.forget(file);
  };
  unfinished.note(file, { file, made: made ?? '' });
  const sink = await orExplain(async () => {
    await createPlace(place);
    signal.throwIfAborted();
    return FileSink.create(partial, explain);
  }).catch(async (error: unknown) => {
    await forget();
    throw error;
  });
  let isAborted = false;
  return {
    name: folderName(place),
    sink,
    progress: () => sink.bytesWritten,
    commit: (facts) =>
      orExplain(async () => {
        // A link may have been put there since.
        await requireNoWayOut(place);
        await requireSame(partial, facts, signal);
        await rename(partial, file);
        return undefined;
      }),
    finish: (record) =>
      orExplain(async () => {
        await requireNoWayOut(place);
        await writeRecordBeside(file, record);
        unfinished.forget(file);
        return finishedBackup(name, record, { kind: 'file', path: file });
      }),
    async abort() {
      if (isAborted) return;
      isAborted = true;
      sink.on('error', () => undefined).destroy();
      await removeUnfinished(file).catch((error: unknown) => {
        throw notRemoved(file, error);
      });
      await forget();
    },
  };
}

type Explainer = <T>(work: () => Promise<T>) => Promise<T>;

function explainer(explain: (error: unknown) => Error, signal: AbortSignal): Explainer {
  return async (work) => {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      throw cancelledOr(signal, () => explain(error));
    }
  };
}

function notWritten(place: FolderPlace, error: unknown): UserError {
  if (error instanceof UserError) return error;
  return new UserError(
    'storage',
    `The backup could not be written to ${folderName(place)}: ${messageOf(error)}`,
    'Check that the disk has enough space and that the folder can be written.',
    { cause: error },
  );
}

function notRemoved(file: string, error: unknown): UserError {
  return new UserError(
    'storage',
    `The file ${file} could not be removed (${messageOf(error)}): do not restore from it.`,
    'Remove the file.',
    { cause: error },
  );
}

/** Reads back what the disk has. */
async function requireSame(partial: string, facts: FileFacts, signal: AbortSignal): Promise<void> {
  const { size, sha256 } = await digestFile(partial, signal, READ_NO_LINK);
  if (size === facts.size && sha256 === facts.sha256) return;
  throw new UserError(
    'stored-copy-differs',
    `The file ${path.basename(partial, PARTIAL)} differs from what was written: its size or SHA-256 is not the same.`,
    'Run the job again; if the error persists, the disk of the runner is faulty.',
  );
}

/** Everything that may be there of a backup before its record is. */
async function removeUnfinished(file: string): Promise<void> {
  const record = recordName(file);
  for (const part of [`${record}${PARTIAL}`, record, `${file}${PARTIAL}`, file])
    await rm(part, { force: true });
}

/** `made`: the topmost folder that was created for the file; empty: none. */
const unfinished = new UnfinishedList<{ readonly file: string; readonly made: string }>('unfinished-files');

/** In the post step: removes what a killed job has left unfinished in folders; what cannot be removed is named. */
export async function removeUnfinishedFiles(): Promise<void> {
  for (const noted of unfinished.noted()) {
    const [file, made] = [textOrEmpty(noted['file']), textOrEmpty(noted['made'])];
    if (!readBackupFileName(path.basename(file))) continue;
    try {
      await removeUnfinished(file);
      if (made !== '') await removeEmptyFolders(path.dirname(file), made);
      log.info(`Removed ${file}, which was not finished`);
    } catch (error) {
      log.warning(notRemoved(file, error).message);
    }
  }
}
