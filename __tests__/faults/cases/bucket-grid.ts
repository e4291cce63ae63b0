import type { S3Fault, S3Trouble } from '../../support/s3-proxy-faults.ts';
import {
  type BucketTrouble,
  DENIED,
  FILE_GET,
  FIRST_PART,
  INTERNAL,
  LAST_PART,
  MIDDLE_PART,
  NOT_ALLOWED,
  RECORD_GET,
  RECORD_PUT,
  SLOW_DOWN,
  STORED_IN_BUCKET as STORED,
  duringStorage,
} from '../bucket-trouble.ts';
import type { FaultCase } from '../fault-case.ts';

/** Where a fault strikes: each request of a backup, in their order. */
const PLACES: readonly { readonly where: string; readonly at: Omit<S3Fault, 'trouble'> }[] = [
  { where: 'when the upload begins', at: { on: 'CreateMultipartUpload' } },
  { where: 'at the first part', at: FIRST_PART },
  { where: 'at a part in the middle', at: MIDDLE_PART },
  { where: 'at the last part', at: LAST_PART },
  { where: 'when the upload is completed', at: { on: 'CompleteMultipartUpload' } },
  { where: 'when the stored copy is read back', at: FILE_GET },
  { where: 'at the record', at: RECORD_PUT },
  { where: 'when the record is read back', at: RECORD_GET },
];

const IN_MIDDLE = 100_000;

/** What passes. */
const TEMPORARY: readonly { readonly what: string; readonly times: number; readonly trouble: S3Trouble }[] = [
  {
    what: 'a bucket asks for fewer requests (503 SlowDown), twice,',
    times: 2,
    trouble: { kind: 'refuse', with: SLOW_DOWN },
  },
  {
    what: 'a bucket fails (500) in the middle of a request, once,',
    times: 1,
    trouble: { kind: 'refuse', with: INTERNAL, afterBytes: IN_MIDDLE },
  },
  {
    what: 'the connection to a bucket is reset, twice,',
    times: 2,
    trouble: { kind: 'reset', afterBytes: IN_MIDDLE },
  },
  { what: 'a bucket does not answer, once,', times: 1, trouble: { kind: 'stall' } },
  { what: 'the answer of a bucket is lost, once,', times: 1, trouble: { kind: 'lost-answer' } },
];

const PASSING = TEMPORARY.flatMap(({ what, times, trouble }) =>
  PLACES.map(({ where, at }): BucketTrouble => ({
    fault: `${what} ${where}`,
    outcome: 'survived',
    says: STORED,
    // What was served and must be told from what was not needs a server with conditions.
    server: trouble.kind === 'lost-answer' ? 'versitygw' : 's3rver',
    faults: [{ ...at, times, trouble }],
    ...(trouble.kind === 'refuse' && at === MIDDLE_PART && times === 1 ? { everyday: true } : {}),
  })),
);

/** A right that the credentials lack. Without that to read, a backup is made and not read back, which is said. */
const DENIALS = PLACES.map(({ where, at }): BucketTrouble => {
  const fault = `the credentials of a bucket lack the right ${where}`;
  const faults = [{ ...at, trouble: { kind: 'refuse', with: DENIED } }] as const;
  if (at === FILE_GET) return { fault, outcome: 'survived', says: /not read back: .*s3:GetObject/, faults };
  if (at === RECORD_GET) return { fault, outcome: 'survived', says: STORED, faults };
  return {
    ...{ fault, outcome: 'failed', says: NOT_ALLOWED, faults },
  };
});

/** What happens to each request of a backup into a bucket. */
export const bucketGridCases: readonly FaultCase[] = [...PASSING, ...DENIALS].map(duringStorage);
