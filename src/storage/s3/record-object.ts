import type { PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { UserError } from '../../errors.ts';
import { fieldOf } from '../../github/json.ts';
import { log } from '../../runner/log.ts';
import type { Bucket } from './s3-client.ts';
import { s3Code, s3Status } from './s3-reason.ts';
import { fileNameOf, hasContent } from './stored-object.ts';

/** What is written, and its digest in hexadecimal. */
export interface SmallObject {
  readonly key: string;
  readonly content: Uint8Array;
  readonly sha256: string;
}

/**
 * Writes an object that is not there yet, where the service can make sure of that.
 *
 * @returns false when another one is there.
 * @throws an error of the SDK, and the object may be there all the same.
 */
export async function putNew(bucket: Bucket, object: SmallObject, signal: AbortSignal): Promise<boolean> {
  if (bucket.rules.exclusiveWrites === 'ignored') {
    await put(bucket, object, {}, signal);
    return true;
  }
  try {
    await put(bucket, object, { IfNoneMatch: '*' }, signal);
    return true;
  } catch (error) {
    const status = s3Status(error);
    // An attempt that was not answered may have written it.
    if (status === 412) return isSame(bucket, object, wasRepeated(error), signal);
    if (bucket.rules.exclusiveWrites !== 'probe' || (status !== 501 && status !== 400)) throw error;
    log.info(
      `${bucket.rules.name} does not know If-None-Match (${s3Code(error) ?? status}): the record is written without it`,
    );
    await put(bucket, object, {}, signal);
    return true;
  }
}

async function put(
  { sdk, client, place }: Bucket,
  { key, content }: SmallObject,
  condition: { readonly IfNoneMatch?: '*' },
  abortSignal: AbortSignal,
): Promise<PutObjectCommandOutput> {
  const object = { Bucket: place.bucket, Key: key, Body: content, ContentType: 'application/json' };
  return client.send(new sdk.PutObjectCommand({ ...object, ...condition }), { abortSignal });
}

async function isSame(
  bucket: Bucket,
  { key, content, sha256 }: SmallObject,
  otherwise: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const reading = { key, doing: `read back ${fileNameOf(key)}`, signal };
  try {
    return await hasContent(bucket, { size: content.length, sha256 }, reading);
  } catch (error) {
    if (isDenied(error)) return otherwise;
    throw error;
  }
}

/** Whether the credentials may not do it. */
export function isDenied(error: unknown): boolean {
  const cause = error instanceof UserError ? error.cause : error;
  return s3Status(cause) === 403 && s3Code(cause) === 'AccessDenied';
}

function wasRepeated(error: unknown): boolean {
  return Number(fieldOf(fieldOf(error, '$metadata'), 'attempts')) > 1;
}
