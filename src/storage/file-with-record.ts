import { messageOf } from '../errors.ts';
import { log } from '../runner/log.ts';
import { readBackupFileName, recordName } from './backup-file-name.ts';
import { type Stock, ambiguous, notFound } from './no-such-backup.ts';
import type { BackupRecord } from './record.ts';
import type { FileLocation, Series, StoredBackup, StoredFile } from './store.ts';
import { SMALLEST_BACKUP, UNFINISHED, ignoredInWords, isLeftOver } from './unfinished.ts';
import type { WantedBackup } from './wanted-backup.ts';

/** What is in a place where a backup is a file with its record beside it. */
export interface FilesWithRecords {
  /** The newest first. */
  readonly backups: readonly StoredBackup[];
  /** Files of backups without a record, and what else of a backup is not finished; with the time of their last change. */
  readonly unfinished: readonly StoredBackup[];
}

/** Where that is. */
export interface PlaceOfFiles {
  /** For messages: `the folder ./backups`. */
  readonly store: string;
  readonly kind: Stock['kind'];
  /** How many files there are, whatever they are. */
  readonly total: number;
}

/**
 * Tells backups from what was not finished.
 *
 * @param files those that have the name of a backup, with the time of their last change.
 * @param names of everything that is there.
 */
export function byTheirRecords(
  files: readonly StoredBackup[],
  names: Pick<ReadonlySet<string>, 'has'>,
): FilesWithRecords {
  const isFinished = ({ name, size }: StoredFile): boolean =>
    size >= SMALLEST_BACKUP && names.has(recordName(name));
  const backups = files
    .filter(isFinished)
    // The time of a file changes when it is copied: only its name tells when it was made.
    .map((file) => ({ ...file, createdAt: file.backup.takenAt }));
  return {
    backups: backups.sort(newestFirst),
    unfinished: files.filter((file) => !isFinished(file)),
  };
}

/** Whether a file has the name of a backup. */
export function isNamed(file: StoredFile): file is StoredBackup {
  return file.backup !== undefined;
}

function newestFirst(a: StoredBackup, b: StoredBackup): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.name < b.name ? 1 : -1);
}

/** The backups of one series. */
export function seriesIn(
  { backups, unfinished }: FilesWithRecords,
  backupName: string,
  kind: Stock['kind'],
): Series {
  const isOfSeries = ({ backup }: StoredBackup): boolean => backup.backupName === backupName;
  const names = new Set(backups.map(({ backup }) => backup.backupName));
  const left = unfinished.filter(isOfSeries);
  return {
    backupName,
    backups: backups.filter(isOfSeries),
    unfinished: left,
    others: [...names].filter((name) => name !== backupName),
    ignored: ignoredInWords(kind, [[left.length, UNFINISHED]]),
    lookedAt: undefined,
    answeredAt: undefined,
  };
}

/**
 * The one that is wanted.
 *
 * @param named finds a file that is asked for by its name.
 * @throws UserError when there is none, or there are several series to choose from.
 */
export function findIn(
  { backups, unfinished }: FilesWithRecords,
  wanted: WantedBackup,
  place: PlaceOfFiles,
  named: (name: string) => StoredFile | undefined,
): StoredFile {
  const ignored = ignoredInWords(place.kind, [[unfinished.length, UNFINISHED]]);
  const stock: Stock = { ...place, wanted, backups, isComplete: true, ignored };
  const found = chosen(stock, named);
  if (!found) throw notFound(stock, new Date());
  return found;
}

function chosen(stock: Stock, named: (name: string) => StoredFile | undefined): StoredFile | undefined {
  const { wanted, backups } = stock;
  if (wanted.kind === 'name') return named(wanted.name);
  if (wanted.kind === 'id') return undefined;
  const { backupName } = wanted;
  const names = new Set(backups.map(({ backup }) => backup.backupName));
  if (backupName === undefined && names.size > 1) throw ambiguous(stock, new Date());
  return backups.find(({ backup }) => (backupName ?? backup.backupName) === backup.backupName);
}

/** What has become a backup, as its store lists it from now on. */
export function finishedBackup(name: string, { file }: BackupRecord, location: FileLocation): StoredBackup {
  const backup = readBackupFileName(name);
  if (!backup) throw new Error(`${name} is not the name of a backup.`);
  const { size, sha256 } = file;
  return { name, size, sha256, backup, createdAt: backup.takenAt, expiresAt: undefined, location };
}

/**
 * Removes what interrupted jobs have left behind in a series, a day ago or earlier. A failure is only logged.
 *
 * @param store for messages.
 */
export async function removeLeftOvers(
  store: string,
  list: () => Promise<readonly StoredBackup[]>,
  remove: (file: StoredBackup) => Promise<void>,
): Promise<void> {
  try {
    for (const file of await list()) {
      if (!isLeftOver(file, new Date())) continue;
      await remove(file);
      log.info(`Removed ${file.name}: unfinished for more than a day`);
    }
  } catch (error) {
    log.info(`Unfinished backups could not be removed from ${store}: ${messageOf(error)}`);
  }
}
