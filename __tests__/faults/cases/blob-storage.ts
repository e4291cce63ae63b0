import type { FaultCase } from '../fault-case.ts';
import { STORED, type Trouble, duringUpload } from '../service-trouble.ts';

/** Faults of the upload of a file of five blocks. */
const SENDING: readonly Trouble[] = [
  {
    fault: 'every third block is dropped',
    outcome: 'survived',
    says: STORED,
    faults: { blobPut: { answer: 'reset', everyNth: 3 } },
  },
  {
    fault: 'every block is dropped',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: .*ECONNRESET\n.*Run the job again/,
    faults: { blobPut: { answer: 'reset' } },
  },
  {
    fault: 'blocks are refused (403)',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: .*\n.*Run the job again/,
    faults: { blobPut: { answer: 403 } },
  },
  {
    fault: 'one block is never acknowledged',
    outcome: 'survived',
    says: STORED,
    faults: { blobPut: { answer: 'hang', times: 1 } },
  },
  {
    fault: 'no block is ever acknowledged',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: no data was transferred for 20 s\n.*Run the job again/,
    faults: { blobPut: { answer: 'hang' } },
  },
  {
    fault: 'all blocks are accepted, but the commit is refused (403)',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: .*\n.*Run the job again/,
    faults: { blobCommit: { answer: 403 } },
  },
  {
    fault: 'all blocks are accepted, but the commit fails (500) once',
    outcome: 'survived',
    says: STORED,
    faults: { blobCommit: { answer: 500, times: 1 } },
  },
  {
    fault: 'a bit of a block changes on its way, once',
    everyday: true,
    outcome: 'survived',
    says: STORED,
    faults: { blobPut: { answer: 'corrupt', times: 1 } },
  },
  {
    fault: 'a bit of each block changes on its way',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: the storage answered with \(400\).*\n.*Run the job again/,
    faults: { blobPut: { answer: 'corrupt' } },
  },
];

const UNREAD =
  /^The artifact .* could not be read back after the upload: .* The artifact was deleted\.\n.*Run the job again/;

/** Faults while the stored copy is read back. */
const READING: readonly Trouble[] = [
  {
    fault: 'the stored copy is read with one bit changed',
    outcome: 'failed',
    says: /differs from the verified file: .* The artifact was deleted\.\n.*Run the job again/,
    faults: { blobGet: { answer: 'corrupt' } },
  },
  {
    fault: 'the stored copy ends in the middle, once',
    outcome: 'survived',
    says: STORED,
    faults: { blobGet: { answer: 'truncate', times: 1 } },
  },
  {
    fault: 'the stored copy ends in the middle',
    outcome: 'failed',
    says: UNREAD,
    faults: { blobGet: { answer: 'truncate' } },
  },
  {
    fault: 'the connection is reset in the middle of the stored copy, twice',
    outcome: 'survived',
    says: STORED,
    faults: { blobGet: { answer: 'reset', times: 2 } },
  },
  {
    fault: 'the stored copy stalls in the middle',
    outcome: 'failed',
    says: UNREAD,
    faults: { blobGet: { answer: 'stall' } },
  },
  {
    fault: 'the service cannot find the stored copy at first (404, twice)',
    outcome: 'survived',
    says: STORED,
    faults: { getSignedArtifactURL: { answer: 404, times: 2 } },
  },
  {
    fault: 'the service refuses to give the URL of the stored copy (403)',
    outcome: 'failed',
    says: UNREAD,
    faults: { getSignedArtifactURL: { answer: 403 } },
  },
];

/** Faults of the storage behind the artifact service. */
export const blobStorageCases: readonly FaultCase[] = [
  ...SENDING.map((trouble) =>
    duringUpload(trouble, ({ large }) => ({ subject: large, inputs: { compression: 'none' } })),
  ),
  ...READING.map((trouble) => duringUpload(trouble)),
];
