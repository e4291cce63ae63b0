import { Readable } from 'node:stream';
import { cancelledOr } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { readBackupFileName, recordName } from '../backup-file-name.ts';
import { removeLeftOvers } from '../file-with-record.ts';
import type { BackupStore, Series, StoredBackup, StoredFile } from '../store.ts';
import { findInBucket } from './bucket-find.ts';
import { type BucketPlace, bucketName } from './bucket-place.ts';
import { type KnownUploads, seriesOf } from './bucket-series.ts';
import { abortUpload } from './multipart-upload.ts';
import { beginInBucket } from './pending-object.ts';
import { type Bucket, connectBucket } from './s3-client.ts';
import { explainS3, isRetained } from './s3-error.ts';
import { deleteObject, keyAt, keyOf, objectChunks, recordBeside } from './stored-object.ts';

/**
 * A bucket of backups: each is an object with its record beside it, in a folder for each series. What is not completed is an
 * upload, which nobody but a list of uploads shows.
 *
 * Where a bucket keeps versions, what is removed gets a marker and stays as an older version: a lifecycle rule of the bucket
 * removes it, when its lock allows that.
 *
 * @param connect is called when there is something to do, once.
 * @param signal ends whatever the store does.
 */
export function bucketStore(
  place: BucketPlace,
  signal: AbortSignal,
  connect: () => Promise<Bucket> = () => connectBucket(place, process.env),
): BackupStore {
  let connected: Promise<Bucket> | undefined;
  const asked = async <T>(doing: string, work: (bucket: Bucket) => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    const bucket = await (connected ??= connect());
    try {
      return await work(bucket);
    } catch (error) {
      throw cancelledOr(signal, () => explainS3(error, doing, bucket));
    }
  };
  const uploads: KnownUploads = new WeakMap();
  /** What this job is writing. */
  const own = new Set<string>();
  const list = (backupName: string): Promise<Series> =>
    asked('list the backups', (bucket) => seriesOf(bucket, backupName, { uploads, own, signal }));
  const remove = (file: StoredFile): Promise<void> =>
    asked(`delete ${file.name}`, (bucket) => removeFile(bucket, file, uploads.get(file), signal));
  return {
    name: bucketName(place),
    async list(backupName) {
      const series = await list(backupName);
      if (series.ignored !== undefined) log.info(series.ignored);
      return series;
    },
    find: (wanted) =>
      asked(wanted.kind === 'name' ? `find ${wanted.name}` : 'list the backups', (bucket) =>
        findInBucket(bucket, wanted, signal),
      ),
    open: (file) =>
      asked(`read ${file.name}`, (bucket) => {
        const reading = { key: keyAt(place, file), doing: `read ${file.name}`, signal };
        return Promise.resolve(
          Readable.from(objectChunks(bucket, file.size, reading), { objectMode: false }),
        );
      }),
    record: (file) =>
      asked(`read ${recordName(file.name)}`, (bucket) =>
        recordBeside(bucket, keyAt(place, file), file, signal),
      ),
    remove,
    async begin(name, options) {
      const backupName = readBackupFileName(name)?.backupName;
      if (backupName === undefined) throw new Error(`${name} is not the name of a backup.`);
      const key = keyOf(place, backupName, name);
      own.add(key);
      const ended = AbortSignal.any([signal, options.signal]);
      const pending = await asked(`store ${name}`, (bucket) =>
        beginInBucket(bucket, key, { ...options, signal: ended }),
      );
      const unfinished = async (): Promise<readonly StoredBackup[]> => (await list(backupName)).unfinished;
      const cleaned = removeLeftOvers(bucketName(place), unfinished, remove);
      // Storing does not wait for it, and the job does not end before it.
      return { ...pending, finish: (record) => cleaned.then(() => pending.finish(record)) };
    },
  };
}

async function removeFile(
  bucket: Bucket,
  file: StoredFile,
  upload: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const key = keyAt(bucket.place, file);
  if (upload !== undefined) {
    await abortUpload(bucket, key, upload, signal);
    return;
  }
  try {
    await deleteObject(bucket, recordName(key), signal);
    if (await deleteObject(bucket, key, signal)) sayVersions(bucket);
  } catch (error) {
    if (!isRetained(error)) throw error;
    throw explainS3(error, `delete ${file.name}`, bucket).reworded({ code: 'retained' });
  }
}

const withVersions = new WeakSet<Bucket>();

/** Says once that what was deleted still takes up space. */
function sayVersions(bucket: Bucket): void {
  if (withVersions.has(bucket)) return;
  withVersions.add(bucket);
  const name = `T${bucketName(bucket.place).slice(1)}`;
  log.info(
    `${name} keeps versions: what is deleted stays as an older version until a lifecycle rule removes it`,
  );
}
