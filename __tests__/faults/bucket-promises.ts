import { createHash } from 'node:crypto';
import path from 'node:path';
import { parseRecord } from '../../src/storage/parse-record.ts';
import { isOpenRecord } from '../../src/storage/record.ts';
import type { BucketBed } from '../support/s3-bucket.ts';
import type { FaultBed } from './fault-bed.ts';

const RECORD = /\.json$/;

/**
 * Checks what a run has left in the buckets, which were empty: complete and verified backups, each with its record, and no upload without an end.
 *
 * @param wanted how many backups the run must have stored.
 * @returns a sentence for each broken promise.
 */
export async function brokenBuckets(bed: FaultBed, wanted: number): Promise<string[]> {
  const broken: string[] = [];
  let made = 0;
  for (const bucket of await bed.buckets.started()) {
    const keys = await bucket.keys();
    const files = keys.filter((key) => !RECORD.test(key));
    made += files.length;
    for (const key of files) {
      if (keys.includes(`${key}.json`)) broken.push(...(await brokenObject(bed, bucket, key)));
      else broken.push(`${key} has no record in the bucket`);
    }
    for (const key of keys)
      if (RECORD.test(key) && !keys.includes(key.replace(RECORD, '')))
        broken.push(`${key} in the bucket is the record of nothing`);
    for (const key of await bucket.server.uploads())
      broken.push(`the upload of ${key} was left in the bucket`);
  }
  return made === wanted
    ? broken
    : [...broken, `there are ${made} new files in buckets instead of ${wanted}`];
}

async function brokenObject({ shop, large }: FaultBed, bucket: BucketBed, key: string): Promise<string[]> {
  const bytes = await bucket.read(key);
  const name = path.posix.basename(key);
  const record = parseRecord(await bucket.read(`${key}.json`), { name, size: bytes.length });
  const isVerified = record.file.sha256 === createHash('sha256').update(bytes).digest('hex');
  const isOfDatabase =
    isOpenRecord(record) &&
    [shop, large].some(({ contentDigest }) => record.content.digest === contentDigest);
  return [
    ...(isVerified ? [] : [`what is stored as ${key} is not what was verified`]),
    ...(isOfDatabase ? [] : [`${key} does not contain the database`]),
  ];
}
