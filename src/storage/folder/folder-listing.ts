import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError, errorCode, messageOf } from '../../errors.ts';
import { readBackupFileName } from '../backup-file-name.ts';
import { type FilesWithRecords, byTheirRecords, isNamed } from '../file-with-record.ts';
import type { StoredBackup, StoredFile } from '../store.ts';
import { type FolderPlace, requireNoWayOut } from './folder-place.ts';

/** What a file is called until all of it is written. */
export const PARTIAL = '.partial';

/** What is in a folder for backups. What was never renamed is unfinished. */
export interface FolderListing extends FilesWithRecords {
  /** Everything else that is a file. */
  readonly others: readonly StoredFile[];
}

/**
 * Lists a folder. Links in it are not followed, so they do not appear.
 *
 * @returns empty lists when there is no such folder.
 * @throws UserError when it cannot be read.
 */
export async function listFolder(place: FolderPlace): Promise<FolderListing> {
  try {
    await requireNoWayOut(place);
    return sorted(await filesIn(place.folder));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { backups: [], unfinished: [], others: [] };
    throw new UserError(
      'storage',
      `storage: ${JSON.stringify(place.given)} cannot be read: ${messageOf(error)}`,
      'Check the path of the folder, and that the user of the runner can read it.',
      { cause: error },
    );
  }
}

async function filesIn(folder: string): Promise<StoredFile[]> {
  const found = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const file = path.join(folder, name);
      // It may have been removed since.
      const facts = await lstat(file).catch(() => undefined);
      return facts?.isFile() === true ? [storedFile(file, facts)] : [];
    }),
  );
  return found.flat();
}

function storedFile(
  file: string,
  { size, mtime }: { readonly size: number; readonly mtime: Date },
): StoredFile {
  const name = path.basename(file);
  const backup = readBackupFileName(name);
  return {
    ...{ name, size, sha256: undefined, backup, createdAt: mtime, expiresAt: undefined },
    location: { kind: 'file', path: file },
  };
}

function sorted(files: readonly StoredFile[]): FolderListing {
  const names = new Set(files.map(({ name }) => name));
  const { backups, unfinished } = byTheirRecords(files.filter(isNamed), names);
  const partial = files.flatMap((file) => {
    const backup = partOf(file.name);
    return backup ? [{ ...file, backup }] : [];
  });
  return {
    backups,
    unfinished: [...unfinished, ...partial],
    others: files.filter(({ name, backup }) => !backup && !partOf(name)),
  };
}

/** The backup that a file with a temporary name, or the record of one, belongs to. */
function partOf(name: string): StoredBackup['backup'] | undefined {
  if (!name.endsWith(PARTIAL)) return undefined;
  const final = name.slice(0, -PARTIAL.length);
  return readBackupFileName(final) ?? readBackupFileName(final.replace(/\.json$/, ''));
}
