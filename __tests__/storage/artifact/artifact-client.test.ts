import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ArtifactClient,
  contentOf,
  inSnakeCase,
  runService,
} from '../../../src/storage/artifact/artifact-client.ts';
import { type ArtifactService, startArtifactService } from '../../support/artifact-service.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { IMPATIENCE, environmentOf } from './store-bed.ts';

captureOutput();

let service: ArtifactService;
beforeAll(async () => {
  service = await startArtifactService();
  await service.seed({ name: 'a.bak', content: 'PGDMP', runId: 1 });
});
afterAll(async () => {
  await service.stop();
});
beforeEach(() => {
  service.faults = {};
});

function ofThisRun(signal = new AbortController().signal): ArtifactClient {
  const found = runService(environmentOf(service), { signal, retries: IMPATIENCE });
  if (!found) throw new Error('there is no such service');
  return found;
}

describe("the run's own artifact service", () => {
  it.each([
    ['without a token', { ACTIONS_RUNTIME_TOKEN: '' }],
    ['with an invalid token', { ACTIONS_RUNTIME_TOKEN: 'a.b.c' }],
    ['without an address', { ACTIONS_RESULTS_URL: '' }],
  ])('is unavailable %s', (_, changes) => {
    const env = { ...environmentOf(service), ...changes };
    expect(runService(env, { signal: new AbortController().signal })).toBeUndefined();
  });

  it('reports at once if it refuses to return the address of the content', async () => {
    service.faults = { getSignedArtifactURL: { answer: 403 } };
    const before = service.requests.length;
    const { message, hint } = await userErrorOf(contentOf(ofThisRun(), 'a.bak', undefined));
    expect(message).toMatch(/^The artifact a\.bak cannot be read: .*GetSignedArtifactURL with \(403\)/);
    expect(hint).toContain('githubstatus.com');
    expect(service.requests.length - before).toBe(1);
  });

  it('is an error if it answers without an address', async () => {
    const answering = (answer: Readonly<Record<string, unknown>>): ArtifactClient => ({
      ...ofThisRun(),
      call: () => Promise.resolve(answer),
    });
    for (const [answer, reason] of [
      [{}, 'the response lacks a text'],
      [{ signed_url: 'nowhere' }, 'contains no URL of the content'],
    ] as const) {
      const { message } = await userErrorOf(contentOf(answering(answer), 'a.bak', undefined));
      expect(message).toContain(reason);
    }
  });

  it('is no longer called after the job was cancelled, and the error says so', async () => {
    const reason = new Error('cancelled');
    await expect(contentOf(ofThisRun(AbortSignal.abort(reason)), 'a.bak', undefined)).rejects.toBe(reason);
  });
});

it('names are read in both notations', () => {
  expect(inSnakeCase({ signedUrl: 'a', created_at: 'b', workflowJobRunBackendId: 'c', id: 1 })).toEqual({
    signed_url: 'a',
    created_at: 'b',
    workflow_job_run_backend_id: 'c',
    id: 1,
  });
});
