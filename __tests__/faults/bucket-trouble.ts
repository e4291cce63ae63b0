import type { BucketBed } from '../support/s3-bucket.ts';
import { fastClock } from '../support/fast-clock.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import type { S3Fault, S3Request } from '../support/s3-proxy-faults.ts';
import { type FaultBed, type Subject, backUp } from './fault-bed.ts';
import type { BucketServer } from './fault-buckets.ts';
import type { FaultCase } from './fault-case.ts';

/** The log line of a backup that survived: the stored copy was read back. */
export const STORED_IN_BUCKET = /Read back from the bucket backups: size and SHA-256 match the verified file/;

/** The annotation where the credentials may not write. */
export const NOT_ALLOWED = /^storage: .* lack the permission s3:PutObject .*\n.*right/;

/** A fault of a bucket. */
export interface BucketTrouble extends Pick<
  FaultCase,
  'fault' | 'outcome' | 'says' | 'everyday' | 'published'
> {
  readonly faults: readonly S3Fault[];
  /** s3rver when absent. */
  readonly server?: BucketServer;
  readonly inputs?: Readonly<Record<string, string>>;
  /** What the run leaves in the bucket, as its annotation must say; it is removed then. */
  readonly leaves?: RegExp;
}

export const SLOW_DOWN = {
  status: 503,
  code: 'SlowDown',
  message: 'Please reduce your request rate.',
} as const;
export const INTERNAL = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error.',
} as const;
export const DENIED = { status: 403, code: 'AccessDenied', message: 'Access Denied' } as const;
export const EXPIRED = {
  status: 400,
  code: 'ExpiredToken',
  message: 'The provided token has expired.',
} as const;
export const NO_BUCKET = {
  status: 404,
  code: 'NoSuchBucket',
  message: 'The specified bucket does not exist',
} as const;
export const EXISTS = {
  status: 412,
  code: 'PreconditionFailed',
  message: 'At least one of the pre-conditions you specified did not hold',
} as const;
export const CONFLICT = {
  status: 409,
  code: 'ConditionalRequestConflict',
  message: 'A conflicting conditional operation is currently in progress',
} as const;

export const NO_OBJECT = {
  status: 404,
  code: 'NoSuchKey',
  message: 'The specified key does not exist.',
} as const;

/** Part 1, of 8 MiB as every other but the last. */
export const FIRST_PART = { on: 'UploadPart', when: isPart(1) } as const;
export const MIDDLE_PART = { on: 'UploadPart', when: isPart(2) } as const;
export const LAST_PART = { on: 'UploadPart', when: isLastPart } as const;
export const RECORD_PUT = { on: 'PutObject', key: /\.bak\.json$/ } as const;
export const RECORD_GET = { on: 'GetObject', key: /\.bak\.json$/ } as const;
export const FILE_GET = { on: 'GetObject', key: /\.bak$/ } as const;

function isPart(number: number): (request: S3Request) => boolean {
  return ({ query }) => query.get('partNumber') === String(number);
}

function isLastPart({ headers }: S3Request): boolean {
  return Number(headers['content-length']) < 8 * 1024 * 1024;
}

/** Backs up into a bucket, through a proxy with faults; time limits are short. */
export function backUpInto(
  bed: FaultBed,
  bucket: BucketBed,
  { subject = bed.large, inputs = {}, ...options }: RunActionOptions & { readonly subject?: Subject } = {},
): Promise<ActionRun> {
  return backUp(bed, subject, {
    inputs: { storage: bucket.storage(), compression: 'none', ...inputs },
    env: { ...fastClock(), ...bucket.env() },
    secrets: [bucket.server.credentials.secretAccessKey],
    ...options,
  });
}

/** A fault of a bucket while a backup of three parts is stored in it. */
export function duringStorage({
  faults,
  server = 's3rver',
  inputs = {},
  leaves,
  ...rest
}: BucketTrouble): FaultCase {
  return {
    ...rest,
    phase: 'upload',
    store: 'a bucket',
    async strike(bed) {
      const bucket = await bed.buckets.on(server);
      if (!bucket) return undefined;
      // A fault counts from when it is new.
      bucket.proxy.faults = faults.map((fault) => ({ ...fault }));
      const run = await backUpInto(bed, bucket, { inputs });
      if (leaves) await removeLeft(bucket, run, leaves);
      return run;
    },
  };
}

/** What a run had to leave in a bucket: it must say so, and is removed now. */
async function removeLeft(bucket: BucketBed, run: ActionRun, says: RegExp): Promise<void> {
  bucket.proxy.faults = [];
  const words = [...run.annotations, ...(run.post?.annotations ?? [])]
    .map(({ message }) => message)
    .join('\n');
  const left = [...(await bucket.keys()), ...(await bucket.server.uploads())];
  if (left.length === 0) throw new Error('Nothing was left in the bucket.');
  if (!says.test(words)) throw new Error(`It is not said what is left (${left.join(', ')}): ${words}`);
  await bucket.empty();
}
