import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { UploadPartCommand } from '@aws-sdk/client-s3';
import { UserError } from '../../errors.ts';
import { UnexpectedResponse, fieldOf, textOf } from '../../github/json.ts';
import { bytes } from '../../runner/format.ts';
import { type Bounds, retryTransient } from '../../runner/retry-policy.ts';
import { type Attempt, type BlockStorage, piecesOf } from '../block-sink.ts';
import { bucketName } from './bucket-place.ts';
import type { PartPlan } from './part-size.ts';
import type { Bucket } from './s3-client.ts';
import { explainS3 } from './s3-error.ts';
import { s3Code, s3Status } from './s3-reason.ts';
import { isTransient } from './s3-retries.ts';

/** A part that the service has. */
interface Part {
  readonly PartNumber: number;
  readonly ETag: string;
  readonly ChecksumCRC32?: string;
}

/** After a completion without an answer, the object is looked for as often, with 31 s of pauses; after a failure, once more. */
const MOST_LOOKS = 6;
const FEW_LOOKS = 2;

/** An object on its way into a bucket, as parts that nobody can see. */
export class MultipartUpload {
  readonly id: string;
  /** Whether another upload of the same object may have been begun, by a request that was not answered. */
  readonly mayHaveTwin: boolean;
  readonly #bucket: Bucket;
  readonly #key: string;
  /** Of the file. */
  readonly #name: string;
  readonly #parts: Part[] = [];
  /** Of the whole file, as far as it was staged. */
  #crc = 0;

  private constructor(bucket: Bucket, key: string, id: string, mayHaveTwin: boolean) {
    this.mayHaveTwin = mayHaveTwin;
    this.#bucket = bucket;
    this.#key = key;
    this.#name = key.slice(key.lastIndexOf('/') + 1);
    this.id = id;
  }

  /** @throws an error of the SDK. */
  static async begin(bucket: Bucket, key: string, abortSignal: AbortSignal): Promise<MultipartUpload> {
    const { sdk, client, place, rules } = bucket;
    const command = new sdk.CreateMultipartUploadCommand({
      ...{ Bucket: place.bucket, Key: key, ContentType: 'application/octet-stream' },
      // Node.js makes a CRC-32 ten times as fast as the SDK a CRC-64; and every part has its SHA-256.
      ...(rules.checksum && { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
    });
    const { UploadId, $metadata } = await client.send(command, { abortSignal });
    return new MultipartUpload(bucket, key, textOf(UploadId), ($metadata.attempts ?? 1) > 1);
  }

  /** What takes the parts. */
  storage({ partBytes, mostInFlight, mostParts }: PartPlan): BlockStorage {
    return {
      name: `T${bucketName(this.#bucket.place).slice(1)}`,
      ...{ blockBytes: partBytes, mostBlocks: mostParts, mostInFlight },
      stage: (content, index) => this.#stage(content, index + 1),
      explain: (error) => this.#explain(error),
      tooLong: () => tooLong(this.#name, partBytes * mostParts),
    };
  }

  #stage(content: Buffer, number: number): (attempt: Attempt) => Promise<void> {
    const { sdk, client, place, rules } = this.#bucket;
    this.#crc = crc32(content, this.#crc);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const checksum = rules.checksum ? { ChecksumCRC32: base64(crc32(content)) } : {};
    return async (attempt) => {
      const command = new sdk.UploadPartCommand({
        ...{ Bucket: place.bucket, Key: this.#key, UploadId: this.id, PartNumber: number },
        ...{ Body: Readable.from(piecesOf(content, attempt)), ContentLength: content.length },
        ...checksum,
      });
      signDigest(command, sha256);
      try {
        const { ETag } = await client.send(command, { abortSignal: attempt.signal });
        this.#parts[number - 1] = { PartNumber: number, ETag: textOf(ETag), ...checksum };
        attempt.moved();
      } catch (error) {
        throw isTransient(error) ? error : this.#explain(error);
      }
    };
  }

  /**
   * Makes the parts the object. When there is no answer, it is looked for.
   *
   * @param size of the whole file, in bytes.
   * @throws UserError, and the object may be there all the same; the signal's reason.
   */
  async complete(size: number, signal: AbortSignal): Promise<void> {
    const { sdk, client, place, rules } = this.#bucket;
    const whole = {
      ChecksumCRC32: base64(this.#crc),
      ChecksumType: 'FULL_OBJECT',
      MpuObjectSize: size,
    } as const;
    const command = new sdk.CompleteMultipartUploadCommand({
      ...{ Bucket: place.bucket, Key: this.#key, UploadId: this.id },
      ...{ MultipartUpload: { Parts: this.#parts } },
      ...(rules.checksum && whole),
    });
    try {
      await client.send(command, { abortSignal: signal });
    } catch (error) {
      signal.throwIfAborted();
      // One that was not answered may have succeeded, or be about to; then the next one finds no upload.
      const status = s3Status(error) ?? 0;
      const isRefused = status > 0 && status < 500 && s3Code(error) !== 'NoSuchUpload';
      if (isRefused) throw this.#explain(error);
      const attempts = status >= 500 ? FEW_LOOKS : MOST_LOOKS;
      await this.#lookFor(size, error, { signal, retries: { attempts, attemptMs: 0, longestWaitMs: 0 } });
    }
  }

  async #lookFor(size: number, reason: unknown, bounds: Bounds): Promise<void> {
    const { signal } = bounds;
    const { sdk, client, place } = this.#bucket;
    const command = new sdk.HeadObjectCommand({ Bucket: place.bucket, Key: this.#key });
    try {
      await retryTransient(`The end of ${this.#name}`, bounds, async () => {
        const { ContentLength } = await client
          .send(command, { abortSignal: signal })
          .catch((error: unknown) => {
            throw s3Status(error) === 403 ? this.#explain(reason) : error;
          });
        if (ContentLength !== size) throw new UnexpectedResponse('the object is not there yet');
      });
    } catch {
      signal.throwIfAborted();
      throw this.#explain(reason);
    }
  }

  #explain(error: unknown): UserError {
    return explainS3(error, `store ${this.#name}`, this.#bucket);
  }
}

/** Ends an upload: its parts are removed. Does nothing when there is none. @throws an error of the SDK. */
export async function abortUpload(
  { sdk, client, place }: Bucket,
  key: string,
  id: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const command = new sdk.AbortMultipartUploadCommand({ Bucket: place.bucket, Key: key, UploadId: id });
  await client.send(command, { abortSignal }).catch(unlessAbsent);
}

/** For what is to be gone. @throws any error but that there is no such thing. */
export function unlessAbsent(error: unknown): undefined {
  if (s3Status(error) !== 404) throw error;
}

/** The SDK makes no digest of a stream. With this one in the signature, the service refuses any other content. */
function signDigest({ middlewareStack }: UploadPartCommand, sha256: string): void {
  middlewareStack.add(
    (next) => (args) => {
      const headers = fieldOf(args.request, 'headers');
      if (typeof headers === 'object' && headers !== null)
        Reflect.set(headers, 'x-amz-content-sha256', sha256);
      return next(args);
    },
    { step: 'build', name: 'signDigest' },
  );
}

function base64(crc: number): string {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(crc);
  return four.toString('base64');
}

function tooLong(name: string, most: number): UserError {
  return new UserError(
    'storage',
    `${name} is longer than ${bytes(most)}, which is twice the size of the database.`,
    'Compress it (compression: zstd:3), or leave out tables that can be made again (exclude-table-data).',
  );
}
