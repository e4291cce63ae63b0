import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { bucketSettings } from '../../../src/storage/s3/bucket-settings.ts';
import { explainS3, noteOperation } from '../../../src/storage/s3/s3-error.ts';

/** Buckets at AWS, at Cloudflare R2, and at a service that is not known. */
export const AWS = 's3://shop-backups/nightly?region=us-east-1';
export const R2 = 's3://shop-backups?endpoint=0123.r2.cloudflarestorage.com';
export const OWN = 's3://shop-backups?endpoint=minio.example.com';

/** An answer of a service, as the SDK throws it. The texts are those that the services document, or that users report. */
export function answered(status: number, name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status }, ...more });
}

/** An error of a connection, as Node.js makes it. */
export function failed(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code, ...more });
}

/** What is said of an error: message and hint. */
export function explain(line: string, error: Error, operation = 'ListObjectsV2Command'): string {
  const place = readBucketLine('storage', line);
  noteOperation(error, operation);
  const { message, hint } = explainS3(error, 'list the backups', {
    place,
    rules: bucketSettings(place, {}).rules,
  });
  return `${message}\n${hint}`;
}
