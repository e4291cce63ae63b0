import type { Fault } from '../../support/artifact-service-faults.ts';
import { runtimeTokenFor } from '../../support/artifact-service-tokens.ts';
import type { FaultCase } from '../fault-case.ts';
import { STORED, backUpDespite, duringUpload } from '../service-trouble.ts';

const OUTAGE = String.raw`may have an outage \(githubstatus\.com\)\. Run the job again`;

// What every other failure of the two calls leads to is tested without the rest of the backup: `storage/artifact/artifact-writer-faults.test.ts`.
const failed = [
  duringUpload({
    fault: 'creating the artifact is refused (403), every time',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: .*\(403\).*\n.*The token of this job does not allow the upload/,
    faults: { createArtifact: { answer: 403 } },
  }),
  duringUpload({
    fault: 'creating the artifact fails (500), every time',
    outcome: 'failed',
    says: new RegExp(`^The artifact could not be uploaded: .*\\(500\\).*\\n.*${OUTAGE}`),
    faults: { createArtifact: { answer: 500 } },
  }),
  duringUpload({
    fault: 'finalizing the artifact gets half an answer, every time',
    outcome: 'failed',
    says: new RegExp(`^The artifact could not be uploaded: .*\\n.*${OUTAGE}`),
    faults: { finalizeArtifact: { answer: 'truncate' } },
  }),
  duringUpload({
    fault: 'finalizing the artifact ends with a reset connection, every time',
    outcome: 'failed',
    says: /^The artifact could not be uploaded: .*ECONNRESET\n.*cannot reach it\. Run the job again/,
    faults: { finalizeArtifact: { answer: 'reset' } },
  }),
];

const survived = [
  duringUpload({
    fault: 'creating the artifact fails (500), once',
    outcome: 'survived',
    says: STORED,
    faults: { createArtifact: { answer: 500, times: 1 } },
  }),
  duringUpload({
    fault: 'finalizing the artifact ends with a reset connection, once',
    outcome: 'survived',
    says: STORED,
    faults: { finalizeArtifact: { answer: 'reset', times: 1 } },
  }),
];

const others = [
  duringUpload({
    fault: 'the artifact is finalized, but the answer is lost',
    everyday: true,
    outcome: 'survived',
    says: STORED,
    faults: { finalizeArtifact: { answer: 'lost', times: 1 } },
  }),
  duringUpload({
    fault: 'the token of the job expires during the backup (401)',
    everyday: true,
    outcome: 'failed',
    says: /\(401\).*token is expired\n.*it may have expired/,
    faults: { createArtifact: { answer: { status: 401, message: 'token is expired' } } },
  }),
];

const tokens: readonly FaultCase[] = [
  {
    fault: 'the token of the job has expired before the step begins',
    phase: 'start',
    outcome: 'failed',
    says: /^The token of this job for the artifact service expired at .* UTC.*\n.*Run the job again/,
    strike: (bed) => {
      const expired = runtimeTokenFor(1, new Date(Date.now() - 60_000));
      return backUpDespite(bed, {}, { env: { ACTIONS_RUNTIME_TOKEN: expired } });
    },
  },
  {
    fault: 'the token of the job is malformed',
    phase: 'start',
    outcome: 'failed',
    says: /contains no run and no job \(ACTIONS_RUNTIME_TOKEN\)\.\n.*the runner sets it/,
    strike: (bed) => backUpDespite(bed, {}, { env: { ACTIONS_RUNTIME_TOKEN: 'not-a-token' } }),
  },
];

const LISTING: readonly (readonly [string, Fault['answer']])[] = [
  ['cannot be listed (500)', 500],
  ['may not be listed (403)', 403],
  ['are requested, but nothing answers', 'hang'],
];
const series = LISTING.map(([fails, answer]): FaultCase => ({
  fault: `the previous backups ${fails}`,
  phase: 'previous backups',
  outcome: 'survived',
  says: STORED,
  strike: (bed) => backUpDespite(bed, { rest: { answer }, listArtifacts: { answer } }),
}));

/** Faults of the requests to the artifact service. */
export const artifactServiceCases: readonly FaultCase[] = [
  ...failed,
  ...survived,
  ...others,
  ...tokens,
  ...series,
];
