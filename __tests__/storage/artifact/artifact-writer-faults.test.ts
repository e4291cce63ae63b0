import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { artifactWriter as ArtifactWriter } from '../../../src/storage/artifact/artifact-writer.ts';
import type { Fault } from '../../support/artifact-service-faults.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { hastenArgument, hastenTimers } from '../../support/fast-timers.ts';
import { recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { processSettings } from './store-bed.ts';

captureOutput();

let restoreTimers: () => void;
let artifactWriter: typeof ArtifactWriter;
const CONTENT = Buffer.from('an archive');
const FACTS = { size: CONTENT.length, sha256: createHash('sha256').update(CONTENT).digest('hex') };
let service: ArtifactService;
let folder: string;
let uploads = 0;
const name = (): string => `shop-20261127T040000Z-${String(uploads).padStart(8, '0')}.bak`;

beforeAll(async () => {
  const timers = hastenTimers((ms) => (ms < 500 ? ms : ms / 30));
  // An attempt that is answered must still have time on a busy machine.
  const timeouts = hastenArgument(AbortSignal, 'timeout', 0, (ms) => ms / 10);
  restoreTimers = () => {
    timeouts();
    timers();
  };
  // Loaded here: a module that imports a timer by name keeps the one that it finds.
  ({ artifactWriter } = await import('../../../src/storage/artifact/artifact-writer.ts'));
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), 'artifact-writer-'));
});
afterAll(async () => {
  restoreTimers();
  await service.stop();
  await rm(folder, { recursive: true });
});

/** Stores a backup while one call of the service fails; its name. */
async function storeDespite(
  faults: ArtifactService['faults'],
  beforeRecord: () => void = () => undefined,
): Promise<string> {
  uploads += 1;
  service.faults = faults;
  const { signal } = new AbortController();
  const pending = await artifactWriter(processSettings(service, folder)).begin(name(), {
    databaseBytes: 1,
    signal,
  });
  await pipeline([CONTENT], pending.sink);
  await pending.commit(FACTS);
  beforeRecord();
  await pending.finish(recordFor(name(), CONTENT));
  return name();
}

const OUTAGE = String.raw`\(githubstatus\.com\)\. Run the job again`;

// The result for a whole backup is tested in `__tests__/faults/cases/artifact-service.ts`, with some of these.
describe.each([
  ['createArtifact', ''],
  ['finalizeArtifact', ' (thorough)'],
] as const)('when %s%s', (...[point]) => {
  it.each<[string, Fault['answer'], string]>([
    ['is refused (401)', 401, String.raw`\(401\).*\n.*The token of this job does not allow the upload`],
    ['is refused (403)', 403, String.raw`\(403\).*\n.*The token of this job does not allow the upload`],
    ['is refused (409)', 409, String.raw`\(409\).*\n.*run the job again`],
    [
      'is rate-limited (429)',
      { status: 429, headers: { 'retry-after': '60' }, message: 'slow down' },
      String.raw`\(429\).*slow down\n.*GitHub limits the rate of requests`,
    ],
    ['fails (500)', 500, String.raw`\(500\).*\n.*${OUTAGE}`],
    ['is answered with invalid data (thorough)', 'corrupt', String.raw`JSON.*\n.*${OUTAGE}`],
    ['is not answered', 'hang', String.raw`.*timeout\n.*${OUTAGE}`],
    ['gets half an answer (thorough)', 'truncate', String.raw`.*\n.*${OUTAGE}`],
    ['gets half an answer, then nothing (thorough)', 'stall', String.raw`.*timeout\n.*${OUTAGE}`],
    [
      'ends with a reset connection (thorough)',
      'reset',
      String.raw`ECONNRESET\n.*cannot reach it\. Run the job again`,
    ],
  ])('%s every time, the upload fails, says why, and leaves no artifact', async (_, answer, says) => {
    const { message, hint } = await userErrorOf(storeDespite({ [point]: { answer } }));
    expect(`${message}\n${hint}`).toMatch(new RegExp(`^The artifact could not be uploaded: .*${says}`));
    expect(service.artifacts()).not.toContainEqual(expect.objectContaining({ name: name() }));
  });

  it.each<[string, Fault['answer']]>([
    ['fails (500)', 500],
    ['is answered with invalid data', 'corrupt'],
    ['ends with a reset connection', 'reset'],
  ])('%s once, the upload succeeds', async (_, answer) => {
    const stored = await storeDespite({ [point]: { answer, times: 1 } });
    expect(service.artifacts()).toContainEqual(expect.objectContaining({ name: stored }));
  });
});

it('is deleted when nothing answers while its record is uploaded', async () => {
  const { message, hint } = await userErrorOf(
    storeDespite({}, () => {
      service.faults = { createArtifact: { answer: 'hang' } };
    }),
  );
  expect(message).toMatch(/: the record was not stored within 1 min 20 s\. The artifact was deleted\.$/);
  expect(hint).toMatch(new RegExp(OUTAGE));
  expect(service.artifacts()).not.toContainEqual(expect.objectContaining({ name: name() }));
});
