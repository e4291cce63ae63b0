import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { recordName } from '../../../src/storage/backup-file-name.ts';
import { type BackupRecord, serializeRecord } from '../../../src/storage/record.ts';
import { bucketStore } from '../../../src/storage/s3/bucket-store.ts';
import { type BucketPlace, readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { type Bucket, connectBucket } from '../../../src/storage/s3/s3-client.ts';
import type { BackupStore, FileFacts, PendingBackup } from '../../../src/storage/store.ts';
import { type S3Credentials, type S3Server, clientOf, objectsOf } from '../../support/s3-server.ts';
import { recordFor } from '../../support/seeded-record.ts';

export const PREFIX = 'nightly/';
export const CONTENT = Buffer.from('PGDMP and what follows'.padEnd(100));
/** Gives up sooner than users would want. */
const HASTE = { attempts: 2, attemptMs: 3_000, longestWaitMs: 0 };

/** A bucket as a job sees it, and as the test does. */
export interface BucketBed {
  readonly place: BucketPlace;
  readonly store: BackupStore;
  /** Past any proxy. */
  readonly client: S3Client;
  readonly keys: () => Promise<string[]>;
  readonly uploads: () => Promise<readonly string[]>;
  readonly put: (key: string, content: Uint8Array) => Promise<void>;
  /** A backup and its record. */
  readonly putBackup: (name: string, record?: BackupRecord) => Promise<void>;
}

/** How a job sees it. */
export interface JobView {
  /** The server's own when absent. */
  readonly origin?: string;
  readonly credentials?: S3Credentials;
  readonly signal?: AbortSignal;
  readonly changed?: (bucket: Bucket) => Bucket;
}

export function bucketBed(server: S3Server, view: JobView = {}): BucketBed {
  const {
    origin = server.origin,
    credentials = server.credentials,
    changed = (bucket: Bucket) => bucket,
  } = view;
  const place = readBucketLine('storage', `s3://${server.bucket}/${PREFIX}?endpoint=${origin}`);
  const env = {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const client = clientOf(server, server.credentials);
  const put = async (key: string, content: Uint8Array): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: server.bucket, Key: key, Body: content }));
  };
  return {
    place,
    client,
    put,
    store: bucketStore(place, view.signal ?? new AbortController().signal, async () => {
      // The chain of the SDK reads the environment of the process.
      Object.assign(process.env, env);
      return changed(await connectBucket(place, process.env, HASTE));
    }),
    keys: async () => (await objectsOf(client, server.bucket)).map(({ Key = '' }) => Key).toSorted(),
    uploads: () => server.uploads(),
    async putBackup(name, record = recordFor(name, CONTENT)) {
      await put(keyIn(name), CONTENT);
      await put(recordName(keyIn(name)), serializeRecord(record));
    },
  };
}

/** The key of a backup of the series `shop`, or another. */
export function keyIn(name: string, series = name.replace(/-\d{8}T.*$/, '')): string {
  return `${PREFIX}${series}/${name}`;
}

export function factsOf(content: Uint8Array): FileFacts {
  return { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Begins a backup, and writes all of it. */
export async function written(
  store: BackupStore,
  name: string,
  content: Uint8Array = CONTENT,
  signal = new AbortController().signal,
): Promise<PendingBackup> {
  const pending = await store.begin(name, { signal, databaseBytes: content.length });
  await pipeline([Buffer.from(content)], pending.sink);
  return pending;
}

/** Bytes that do not compress, more than two parts of 8 MiB. */
export function severalParts(): Buffer {
  return randomBytes(20 * 1024 * 1024 + 1);
}
