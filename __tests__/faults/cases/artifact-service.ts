import type { Fault } from '../../support/artifact-service-faults.ts';
import { runtimeTokenFor } from '../../support/artifact-service-tokens.ts';
import type { FaultCase } from '../fault-case.ts';
import { STORED, backUpDespite, duringUpload } from '../service-trouble.ts';

/** The two calls that create an artifact from the uploaded data. */
const CALLS = [
  { point: 'createArtifact', doing: 'creating the artifact' },
  { point: 'finalizeArtifact', doing: 'finalizing the artifact' },
] as const;

const DISTURBED = String.raw`may be disturbed \(githubstatus\.com\)\. Run the job again`;

/** How each call can fail every time: the words, the answer of the service, and what the error says. */
const FOR_EVER: readonly (readonly [string, Fault['answer'], string])[] = [
  ['is refused (401)', 401, String.raw`\(401\).*\n.*The token of this run does not let it upload`],
  ['is refused (403)', 403, String.raw`\(403\).*\n.*The token of this run does not let it upload`],
  ['is refused (409)', 409, String.raw`\(409\).*\n.*give parallel jobs different backup-names`],
  [
    'is rate-limited (429)',
    { status: 429, headers: { 'retry-after': '60' }, message: 'slow down' },
    String.raw`5 attempts.*\(429\).*slow down\n.*GitHub limits how often it is asked`,
  ],
  ['fails (500)', 500, String.raw`5 attempts.*\(500\).*\n.*${DISTURBED}`],
  ['is answered with invalid data', 'corrupt', String.raw`5 attempts.*JSON.*\n.*${DISTURBED}`],
  ['is not answered', 'hang', String.raw`nothing moved for 45 s\n.*${DISTURBED}`],
  ['gets half an answer', 'truncate', String.raw`the answer broke off\n.*${DISTURBED}`],
  ['gets half an answer, then nothing', 'stall', String.raw`the answer broke off\n.*${DISTURBED}`],
  ['ends with a reset connection', 'reset', String.raw`ECONNRESET\n.*may not reach it\. Run the job again`],
];
const ONCE: readonly (readonly [string, Fault['answer']])[] = [
  ['fails (500)', 500],
  ['is answered with invalid data', 'corrupt'],
  ['ends with a reset connection', 'reset'],
];

const failed = CALLS.flatMap(({ point, doing }) =>
  FOR_EVER.map(([ends, answer, says]) =>
    duringUpload({
      fault: `${doing} ${ends}, every time`,
      outcome: 'failed',
      says: new RegExp(`^The artifact could not be uploaded: .*${says}`),
      faults: { [point]: { answer } },
    }),
  ),
);

const survived = CALLS.flatMap(({ point, doing }) =>
  ONCE.map(([ends, answer]) =>
    duringUpload({
      fault: `${doing} ${ends}, once`,
      outcome: 'survived',
      says: STORED,
      faults: { [point]: { answer, times: 1 } },
    }),
  ),
);

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
    says: /names no run and no job \(ACTIONS_RUNTIME_TOKEN\)\.\n.*the runner does/,
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
