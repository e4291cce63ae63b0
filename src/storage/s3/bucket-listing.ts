import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { UnexpectedResponse } from '../../github/json.ts';
import { collectAfterEvery } from '../../process/garbage.ts';
import { readBackupFileName } from '../backup-file-name.ts';
import { type FilesWithRecords, byTheirRecords } from '../file-with-record.ts';
import type { StoredBackup } from '../store.ts';
import type { Bucket } from './s3-client.ts';
import { fileNameOf, keyOf, locationOf } from './stored-object.ts';

/** What a bucket has of some series. */
export interface BucketListing extends FilesWithRecords {
  /** How many objects there are, whatever they are. */
  readonly total: number;
}

/** An upload that was neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  readonly begunAt: Date;
}

/** A prefix may be that of something else too: no more folders are looked through for backups. */
export const MOST_SERIES = 200;

/** Lists some series. @throws an error of the SDK. */
export async function listSeries(
  bucket: Bucket,
  backupNames: readonly string[],
  signal: AbortSignal,
): Promise<BucketListing> {
  const files: StoredBackup[] = [];
  const names = new Set<string>();
  let total = 0;
  for (const backupName of backupNames) {
    const folder = keyOf(bucket.place, backupName, '');
    for await (const { Contents = [] } of pages(bucket, folder, signal)) {
      total += Contents.length;
      for (const { Key: key = '', Size: size = 0, LastModified: createdAt = new Date() } of Contents) {
        const name = key.slice(folder.length);
        names.add(name);
        const backup = readBackupFileName(name);
        if (backup?.backupName !== backupName) continue;
        const location = locationOf(bucket, key);
        files.push({ name, size, sha256: undefined, backup, createdAt, expiresAt: undefined, location });
      }
    }
  }
  return { ...byTheirRecords(files, names), total };
}

/** The names of all series: what is like a folder below the prefix. Others may have made some. @throws an error of the SDK. */
export async function seriesNames(bucket: Bucket, signal: AbortSignal): Promise<readonly string[]> {
  const { prefix } = bucket.place;
  const names: string[] = [];
  for await (const { CommonPrefixes = [] } of pages(bucket, prefix, signal))
    names.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix.slice(prefix.length, -1)));
  return names;
}

/**
 * The objects directly below a prefix, 1,000 at a time.
 *
 * @throws UnexpectedResponse when the answer is not one of S3, or the list does not go on: an incomplete one hides backups.
 */
async function* pages(
  { sdk, client, place }: Bucket,
  prefix: string,
  abortSignal: AbortSignal,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const within = { Bucket: place.bucket, Prefix: prefix, Delimiter: '/' };
  // The SDK makes megabytes of objects from each page, of which little is kept.
  const collect = collectAfterEvery(1);
  let next: string | undefined;
  do {
    const command = new sdk.ListObjectsV2Command({ ...within, ContinuationToken: next });
    const page = await client.send(command, { abortSignal });
    // A website answers with 200 as well, and what is not XML of S3 is read as an empty list.
    if (page.Name === undefined && page.IsTruncated === undefined)
      throw new UnexpectedResponse('it is not a list of objects');
    yield page;
    collect(1);
    const last = next;
    next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (page.IsTruncated === true && (next === undefined || next === last)) throw endless();
  } while (next !== undefined);
}

/** The uploads of backups whose keys have a prefix. @throws an error of the SDK: not every service can list them. */
export async function unfinishedUploads(
  { sdk, client, place }: Bucket,
  prefix: string,
  abortSignal: AbortSignal,
): Promise<readonly UnfinishedUpload[]> {
  const found: UnfinishedUpload[] = [];
  let markers: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const command = new sdk.ListMultipartUploadsCommand({ Bucket: place.bucket, Prefix: prefix, ...markers });
    const { Uploads = [], ...page } = await client.send(command, { abortSignal });
    for (const { Key: key = '', UploadId: id = '', Initiated: begunAt = new Date() } of Uploads)
      if (readBackupFileName(fileNameOf(key))) found.push({ key, id, begunAt });
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return found;
    if (page.NextKeyMarker === markers.KeyMarker && page.NextUploadIdMarker === markers.UploadIdMarker)
      throw endless();
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

function endless(): UnexpectedResponse {
  return new UnexpectedResponse('the list has more pages, and the service does not give the next one');
}
