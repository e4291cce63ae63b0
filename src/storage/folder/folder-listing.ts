import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { UserError, errorCode, messageOf } from '../../errors.ts';
import { readBackupFileName, recordName } from '../backup-file-name.ts';
import type { Series, StoredBackup, StoredFile } from '../store.ts';
import { SMALLEST_BACKUP, UNFINISHED, ignoredInWords } from '../unfinished.ts';
import { type FolderPlace, requireNoWayOut } from './folder-place.ts';

/** What a file is called until all of it is written. */
export const PARTIAL = '.partial';

/** What is in a folder for backups. */
export interface FolderListing {
  /** The newest first. */
  readonly backups: readonly StoredBackup[];
  /** Files of backups without a record, and what was never renamed; with the time of their last change. */
  readonly unfinished: readonly StoredBackup[];
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
  const isFinished = ({ name, size }: StoredFile): boolean =>
    size >= SMALLEST_BACKUP && names.has(recordName(name));
  const backups = files
    .filter(isNamed)
    .filter(isFinished)
    // The time of a file changes when it is copied: only its name tells when it was made.
    .map((file) => ({ ...file, createdAt: file.backup.takenAt }));
  return {
    backups: backups.sort(newestFirst),
    unfinished: files.flatMap((file) => {
      const backup = file.backup ?? partOf(file.name);
      return backup && !isFinished(file) ? [{ ...file, backup }] : [];
    }),
    others: files.filter(({ name, backup }) => !backup && !partOf(name)),
  };
}

function isNamed(file: StoredFile): file is StoredBackup {
  return file.backup !== undefined;
}

/** The backup that a file with a temporary name, or the record of one, belongs to. */
function partOf(name: string): StoredBackup['backup'] | undefined {
  if (!name.endsWith(PARTIAL)) return undefined;
  const final = name.slice(0, -PARTIAL.length);
  return readBackupFileName(final) ?? readBackupFileName(final.replace(/\.json$/, ''));
}

function newestFirst(a: StoredBackup, b: StoredBackup): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.name < b.name ? 1 : -1);
}

/** The backups of one series. Pure. */
export function seriesIn({ backups, unfinished }: FolderListing, backupName: string): Series {
  const isOfSeries = ({ backup }: StoredBackup): boolean => backup.backupName === backupName;
  const names = new Set(backups.map(({ backup }) => backup.backupName));
  const left = unfinished.filter(isOfSeries);
  return {
    backupName,
    backups: backups.filter(isOfSeries),
    unfinished: left,
    others: [...names].filter((name) => name !== backupName),
    ignored: ignoredInWords('file', [[left.length, UNFINISHED]]),
    lookedAt: undefined,
    answeredAt: undefined,
  };
}
