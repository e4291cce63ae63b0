import { messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { readBackupFileName } from '../backup-file-name.ts';
import { seriesIn } from '../file-with-record.ts';
import type { Series, StoredBackup, StoredFile } from '../store.ts';
import { MOST_SERIES, listSeries, seriesNames, unfinishedUploads } from './bucket-listing.ts';
import type { Bucket } from './s3-client.ts';
import { fileNameOf, keyAt, keyOf, locationOf } from './stored-object.ts';

/** The id of each upload that was listed as an unfinished backup. */
export type KnownUploads = WeakMap<StoredFile, string>;

/** Lists a series. @throws an error of the SDK. */
export async function seriesOf(
  bucket: Bucket,
  backupName: string,
  job: {
    /** Gets the uploads that are found. */
    readonly uploads: KnownUploads;
    /** The keys that this job is writing. */
    readonly own: ReadonlySet<string>;
    readonly signal: AbortSignal;
  },
): Promise<Series> {
  const { signal } = job;
  const listing = await listSeries(bucket, [backupName], signal);
  const begun = await uploadsOf(bucket, backupName, job.uploads, signal);
  const unfinished = [...listing.unfinished, ...begun].filter(
    (file) => !job.own.has(keyAt(bucket.place, file)),
  );
  const series = seriesIn({ ...listing, unfinished }, backupName, 'object');
  // They are told of where this one has none.
  return series.backups.length > 0
    ? series
    : { ...series, others: await otherSeries(bucket, backupName, signal) };
}

/** The uploads that jobs have begun and not ended, as unfinished backups; none where they cannot be listed. */
async function uploadsOf(
  bucket: Bucket,
  backupName: string,
  uploads: WeakMap<StoredFile, string>,
  signal: AbortSignal,
): Promise<readonly StoredBackup[]> {
  try {
    const found = await unfinishedUploads(bucket, keyOf(bucket.place, backupName, ''), signal);
    return found.flatMap(({ key, id, begunAt: createdAt }) => {
      const name = fileNameOf(key);
      const backup = readBackupFileName(name);
      if (backup?.backupName !== backupName) return [];
      const location = locationOf(bucket, key);
      const file = { name, size: 0, sha256: undefined, backup, createdAt, expiresAt: undefined, location };
      uploads.set(file, id);
      return [file];
    });
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Unfinished uploads could not be listed: ${messageOf(error)}`);
    return [];
  }
}

/** The other series that have backups; none when they may not be listed. */
async function otherSeries(
  bucket: Bucket,
  backupName: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const names = (await seriesNames(bucket, signal)).filter((name) => name !== backupName);
    const { backups } = await listSeries(bucket, names.slice(0, MOST_SERIES), signal);
    return [...new Set(backups.map(({ backup }) => backup.backupName))];
  } catch (error) {
    signal.throwIfAborted();
    log.debug(`Other series could not be listed: ${messageOf(error)}`);
    return [];
  }
}
