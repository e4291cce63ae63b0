import { afterEach, describe, expect, it } from '@jest/globals';
import { type ArtifactList, artifactList } from '../../../src/storage/artifact/artifact-list.ts';
import { connectToGitHub } from '../../../src/github/github-api.ts';
import type { Located } from '../../../src/storage/artifact/stored-artifact.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type GitHubListing, type ListingAnswer, startGitHubListing } from '../../support/github-listing.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { IMPATIENCE } from './store-bed.ts';

captureOutput();

let listing: GitHubListing | undefined;
afterEach(() => {
  listing?.stop();
});

/** The list of a repository where GitHub gives these answers, and the last one from then on. */
async function answering(answers: readonly ListingAnswer[], attempts = 1): Promise<ArtifactList> {
  const rest = [...answers];
  listing = await startGitHubListing(
    () => (rest.length > 1 ? rest.shift() : rest[0]) ?? { status: 500, body: null },
  );
  const api = await connectToGitHub({
    repository: { owner: 'example', repo: 'shop' },
    isOwnRepository: true,
    token: 'a token',
    env: { GITHUB_API_URL: listing.url },
    signal: new AbortController().signal,
    retries: { ...IMPATIENCE, attempts },
  });
  return artifactList(api);
}

async function listed(list: ArtifactList): Promise<readonly Located[]> {
  const all: Located[] = [];
  for await (const { artifacts } of list.pages()) all.push(...artifacts);
  return all;
}

const BACKUP = {
  id: 11,
  name: 'shop.bak',
  size_in_bytes: 812,
  created_at: '2026-01-02T03:04:05Z',
  expires_at: null,
  expired: false,
  digest: null,
  workflow_run: null,
};
const page = (...artifacts: readonly unknown[]): ListingAnswer => ({ body: { total_count: 1, artifacts } });

describe('the list of artifacts', () => {
  it('contains artifacts without an expiry, digest or run', async () => {
    const found = await listed(await answering([page(BACKUP, { ...BACKUP, workflow_run: { id: null } })]));
    expect(found).toHaveLength(2);
    for (const { artifact } of found)
      expect(artifact).toMatchObject({ name: 'shop.bak', size: 812, expiresAt: undefined, runId: undefined });
  });

  it.each<[string, ListingAnswer]>([
    ['no object', { body: [] }],
    ['no list', { body: { total_count: 1 } }],
    ['a list of something else', page('shop.bak')],
    ['no number of all', { body: { artifacts: [BACKUP] } }],
    ['an artifact without a name', page({ ...BACKUP, name: 5 })],
    ['an artifact of an impossible size', page({ ...BACKUP, size_in_bytes: -1 })],
    ['a time that is none', page({ ...BACKUP, created_at: 'yesterday' })],
  ])('is an explained error if the answer contains %s', async (_, answer) => {
    const error = await userErrorOf(listed(await answering([answer])));
    expect(error.message).toMatch(/^The request to the GitHub API failed: the response /);
    expect(error.hint).toContain('githubstatus.com');
  });

  it('is requested again after an invalid answer', async () => {
    expect(await listed(await answering([{ body: 'well' }, page(BACKUP)], 2))).toHaveLength(1);
    expect(listing?.requests).toHaveLength(2);
  });
});

describe('one artifact', () => {
  it.each([null, {}])('is an explained error if the answer is %j', async (body) => {
    const list = await answering([{ body }]);
    expect((await userErrorOf(list.byId(11))).message).toMatch(/: the response lacks a number/);
  });

  it('is an explained error if GitHub does not return the address of the content', async () => {
    const { signedUrl } = await (await answering([{ body: BACKUP }])).byId(11);
    const error = await userErrorOf(signedUrl());
    expect(error.message).toMatch(/: the response contains no URL of the content$/);
  });
});
