import { Readable, addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { cancelledOr } from '../../errors.ts';
import { UnexpectedResponse } from '../../github/json.ts';
import { retryTransient } from '../../runner/retry-policy.ts';
import { recordName } from '../backup-file-name.ts';
import { type OpenContent, contentChunks, sha256Of } from '../content-chunks.ts';
import { WrongLength, exactLength } from '../exact-length.ts';
import { parseRecord, unusableRecord } from '../parse-record.ts';
import { type BackupRecord, LARGEST_RECORD_BYTES } from '../record.ts';
import type { FileFacts, FileLocation, StoredFile } from '../store.ts';
import type { BucketPlace } from './bucket-place.ts';
import { unlessAbsent } from './multipart-upload.ts';
import type { Bucket } from './s3-client.ts';
import { explainS3 } from './s3-error.ts';
import { s3Status } from './s3-reason.ts';

/** The key of a backup's file: below its prefix, each series is a folder. */
export function keyOf({ prefix }: BucketPlace, backupName: string, fileName: string): string {
  return `${prefix}${backupName}/${fileName}`;
}

/** The last part of a key. */
export function fileNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** Where an object is. */
export function locationOf({ place, endpoint, region }: Bucket, key: string): FileLocation {
  return { kind: 'object', url: `s3://${place.bucket}/${key}`, endpoint, region };
}

/** The key of a file of this bucket. */
export function keyAt({ bucket }: BucketPlace, { name, location }: StoredFile): string {
  const start = `s3://${bucket}/`;
  if (location.kind === 'object' && location.url.startsWith(start)) return location.url.slice(start.length);
  throw new Error(`${name} is not a file of this store.`);
}

/** How long the SDK may need with its own attempts; it ends a connection that stands still much earlier. */
const OPENING_MS = 180_000;

/** Reading an object. */
interface Reading {
  readonly key: string;
  /** For messages: `read shop.bak`. */
  readonly doing: string;
  readonly signal: AbortSignal;
}

/**
 * The content of an object, read once.
 *
 * @param size in bytes.
 * @throws UserError when the request fails; WrongLength and others while its answer is read, which may be asked for again.
 */
export function objectChunks(bucket: Bucket, size: number, reading: Reading): AsyncGenerator<Uint8Array> {
  const open: OpenContent = async (signal) => {
    const opened = await openObject(bucket, { ...reading, signal });
    if (opened.size === size) return opened.body;
    opened.body.destroy();
    throw new WrongLength(`it has ${opened.size} bytes, and ${size} were recorded`);
  };
  const retries = { ...bucket.retries, attemptMs: OPENING_MS };
  return contentChunks(open, size, { signal: reading.signal, retries });
}

async function openObject(
  bucket: Bucket,
  { key, doing, signal }: Reading,
): Promise<{ readonly body: Readable; readonly size: number }> {
  const { sdk, client, place } = bucket;
  const command = new sdk.GetObjectCommand({ Bucket: place.bucket, Key: key });
  const { Body, ContentLength: size = 0 } = await client
    .send(command, { abortSignal: signal })
    .catch((error: unknown) => {
      // The SDK says "Request aborted", and not why.
      throw explainS3(signal.aborted ? signal.reason : error, doing, bucket);
    });
  if (Body instanceof Readable) return { body: addAbortSignal(signal, Body), size };
  throw new UnexpectedResponse('the answer has no content');
}

/**
 * Whether an object has this content.
 *
 * @throws UserError when it cannot be read; the signal's reason.
 */
export async function hasContent(
  bucket: Bucket,
  { size, sha256 }: FileFacts,
  reading: Reading,
): Promise<boolean> {
  const { signal } = reading;
  try {
    return await retryTransient('The stored copy', { signal }, async () => {
      try {
        return (await sha256Of(objectChunks(bucket, size, reading))) === sha256;
      } catch (error) {
        if (error instanceof WrongLength) return false;
        throw error;
      }
    });
  } catch (error) {
    throw cancelledOr(signal, () => explainS3(error, reading.doing, bucket));
  }
}

/**
 * The record beside a file.
 *
 * @returns undefined when there is none.
 * @throws UserError; the signal's reason.
 */
export async function recordBeside(
  bucket: Bucket,
  key: string,
  of: Pick<StoredFile, 'name' | 'size'>,
  signal: AbortSignal,
): Promise<BackupRecord | undefined> {
  const reading = { key: recordName(key), doing: `read ${recordName(of.name)}`, signal };
  try {
    const bytes = await retryTransient('The record', { signal }, async () => {
      const { body, size } = await openObject(bucket, reading);
      if (size <= LARGEST_RECORD_BYTES) return buffer(exactLength(body, size));
      body.destroy();
      throw unusableRecord(of.name, 'it is too large');
    });
    return parseRecord(bytes, of);
  } catch (error) {
    if (Error.isError(error) && s3Status(error.cause) === 404) return undefined;
    throw cancelledOr(signal, () => explainS3(error, reading.doing, bucket));
  }
}

/**
 * Deletes an object; does nothing when it is gone.
 *
 * @returns whether the bucket keeps it as an older version.
 * @throws an error of the SDK.
 */
export async function deleteObject(
  { sdk, client, place }: Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const command = new sdk.DeleteObjectCommand({ Bucket: place.bucket, Key: key });
  const answer = await client.send(command, { abortSignal }).catch(unlessAbsent);
  return answer?.DeleteMarker === true;
}
