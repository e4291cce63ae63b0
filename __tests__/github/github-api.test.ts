import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../src/errors.ts';
import { artifactList } from '../../src/storage/artifact/artifact-list.ts';
import { type RepositoryAccess, connectToGitHub } from '../../src/github/github-api.ts';
import type { RetryLimits } from '../../src/runner/retry-policy.ts';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import { captureOutput } from '../support/captured-output.ts';
import { userErrorOf } from '../support/user-error.ts';
import { HASTE, IMPATIENCE, accessTo, until } from '../storage/artifact/store-bed.ts';

let service: ArtifactService;
let id: number;
const output = captureOutput();
beforeAll(async () => {
  service = await startArtifactService();
  ({ id } = await service.seed({ name: 'a', content: 'a' }));
});
afterAll(async () => {
  await service.stop();
});
beforeEach(() => {
  service.faults = {};
});

const retriesWith = (fault: unknown): RetryLimits => (fault === 'hang' ? HASTE : IMPATIENCE);

/** Asks for the one artifact, and counts the requests that it took. */
async function ask(changes: Partial<RepositoryAccess> = {}): Promise<number> {
  const before = service.requests.length;
  const { artifact } = await artifactList(await connectToGitHub(accessTo(service, changes))).byId(id);
  expect(artifact.name).toBe('a');
  return service.requests.length - before;
}

describe('a request to GitHub', () => {
  it.each([500, 502, 'reset', 'hang', 'corrupt'] as const)(
    'is tried again after a failure: %s',
    async (answer) => {
      service.faults = { rest: { answer, times: 1 } };
      expect(await ask({ retries: retriesWith(answer) })).toBe(2);
      expect(output.text).toContain('Trying again');
    },
  );

  it.each([
    [500, 'told to fail'],
    ['reset', 'closed|ECONNRESET'],
    ['hang', 'timeout'],
    ['corrupt', 'the response lacks'],
  ] as const)('is an error that names the reason after the last attempt: %s', async (answer, reason) => {
    service.faults = { rest: { answer } };
    const { message, hint } = await userErrorOf(ask({ retries: retriesWith(answer) }));
    expect(message).toMatch(new RegExp(`The request to the GitHub API failed: .*(${reason})`));
    expect(hint).toContain('githubstatus.com');
  });

  it('is not tried again if it is refused', async () => {
    const before = service.requests.length;
    await userErrorOf(ask({ token: 'ghs_wrong' }));
    expect(service.requests).toHaveLength(before + 1);
  });

  it('is an error that says so if GitHub cannot be reached', async () => {
    const { message } = await userErrorOf(ask({ env: { GITHUB_API_URL: 'http://127.0.0.1:9' } }));
    expect(message).toMatch(/ECONNREFUSED|bad port/);
  });

  it.each(['hang', 500] as const)('ends when the job is cancelled: %s', async (answer) => {
    service.faults = { rest: { answer } };
    const controller = new AbortController();
    const retries = { attempts: 9, attemptMs: 60_000, longestWaitMs: 60_000 };
    const before = service.requests.length;
    const asked = ask({ signal: controller.signal, retries });
    const rejected = expect(asked).rejects.toThrow(CancelledError);
    await until(() =>
      answer === 500 ? output.text.includes('Trying again') : service.requests.length > before,
    );
    controller.abort(new CancelledError('SIGINT'));
    await rejected;
    expect(service.requests).toHaveLength(before + 1);
  });
});

describe('a rate limit', () => {
  const limited = (headers: Record<string, string>, status: number, times: number): void => {
    service.faults = { rest: { answer: { status, headers, message: 'API rate limit exceeded' }, times } };
  };
  const inSeconds = (seconds: number): string => String(Math.ceil(Date.now() / 1000) + seconds);

  it.each([403, 429])('is waited for as long as GitHub says (%d), twice at most', async (status) => {
    limited({ 'retry-after': '1' }, status, 2);
    expect(await ask()).toBe(3);
    expect(output.text).toContain("GitHub's rate limit is used up; waiting 1");
    limited({ 'retry-after': '0' }, status, 3);
    await userErrorOf(ask());
  });

  it('is waited for until it is reset', async () => {
    limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inSeconds(1) }, 403, 1);
    expect(await ask()).toBe(2);
  });

  it('is an error with its end if it lasts too long', async () => {
    limited({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4102444800' }, 403, 9);
    const before = service.requests.length;
    const { message } = await userErrorOf(ask());
    expect(message).toContain('rate limit for github-token is used up until 2100-01-01 00:00 UTC');
    expect(service.requests).toHaveLength(before + 1);
  });

  it('is not waited for after the job is cancelled', async () => {
    limited({ 'retry-after': '600' }, 429, 9);
    const controller = new AbortController();
    const retries = { ...IMPATIENCE, longestWaitMs: 3_600_000 };
    const before = service.requests.length;
    const rejected = expect(ask({ signal: controller.signal, retries })).rejects.toThrow(CancelledError);
    await until(() => output.text.includes('waiting'));
    controller.abort(new CancelledError('SIGINT'));
    await rejected;
    expect(service.requests).toHaveLength(before + 1);
  });
});
