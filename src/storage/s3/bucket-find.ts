import { UserError } from '../../errors.ts';
import { readBackupFileName } from '../backup-file-name.ts';
import { findIn } from '../file-with-record.ts';
import type { StoredFile } from '../store.ts';
import type { WantedBackup } from '../wanted-backup.ts';
import { type BucketListing, MOST_SERIES, listSeries, seriesNames } from './bucket-listing.ts';
import { bucketName } from './bucket-place.ts';
import type { Bucket } from './s3-client.ts';
import { s3Status } from './s3-reason.ts';
import { keyOf, locationOf } from './stored-object.ts';

/**
 * Finds a backup for a restore.
 *
 * @throws UserError when there is none, or there are several series to choose from; an error of the SDK.
 */
export async function findInBucket(
  bucket: Bucket,
  wanted: WantedBackup,
  signal: AbortSignal,
): Promise<StoredFile> {
  return wanted.kind === 'name' ? findNamed(bucket, wanted, signal) : findListed(bucket, wanted, signal);
}

/** What has this name: a backup in the folder of its series, or anything below the prefix. */
async function findNamed(
  bucket: Bucket,
  wanted: WantedBackup & { readonly kind: 'name' },
  signal: AbortSignal,
): Promise<StoredFile> {
  const { name } = wanted;
  const backup = readBackupFileName(name);
  const keys = [
    ...(backup ? [keyOf(bucket.place, backup.backupName, name)] : []),
    `${bucket.place.prefix}${name}`,
  ];
  for (const key of keys) {
    const found = await lookAt(bucket, key, signal);
    if (!found) continue;
    const { size, changedAt } = found;
    const createdAt = backup?.takenAt ?? changedAt;
    return {
      name,
      size,
      sha256: undefined,
      backup,
      createdAt,
      expiresAt: undefined,
      location: locationOf(bucket, key),
    };
  }
  return chosenFrom(await listAll(bucket, signal), wanted, bucket);
}

async function lookAt(
  { sdk, client, place }: Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<{ readonly size: number; readonly changedAt: Date } | undefined> {
  try {
    const command = new sdk.HeadObjectCommand({ Bucket: place.bucket, Key: key });
    const { ContentLength: size = 0, LastModified: changedAt = new Date() } = await client.send(command, {
      abortSignal,
    });
    return { size, changedAt };
  } catch (error) {
    if (s3Status(error) === 404) return undefined;
    throw error;
  }
}

async function findListed(
  bucket: Bucket,
  wanted: Exclude<WantedBackup, { kind: 'name' }>,
  signal: AbortSignal,
): Promise<StoredFile> {
  const ofSeries =
    wanted.kind === 'latest' && wanted.backupName !== undefined
      ? await listSeries(bucket, [wanted.backupName], signal)
      : undefined;
  const listing = ofSeries && ofSeries.backups.length > 0 ? ofSeries : await listAll(bucket, signal);
  return chosenFrom(listing, wanted, bucket);
}

async function listAll(bucket: Bucket, signal: AbortSignal): Promise<BucketListing> {
  const names = await seriesNames(bucket, signal);
  if (names.length <= MOST_SERIES) return listSeries(bucket, names, signal);
  throw new UserError(
    'storage',
    `storage: ${bucketName(bucket.place)} has ${names.length} folders, too many to look for backups in.`,
    'Set "backup-name", and "backup" to "latest"; or give backups a prefix of their own.',
  );
}

function chosenFrom(listing: BucketListing, wanted: WantedBackup, { place }: Bucket): StoredFile {
  const stock = { store: bucketName(place), kind: 'object', total: listing.total } as const;
  return findIn(listing, wanted, stock, () => undefined);
}
