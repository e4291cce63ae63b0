import {
  type BucketTrouble,
  CONFLICT,
  EXISTS,
  FILE_GET,
  NO_OBJECT,
  RECORD_GET,
  RECORD_PUT,
  SLOW_DOWN,
  STORED_IN_BUCKET as STORED,
  duringStorage,
} from '../bucket-trouble.ts';
import type { FaultCase } from '../fault-case.ts';

const READING: readonly BucketTrouble[] = [
  {
    fault: 'the stored copy in a bucket is read with one bit changed',
    outcome: 'failed',
    says: /differs from the verified file: .*\n.*Run the job again/,
    faults: [{ ...FILE_GET, trouble: { kind: 'damage-answer' } }],
  },
  {
    fault: 'a bucket answers with half of the stored copy, as if that were all',
    outcome: 'failed',
    says: /\n.*Run the job again/,
    faults: [{ ...FILE_GET, trouble: { kind: 'truncate-answer' } }],
  },
  {
    fault: 'the connection is reset in the middle of the stored copy in a bucket, twice',
    outcome: 'survived',
    says: STORED,
    faults: [{ ...FILE_GET, times: 2, trouble: { kind: 'reset-answer' } }],
  },
  {
    fault: 'the stored copy in a bucket stalls in the middle',
    outcome: 'failed',
    says: /\n.*Run the job again/,
    faults: [{ ...FILE_GET, trouble: { kind: 'stall-answer' } }],
  },
  {
    fault: 'the stored copy in a bucket is never sent',
    outcome: 'failed',
    says: /could not read back .*no data was (?:transferred|received).*\n.*Run the job again/,
    faults: [{ ...FILE_GET, trouble: { kind: 'stall' } }],
  },
  {
    fault: 'a bucket cannot find the stored copy (404)',
    outcome: 'failed',
    says: /\n./,
    faults: [
      {
        ...FILE_GET,
        trouble: { kind: 'refuse', with: NO_OBJECT },
      },
    ],
  },
];

const RECORDING: readonly BucketTrouble[] = [
  {
    fault: 'a bucket has another record of that name already (412)',
    server: 'versitygw',
    outcome: 'failed',
    says: /^storage: .*\n./,
    faults: [{ ...RECORD_PUT, trouble: { kind: 'refuse', with: EXISTS } }],
  },
  {
    fault: 'another write to the record of a bucket is at work (409), once',
    server: 'versitygw',
    outcome: 'survived',
    says: STORED,
    faults: [{ ...RECORD_PUT, times: 1, trouble: { kind: 'refuse', with: CONFLICT } }],
  },
  {
    fault: 'a bit of the record changes on its way to a bucket that checks, once',
    server: 'versitygw',
    outcome: 'survived',
    says: STORED,
    faults: [{ ...RECORD_PUT, times: 1, trouble: { kind: 'damage-request' } }],
  },
  {
    fault: 'a bit of the record changes on its way to a bucket that does not check',
    outcome: 'failed',
    says: /record|\.bak\.json/,
    faults: [{ ...RECORD_PUT, trouble: { kind: 'damage-request' } }],
  },
  {
    fault: 'a bucket acknowledges a record that it does not have',
    outcome: 'failed',
    says: /record|\.bak\.json/,
    faults: [{ ...RECORD_PUT, trouble: { kind: 'lose' } }],
  },
  {
    fault: 'the record in a bucket is read with one bit changed',
    outcome: 'failed',
    says: /record|\.bak\.json/,
    faults: [{ ...RECORD_GET, trouble: { kind: 'damage-answer' } }],
  },
];

const LISTING: readonly BucketTrouble[] = [
  {
    fault: 'the previous backups in a bucket cannot be listed (503 SlowDown)',
    outcome: 'survived',
    says: STORED,
    faults: [{ on: 'ListObjectsV2', trouble: { kind: 'refuse', with: SLOW_DOWN } }],
  },
  {
    fault: 'the list of a bucket does not show what was just stored',
    outcome: 'survived',
    says: STORED,
    faults: [{ on: 'ListObjectsV2', trouble: { kind: 'lag', milliseconds: 3_600_000 } }],
  },
];

/** Faults of a bucket once it has the file: of the stored copy, the record and the list. */
export const bucketRecordCases: readonly FaultCase[] = [...READING, ...RECORDING, ...LISTING].map(
  duringStorage,
);
