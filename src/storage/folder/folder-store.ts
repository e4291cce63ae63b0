import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { UserError, cancelledOr, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { recordName } from '../backup-file-name.ts';
import { exactLength } from '../exact-length.ts';
import { findIn, removeLeftOvers, seriesIn } from '../file-with-record.ts';
import type { BackupStore, StoredFile } from '../store.ts';
import type { WantedBackup } from '../wanted-backup.ts';
import { type FolderListing, PARTIAL, listFolder } from './folder-listing.ts';
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
      const series = seriesIn({ ...listing, unfinished: ofOthers }, backupName, 'file');
      if (series.ignored !== undefined) log.info(series.ignored);
      return series;
    },
    find: async (wanted) => findInFolder(await listFolder(place), wanted, place),
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
      await removeLeftOvers(folderName(place), async () => (await listFolder(place)).unfinished, remove);
      return pending;
    },
  };
}

function pathOf({ name, location }: StoredFile): string {
  if (location.kind !== 'file') throw new Error(`${name} is not a file of this store.`);
  return location.path;
}

function findInFolder(listing: FolderListing, wanted: WantedBackup, place: FolderPlace): StoredFile {
  const files = [...listing.backups, ...listing.unfinished, ...listing.others];
  return findIn(listing, wanted, { store: folderName(place), kind: 'file', total: files.length }, (name) =>
    files.find((file) => file.name === name),
  );
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
