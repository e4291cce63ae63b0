import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { type UploadedFile, verifyStoredCopy } from '../../../src/storage/artifact/stored-copy.ts';
import type { FaultPlan } from '../../support/artifact-service-faults.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { scopeOfRun } from '../../support/artifact-service-tokens.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { HASTE, IMPATIENCE, environmentOf } from './store-bed.ts';

let service: ArtifactService;
const output = captureOutput();
beforeAll(async () => {
  service = await startArtifactService();
});
afterAll(async () => {
  await service.stop();
});
beforeEach(() => {
  service.faults = {};
});

const CONTENT = randomBytes(3_000_000);
let stored = 0;

/** Stores content as this job does, and reads it back. */
async function verify(
  { content = CONTENT, ...differing }: Partial<UploadedFile> & { readonly content?: Buffer } = {},
  faults: FaultPlan = {},
  signal = new AbortController().signal,
): Promise<string> {
  const name = `shop-${(stored += 1)}.bak`;
  await service.seed({ name, content, runId: 1, jobBackendId: scopeOfRun(1).jobBackendId });
  service.faults = faults;
  const slow = Object.values(faults).some(({ answer }) => answer === 'stall' || answer === 'hang');
  const sha256 = createHash('sha256').update(CONTENT).digest('hex');
  const file = { name, size: CONTENT.length, sha256, ...differing };
  await verifyStoredCopy(file, environmentOf(service), { signal, retries: slow ? HASTE : IMPATIENCE });
  return name;
}
const isStored = (): boolean => service.artifacts().some(({ name }) => name === `shop-${stored}.bak`);

describe('the stored copy', () => {
  it('is kept if it equals the verified file', async () => {
    await verify();
    expect(isStored()).toBe(true);
    expect(output.text).not.toContain('sig=');
  });

  it.each([
    ['has other bytes', { content: randomBytes(CONTENT.length) }],
    ['is shorter', { content: CONTENT.subarray(1) }],
    ['is longer', { content: Buffer.concat([CONTENT, Buffer.from([0])]) }],
  ])('that %s is refused', async (_, given) => {
    const { message } = await userErrorOf(verify(given));
    expect(message).toMatch(/differs from the verified file|could not be read back/);
  });

  const faults: [string, FaultPlan][] = [
    ['cannot be read', { blobGet: { answer: 500 } }],
    ['stalls', { blobGet: { answer: 'stall' } }],
    ['cannot be located', { getSignedArtifactURL: { answer: 500 } }],
    ['is not known to the service', { getSignedArtifactURL: { answer: 404 } }],
  ];
  it.each(faults)('that %s is refused', async (_, plan) => {
    const { message } = await userErrorOf(verify({}, plan));
    expect(message).toMatch(/could not be read back after the upload: /);
  });

  it('is read again if the connection breaks, or the service does not find it yet', async () => {
    await verify({}, { blobGet: { answer: 'reset', times: 1 } });
    await verify({}, { getSignedArtifactURL: { answer: 404, times: 1 } });
    expect(isStored()).toBe(true);
  });

  it('is no longer read when the job is cancelled', async () => {
    const controller = new AbortController();
    const struck = service.struck();
    const verifying = verify({}, { blobGet: { answer: 'stall' } }, controller.signal);
    await struck;
    controller.abort(new CancelledError('SIGINT'));
    await expect(verifying).rejects.toThrow('cancelled');
  });
});
