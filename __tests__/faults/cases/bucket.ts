import {
  type BucketTrouble,
  DENIED,
  EXPIRED,
  FIRST_PART,
  INTERNAL,
  LAST_PART,
  MIDDLE_PART,
  NO_BUCKET,
  SLOW_DOWN,
  STORED_IN_BUCKET as STORED,
  duringStorage,
} from '../bucket-trouble.ts';
import type { FaultCase } from '../fault-case.ts';

const BEGIN = 'CreateMultipartUpload';
const COMPLETE = 'CompleteMultipartUpload';
const IN_MIDDLE = 1_000_000;
const NOT_STORED = /^storage: could not store .*\.bak in the bucket backups: .*\n./;

const BEGINNING: readonly BucketTrouble[] = [
  {
    fault: 'the bucket does not exist',
    outcome: 'failed',
    says: /NoSuchBucket|does not exist/,
    faults: [{ trouble: { kind: 'refuse', with: NO_BUCKET } }],
  },
  {
    fault: 'a bucket asks for fewer requests (503 SlowDown) whenever the upload begins',
    outcome: 'failed',
    says: /^storage: .*SlowDown.*\n./,
    faults: [{ on: BEGIN, trouble: { kind: 'refuse', with: SLOW_DOWN } }],
  },
  {
    fault: 'a bucket never answers',
    outcome: 'failed',
    says: /^storage: .*no data was transferred for 30 s.*\n./,
    faults: [{ trouble: { kind: 'stall' } }],
  },
  {
    fault: 'the credentials for a bucket have expired',
    outcome: 'failed',
    says: /^storage: .*expired.*\n./,
    faults: [{ trouble: { kind: 'refuse', with: EXPIRED } }],
  },
];

const SENDING: readonly BucketTrouble[] = [
  {
    fault: 'a bucket asks for fewer requests (503 SlowDown) at every part',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: 'UploadPart', trouble: { kind: 'refuse', with: SLOW_DOWN } }],
  },
  {
    fault: 'a bucket fails (500) in the middle of the last part, every time',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ ...LAST_PART, trouble: { kind: 'refuse', with: INTERNAL, afterBytes: IN_MIDDLE } }],
  },
  {
    fault: 'the connection to a bucket is reset in the middle of every part',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: 'UploadPart', trouble: { kind: 'reset', afterBytes: IN_MIDDLE } }],
  },
  {
    fault: 'no part is ever acknowledged by a bucket',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: 'UploadPart', trouble: { kind: 'stall' } }],
  },
  {
    fault: 'a bit of a part changes on its way to a bucket that checks, once',
    server: 'versitygw',
    outcome: 'survived',
    says: STORED,
    faults: [{ ...MIDDLE_PART, times: 1, trouble: { kind: 'damage-request' } }],
  },
  {
    fault: 'a bit of every part changes on its way to a bucket that checks',
    server: 'versitygw',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: 'UploadPart', trouble: { kind: 'damage-request' } }],
  },
  {
    fault: 'a bit of a part changes on its way to a bucket that does not check',
    outcome: 'failed',
    says: /differs from the verified file|could not store/,
    faults: [{ ...LAST_PART, trouble: { kind: 'damage-request' } }],
  },
  {
    fault: 'a bucket acknowledges a part that it does not have',
    server: 'versitygw',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ ...MIDDLE_PART, trouble: { kind: 'lose' } }],
  },
  {
    fault: 'a bucket answers to a part with the ETag of something else',
    server: 'versitygw',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ ...FIRST_PART, trouble: { kind: 'wrong-etag' } }],
  },
  {
    fault: 'the credentials for a bucket expire in the middle of the upload',
    outcome: 'failed',
    says: /^storage: .*expired.*\n./,
    leaves: /\.bak/,
    faults: [
      { on: 'UploadPart', after: 1, trouble: { kind: 'refuse', with: EXPIRED } },
      { on: 'AbortMultipartUpload', trouble: { kind: 'refuse', with: EXPIRED } },
    ],
  },
  {
    fault: 'a part is refused by a bucket, and so is the end of the upload (403)',
    outcome: 'failed',
    says: /^storage: .*\n./,
    leaves: /\.bak/,
    faults: [
      { ...MIDDLE_PART, trouble: { kind: 'refuse', with: DENIED } },
      { on: 'AbortMultipartUpload', trouble: { kind: 'refuse', with: DENIED } },
    ],
  },
];

const COMPLETING: readonly BucketTrouble[] = [
  {
    fault: 'the upload to a bucket can never be completed (503 SlowDown)',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: COMPLETE, trouble: { kind: 'refuse', with: SLOW_DOWN } }],
  },
  {
    fault: 'the completion is answered by a bucket with 200 and an error, once',
    outcome: 'survived',
    says: STORED,
    faults: [{ on: COMPLETE, times: 1, trouble: { kind: 'error-in-200', with: INTERNAL } }],
  },
  {
    fault: 'the completion is answered by a bucket with 200 and an error, every time',
    outcome: 'failed',
    says: NOT_STORED,
    faults: [{ on: COMPLETE, trouble: { kind: 'error-in-200', with: INTERNAL } }],
  },
  {
    fault: 'the upload to a bucket is completed, and no answer ever comes',
    server: 'versitygw',
    outcome: 'survived',
    says: STORED,
    faults: [{ on: COMPLETE, trouble: { kind: 'lost-answer' } }],
  },
];

/** Faults of a bucket while the file is stored: at the beginning, in its parts, and at the completion. */
export const bucketCases: readonly FaultCase[] = [...BEGINNING, ...SENDING, ...COMPLETING].map(duringStorage);
