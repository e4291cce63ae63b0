import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { upload as Upload } from '../../../src/storage/artifact/upload.ts';
import type { Fault } from '../../support/artifact-service-faults.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { hastenTimers } from '../../support/fast-timers.ts';
import { userErrorOf } from '../../support/user-error.ts';

captureOutput();

let restoreTimers: () => void;
let upload: typeof Upload;
const CONTENT = 'an archive';
let service: ArtifactService;
let folder: string;
let uploads = 0;
/** How often `upload` looks whether a request still moves; it is ended after three looks without. */
const LOOK_EVERY_MS = 15_000;
/** How often it looks in this test: often only where a request is to stand still, since on a busy machine others do too. */
let lookEveryMs = LOOK_EVERY_MS;

beforeAll(async () => {
  restoreTimers = hastenTimers((ms) => (ms === LOOK_EVERY_MS ? lookEveryMs : ms < 1_000 ? ms : ms / 60));
  // The heap of a test file is so large that to collect it all takes longer than an upload.
  jest.unstable_mockModule('../../../src/process/garbage.ts', () => ({ collectGarbage: () => undefined }));
  // Loaded here: a module that imports a timer by name keeps the one that it finds.
  ({ upload } = await import('../../../src/storage/artifact/upload.ts'));
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), 'upload-faults-'));
  process.env['ACTIONS_RESULTS_URL'] = service.resultsUrl;
  process.env['ACTIONS_RUNTIME_TOKEN'] = service.runtimeToken;
  process.env['GITHUB_WORKSPACE'] = folder;
});
afterAll(async () => {
  restoreTimers();
  await service.stop();
  await rm(folder, { recursive: true });
});

/** Uploads a file while one call of the service fails; its name. */
async function uploadDespite(point: 'createArtifact' | 'finalizeArtifact', fault: Fault): Promise<string> {
  uploads += 1;
  const file = path.join(folder, `upload-${uploads}.bak`);
  await writeFile(file, CONTENT);
  service.faults = { [point]: fault };
  lookEveryMs = fault.answer === 'hang' || fault.answer === 'stall' ? 400 : LOOK_EVERY_MS;
  const sha256 = createHash('sha256').update(CONTENT).digest('hex');
  const { signal } = new AbortController();
  await upload({ file, size: CONTENT.length, sha256, retentionDays: 1, signal });
  return path.basename(file);
}

const OUTAGE = String.raw`\(githubstatus\.com\)\. Run the job again`;

// The effect on a whole backup is tested in `__tests__/faults/cases/artifact-service.ts`, with some of these.
describe.each(['createArtifact', 'finalizeArtifact'] as const)('when %s', (point) => {
  it.each<[string, Fault['answer'], string]>([
    [
      'is refused (401) (thorough)',
      401,
      String.raw`\(401\).*\n.*The token of this job does not allow the upload`,
    ],
    ['is refused (403)', 403, String.raw`\(403\).*\n.*The token of this job does not allow the upload`],
    ['is refused (409)', 409, String.raw`\(409\).*\n.*use different backup-names in parallel jobs`],
    [
      'is rate-limited (429)',
      { status: 429, headers: { 'retry-after': '60' }, message: 'slow down' },
      String.raw`5 attempts.*\(429\).*slow down\n.*GitHub limits the rate of requests`,
    ],
    ['fails (500)', 500, String.raw`5 attempts.*\(500\).*\n.*${OUTAGE}`],
    ['is answered with invalid data', 'corrupt', String.raw`5 attempts.*JSON.*\n.*${OUTAGE}`],
    ['is not answered', 'hang', String.raw`no data was transferred for 45 s\n.*${OUTAGE}`],
    ['gets half an answer (thorough)', 'truncate', String.raw`the response broke off\n.*${OUTAGE}`],
    [
      'gets half an answer, then nothing (thorough)',
      'stall',
      String.raw`the response broke off\n.*${OUTAGE}`,
    ],
    ['ends with a reset connection', 'reset', String.raw`ECONNRESET\n.*cannot reach it\. Run the job again`],
  ])('%s every time, the upload fails with the reason and leaves no artifact', async (_, answer, says) => {
    const { message, hint } = await userErrorOf(uploadDespite(point, { answer }));
    expect(`${message}\n${hint}`).toMatch(new RegExp(`^The artifact could not be uploaded: .*${says}`));
    expect(service.artifacts()).not.toContainEqual(
      expect.objectContaining({ name: `upload-${uploads}.bak` }),
    );
  });

  it.each<[string, Fault['answer']]>([
    ['fails (500)', 500],
    ['is answered with invalid data', 'corrupt'],
    ['ends with a reset connection', 'reset'],
  ])('%s once, the upload succeeds', async (_, answer) => {
    const name = await uploadDespite(point, { answer, times: 1 });
    expect(service.artifacts()).toContainEqual(expect.objectContaining({ name }));
  });
});
