import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { recordName } from '../backup-file-name.ts';
import { exactLength } from '../exact-length.ts';
import { type Stock, ambiguous, notFound } from '../no-such-backup.ts';
import type { BackupStore, StoredFile } from '../store.ts';
import type { WantedBackup } from '../wanted-backup.ts';
import { UNFINISHED, ignoredInWords, isLeftOver } from '../unfinished.ts';
import { type FolderListing, PARTIAL, listFolder, seriesIn } from './folder-listing.ts';
import { type FolderPlace, folderName } from './folder-place.ts';
import { beginInFolder } from './pending-file.ts';
import { READ_NO_LINK, readRecordBeside } from './record-file.ts';

/**
 * A folder of backups: each is a file with its record beside it.
 *
 * @param signal ends whatever the store does.
 */
export function folderStore(place: FolderPlace, signal: AbortSignal): BackupStore {
  /** The files that this job is writing. */
  const own = new Set<string>();
  const remove = async (file: StoredFile): Promise<void> => {
    const target = pathOf(file);
    await orExplain(file, signal, async () => {
      await rm(recordName(target), { force: true });
      await rm(target, { force: true });
    });
  };
  return {
    name: folderName(place),
    async list(backupName) {
      const { unfinished, ...listing } = await listFolder(place);
      const ofOthers = unfinished.filter(({ name }) => !own.has(name));
      const series = seriesIn({ ...listing, unfinished: ofOthers }, backupName);
      if (series.ignored !== undefined) log.info(series.ignored);
      return series;
    },
    find: async (wanted) => findIn(await listFolder(place), wanted, place),
    async open(file) {
      const handle = await orExplain(file, signal, () => open(pathOf(file), READ_NO_LINK));
      const bytes = handle.createReadStream({ highWaterMark: 1024 * 1024, signal });
      return Readable.from(exactLength(bytes, file.size), { objectMode: false });
    },
    record: (file) => orExplain(file, signal, () => readRecordBeside(pathOf(file), file)),
    remove,
    async begin(name, { signal: ended }) {
      own.add(`${name}${PARTIAL}`);
      const pending = await beginInFolder(place, name, AbortSignal.any([signal, ended]));
      await removeLeftOvers(place, name, remove);
      return pending;
    },
  };
}

function pathOf({ name, location }: StoredFile): string {
  if (location.kind !== 'file') throw new Error(`${name} is not a file of this store.`);
  return location.path;
}

function findIn(listing: FolderListing, wanted: WantedBackup, place: FolderPlace): StoredFile {
  const { backups, unfinished, others } = listing;
  const stock: Stock = {
    wanted,
    store: folderName(place),
    kind: 'file',
    backups,
    total: backups.length + unfinished.length + others.length,
    isComplete: true,
    ignored: ignoredInWords('file', [[unfinished.length, UNFINISHED]]),
  };
  const found = wanted.kind === 'latest' ? latestIn(stock, wanted.backupName) : namedIn(listing, wanted);
  if (!found) throw notFound(stock, new Date());
  return found;
}

function latestIn(stock: Stock, backupName: string | undefined): StoredFile | undefined {
  const names = new Set(stock.backups.map(({ backup }) => backup.backupName));
  if (backupName === undefined && names.size > 1) throw ambiguous(stock, new Date());
  return stock.backups.find(({ backup }) => (backupName ?? backup.backupName) === backup.backupName);
}

function namedIn(
  { backups, unfinished, others }: FolderListing,
  wanted: Exclude<WantedBackup, { kind: 'latest' }>,
): StoredFile | undefined {
  if (wanted.kind === 'id') return undefined;
  return [...backups, ...unfinished, ...others].find(({ name }) => name === wanted.name);
}

/** What interrupted jobs have left behind in a series, a day ago or earlier. A failure is only logged. */
async function removeLeftOvers(
  place: FolderPlace,
  name: string,
  remove: (file: StoredFile) => Promise<void>,
): Promise<void> {
  try {
    const { unfinished } = await listFolder(place);
    for (const file of unfinished) {
      if (file.name.startsWith(name) || !isLeftOver(file, new Date())) continue;
      await remove(file);
      log.info(`Removed ${file.name}: unfinished for more than a day`);
    }
  } catch (error) {
    log.info(`Unfinished backups could not be removed from ${folderName(place)}: ${messageOf(error)}`);
  }
}

async function orExplain<T>(file: StoredFile, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    throw cancelledOr(signal, () =>
      error instanceof UserError
        ? error
        : new UserError(
            'storage',
            `${file.name}: ${messageOf(error)}`,
            'Check the folder, and that the user of the runner may change its files.',
            { cause: error },
          ),
    );
  }
}
