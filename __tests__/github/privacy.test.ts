import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { exposureOf, requireAllowed, visibilityByApi } from '../../src/github/privacy.ts';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import type { Fault } from '../support/artifact-service-faults.ts';
import { captureOutput } from '../support/captured-output.ts';
import { HASTE, accessTo, environmentOf, until } from '../storage/artifact/store-bed.ts';

captureOutput();

let service: ArtifactService;
beforeAll(async () => {
  service = await startArtifactService();
});
afterAll(() => service.stop());
afterEach(() => {
  service.faults = {};
  service.visibility = 'private';
});

const inAnHour = String(Math.floor(Date.now() / 1000) + 3600);

describe('the visibility of a repository', () => {
  it.each([
    ['public', 'public'],
    ['private', 'private'],
    ['internal', 'private'],
  ] as const)('is known from the answer of GitHub: %s is %s', async (visibility, expected) => {
    service.visibility = visibility;
    expect(await visibilityByApi(accessTo(service))).toBe(expected);
  });

  it('can be queried with a token without any permission', async () => {
    const token = service.tokenFor({ repositories: [service.repository], actions: 'none' });
    expect(await visibilityByApi(accessTo(service, { token }))).toBe('private');
  });

  it.each<[string, Fault['answer']]>([
    ['that may not be seen (403)', 403],
    ['that is not there (404)', 404],
    ['of a GitHub in trouble', 503],
    ['of a GitHub that answers nonsense', 'corrupt'],
    ['of a GitHub that hangs up', 'reset'],
    ['of a GitHub that never answers', 'hang'],
    [
      'whose rate limit is used up',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAnHour } },
    ],
    ['whose second rate limit is used up', { status: 429, headers: { 'retry-after': '3' } }],
  ])('%s is unknown', async (_, answer) => {
    service.faults = { rest: { answer } };
    const retries = { ...HASTE, longestWaitMs: 0 };
    expect(await visibilityByApi(accessTo(service, { retries }))).toBe('unknown');
  });

  it.each([
    ['without a token', { token: '' }],
    ['with a token that GitHub does not know', { token: 'ghs_nobody' }],
    ['of another repository', { repository: { owner: 'some', repo: 'other' } }],
    ['where there is no GitHub', { env: { GITHUB_API_URL: 'http://127.0.0.1:1' } }],
  ])('%s is unknown', async (_, changes) => {
    expect(await visibilityByApi(accessTo(service, changes))).toBe('unknown');
  });

  it('is not returned if the job is cancelled meanwhile', async () => {
    service.faults = { rest: { answer: 'hang' } };
    const controller = new AbortController();
    const before = service.requests.length;
    const asked = visibilityByApi(accessTo(service, { signal: controller.signal }));
    asked.catch(() => undefined);
    await until(() => service.requests.length > before);
    controller.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
  });
});

describe('a backup that is not encrypted', () => {
  const ask = async (
    event: object | undefined,
    changes: { allowed?: boolean; token?: string } = {},
    attempt = '1',
  ) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'event-'));
    const file = path.join(folder, 'event.json');
    try {
      await writeFile(file, JSON.stringify(event ?? {}));
      const exposure = await exposureOf({
        repository: service.repository,
        token: changes.token ?? service.githubToken,
        env: { ...environmentOf(service), GITHUB_EVENT_PATH: file, GITHUB_RUN_ATTEMPT: attempt },
        signal: new AbortController().signal,
      });
      if (exposure) requireAllowed(exposure, changes.allowed === true);
      return exposure;
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  const publicly = { repository: { private: false } };

  it('can be uploaded in a private repository', async () => {
    expect(await ask({ repository: { private: true } })).toBeUndefined();
    expect(await ask(undefined)).toBeUndefined();
  });

  it('is refused in a public repository, with the alternatives', async () => {
    await expect(ask(publicly)).rejects.toMatchObject({
      message: expect.stringMatching(/repository is public.*not encrypted/),
      hint: expect.stringMatching(/age-recipients.*private repository.*allow-plaintext-on-public: true/),
    });
    service.visibility = 'public';
    await expect(ask(undefined)).rejects.toThrow('is public');
  });

  it('is refused if the repository has become public since the event', async () => {
    service.visibility = 'public';
    await expect(ask({ repository: { private: true } })).rejects.toThrow('is public');
  });

  it('is decided by the event if GitHub cannot be asked, but not in a later attempt of the run', async () => {
    const privately = { repository: { private: true } };
    expect(await ask(privately, { token: '' })).toBeUndefined();
    await expect(ask(privately, { token: '' }, '2')).rejects.toThrow('could not be determined');
    expect(await ask(privately, {}, '2')).toBeUndefined();
  });

  it('is refused if the visibility is unknown', async () => {
    await expect(ask(undefined, { token: '' })).rejects.toThrow('could not be determined');
  });

  it('is uploaded if it is allowed, and the result says who can read it', async () => {
    expect(await ask(publicly, { allowed: true })).toBe('public');
    expect(await ask(undefined, { allowed: true, token: '' })).toBe('unknown');
    expect(await ask({ repository: { private: true } }, { allowed: true })).toBeUndefined();
  });
});
