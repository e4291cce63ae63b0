import { setTimeout as pause } from 'node:timers/promises';
import { UserError, messageOf } from '../../errors.ts';
import { textOrEmpty } from '../../github/json.ts';
import { log } from '../../runner/log.ts';
import { readBackupFileName, recordName } from '../backup-file-name.ts';
import { UnfinishedList } from '../unfinished-list.ts';
import { unfinishedUploads } from './bucket-listing.ts';
import { type BucketPlace, readBucketLine } from './bucket-place.ts';
import { abortUpload } from './multipart-upload.ts';
import { type Bucket, connectBucket } from './s3-client.ts';
import { s3Reason, s3Status } from './s3-reason.ts';
import { deleteObject, fileNameOf } from './stored-object.ts';

/** After a cancellation the runner waits for 7.5 s before it sends SIGTERM. */
const PARTING_MS = 5_000;
const CLEANING_MS = 20_000;
/** A service may still be storing a part whose sender has gone. It fits into the time of a parting. */
const LATE_PARTS_MS = [250, 750, 1_500];

/** How long what must not stay is removed for; the signal of the job ends no longer what follows its end. */
export function cleaningSignal(signal: AbortSignal): AbortSignal {
  const limit = new AbortController();
  const after = (ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      limit.abort(new Error('it took too long'));
    }, ms).unref();
  after(signal.aborted ? PARTING_MS : CLEANING_MS);
  signal.addEventListener('abort', () => after(PARTING_MS), { once: true });
  return limit.signal;
}

/** Ends the uploads of an object. @param id of the one that is known; all are looked for without. @throws an error of the SDK. */
export async function endUploads(
  bucket: Bucket,
  key: string,
  id: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const uploads = id === undefined ? await unfinishedUploads(bucket, key, signal) : [{ key, id }];
  for (const upload of uploads) if (upload.key === key) await abortUpload(bucket, key, upload.id, signal);
}

/**
 * Ends an upload again, of which parts were being sent when it was ended: a service that was storing one keeps it, and the upload with
 * it (documentation of AbortMultipartUpload). Never throws: what cannot be ended now is ended a day later.
 */
export async function endLateParts(
  bucket: Bucket,
  key: string,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const milliseconds of LATE_PARTS_MS) {
      await pause(milliseconds, undefined, { signal });
      await abortUpload(bucket, key, id, signal);
    }
  } catch (error) {
    log.debug(`Late parts of an upload may be left: ${s3Reason(error)}`);
  }
}

/** Ends the other uploads of an object, begun by requests that were not answered. @throws an error of the SDK. */
export async function endTwins(bucket: Bucket, key: string, id: string, signal: AbortSignal): Promise<void> {
  for (const upload of await unfinishedUploads(bucket, key, signal))
    if (upload.key === key && upload.id !== id) await abortUpload(bucket, key, upload.id, signal);
}

/** The error for an upload that could not be ended. */
export function notEnded({ place }: Bucket, key: string, error: unknown): UserError {
  return new UserError(
    'storage',
    `The unfinished upload of s3://${place.bucket}/${key} could not be ended (${s3Reason(error)}): its parts take up space.`,
    'Allow s3:AbortMultipartUpload, or have a lifecycle rule of the bucket end incomplete uploads (docs/storage.md).',
    { cause: error },
  );
}

/** The error for an object that is there and must not be used. */
export function notDeleted({ place }: Bucket, key: string, error: unknown): UserError {
  return new UserError(
    'storage',
    `The object s3://${place.bucket}/${key} could not be deleted (${s3Reason(error)}): do not restore from it.`,
    'Delete the object.',
    { cause: error },
  );
}

/** An object that must not stay as it is. No secret is in it. */
interface Unfinished {
  /** Of `storage`. */
  readonly line: string;
  readonly key: string;
  /** Of its upload; undefined: not known yet. */
  readonly id: string | undefined;
}
const unfinished = new UnfinishedList<Unfinished>('unfinished-objects');

/** Records for the post step an object that must not stay as it is. */
export function noteUnfinished({ given: line }: BucketPlace, key: string, id?: string): void {
  unfinished.note(`${line} ${key}`, { line, key, id });
}

/** That it may. */
export function noteFinished({ given: line }: BucketPlace, key: string): void {
  unfinished.forget(`${line} ${key}`);
}

/** In the post step: removes what a killed job has left unfinished in buckets; what cannot be removed is named. */
export async function removeUnfinishedObjects(env: NodeJS.ProcessEnv): Promise<void> {
  for (const noted of unfinished.noted()) {
    const [line, key, id] = [noted['line'], noted['key'], noted['id']].map(textOrEmpty);
    if (key === undefined || !readBackupFileName(fileNameOf(key))) continue;
    try {
      const bucket = await connectBucket(readBucketLine('storage', line ?? ''), env);
      await removeUnfinished(bucket, key, id || undefined);
    } catch (error) {
      log.warning(messageOf(error));
    }
  }
}

async function removeUnfinished(bucket: Bucket, key: string, id: string | undefined): Promise<void> {
  const signal = cleaningSignal(new AbortController().signal);
  await endUploads(bucket, key, id, signal).catch((error: unknown) => {
    throw notEnded(bucket, key, error);
  });
  try {
    if (await isThere(bucket, recordName(key), signal)) return;
    if (await isThere(bucket, key, signal)) await deleteObject(bucket, key, signal);
    else if (id !== undefined) await endLateParts(bucket, key, id, signal);
  } catch (error) {
    throw notDeleted(bucket, key, error);
  }
  log.info(`Removed s3://${bucket.place.bucket}/${key}, which was not finished`);
}

async function isThere(
  { sdk, client, place }: Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  try {
    await client.send(new sdk.HeadObjectCommand({ Bucket: place.bucket, Key: key }), { abortSignal });
    return true;
  } catch (error) {
    if (s3Status(error) === 404) return false;
    throw error;
  }
}
