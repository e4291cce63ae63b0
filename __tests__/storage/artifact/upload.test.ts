import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { upload as Upload } from '../../../src/storage/artifact/upload.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { hastenTimers } from '../../support/fast-timers.ts';

captureOutput();

let restoreTimers: () => void;
let upload: typeof Upload;
let service: ArtifactService;
let folder: string;
beforeAll(async () => {
  // The pauses between attempts.
  restoreTimers = hastenTimers((ms) => (ms > 1_000 && ms < 15_000 ? ms / 60 : ms));
  // The heap of a test file is so large that to collect it all takes longer than an upload.
  jest.unstable_mockModule('../../../src/process/garbage.ts', () => ({ collectGarbage: () => undefined }));
  // Loaded here: a module that imports a timer by name keeps the one that it finds.
  ({ upload } = await import('../../../src/storage/artifact/upload.ts'));
  service = await startArtifactService();
  folder = await mkdtemp(path.join(tmpdir(), 'upload-'));
  process.env['ACTIONS_RESULTS_URL'] = service.resultsUrl;
  process.env['ACTIONS_RUNTIME_TOKEN'] = service.runtimeToken;
  process.env['GITHUB_WORKSPACE'] = folder;
});
afterAll(async () => {
  restoreTimers();
  await service.stop();
  await rm(folder, { recursive: true });
});

const CONTENT = 'an archive';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
afterEach(() => {
  service.faults = {};
});

async function attempt(name: string, expected: { size?: number; sha256?: string } = {}) {
  const file = path.join(folder, name);
  await writeFile(file, CONTENT);
  const { signal } = new AbortController();
  return upload({ file, size: CONTENT.length, sha256: SHA256, retentionDays: 1, signal, ...expected });
}

describe('an upload', () => {
  it('creates an artifact with the name of the file', async () => {
    const stored = await attempt('good.bak');
    expect(service.artifacts().map(({ id, name }) => ({ id, name }))).toEqual([stored]);
  });

  it.each([
    ['content', { sha256: '0'.repeat(64) }],
    ['size', { size: 11 }],
  ])('deletes the artifact if its %s differs from the verified file', async (_, expected) => {
    const before = service.artifacts().length;
    await expect(attempt('changed.bak', expected)).rejects.toMatchObject({
      message: expect.stringMatching(/differs from the file that was read back.*deleted/),
    });
    expect(service.artifacts()).toHaveLength(before);
  });

  it('of an empty file does not start', async () => {
    const before = service.requests.length;
    await expect(attempt('empty.bak', { size: 0 })).rejects.toThrow('empty');
    expect(service.requests).toHaveLength(before);
  });

  it('is refused if the run already has an artifact of the same name, and the error says what to do', async () => {
    await attempt('twice.bak');
    await expect(attempt('twice.bak')).rejects.toMatchObject({
      hint: expect.stringContaining('different backup-names'),
    });
  });

  it('succeeds if the service breaks the connection once', async () => {
    for (const point of ['createArtifact', 'finalizeArtifact'] as const) {
      service.faults = { [point]: { answer: 'reset', times: 1 } };
      await attempt(`${point}.bak`);
    }
    service.faults = { finalizeArtifact: { answer: 'lost', times: 1 } };
    await attempt('answer-lost.bak');
    expect(service.artifacts().map(({ name }) => name)).toContain('answer-lost.bak');
  });

  it('deletes the artifact if it fails after the service has finalized it', async () => {
    service.faults = { finalizeArtifact: { answer: 'lost' } };
    await expect(attempt('taken-back.bak')).rejects.toMatchObject({
      message: expect.stringMatching(/could not be uploaded: .* The artifact was deleted\.$/),
    });
    expect(service.artifacts().map(({ name }) => name)).not.toContain('taken-back.bak');
  });

  it('does not delete an artifact of the same name that another job has made', async () => {
    await attempt('of-another.bak');
    await expect(attempt('of-another.bak')).rejects.toMatchObject({
      message: expect.stringContaining('409'),
    });
    expect(service.artifacts().map(({ name }) => name)).toContain('of-another.bak');
  });
});
