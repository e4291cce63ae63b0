// The list of a repository with 25,000 artifacts, which the artifact service of the tests would take minutes to fill.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { backupFile, hoursBefore } from '../storage/artifact/store-bed.ts';
import { type GitHubListing, startGitHubListing } from '../support/github-listing.ts';
import { type ActionRun, runAction } from '../support/runner.ts';
import { expectColour } from '../support/series-bed.ts';
import { remarksOf } from '../support/test-bed.ts';

const ALL = 25_000;
const LOOKED_AT = 10_000;
const PER_PAGE = 100;
/** One artifact in this number is a backup, and the next its record; the newest artifact is a backup. */
const ONE_OF = 500;

function nameAt(place: number): string {
  if (place % ONE_OF === 0) return backupFile('shop', place);
  return place % ONE_OF === 1 ? `${backupFile('shop', place - 1)}.json` : `log-${place}`;
}

/** The artifact of a place in the list, which begins with the newest. */
const artifact = (place: number): object => ({
  id: ALL - place,
  name: nameAt(place),
  size_in_bytes: 1000,
  created_at: hoursBefore(place).toISOString(),
  expires_at: hoursBefore(-24).toISOString(),
  expired: false,
  workflow_run: { id: 1, repository_id: 5, head_repository_id: 5 },
});
const backupsUpTo = (place: number): string[] =>
  Array.from({ length: Math.ceil(place / ONE_OF) }, (_, number) => backupFile('shop', number * ONE_OF));

let listing: GitHubListing;
beforeEach(async () => {
  listing = await startGitHubListing(({ method, page }) => {
    if (method === 'DELETE') return { status: 204, body: undefined };
    const first = (page - 1) * PER_PAGE;
    const artifacts = Array.from({ length: PER_PAGE }, (_, index) => artifact(first + index));
    return { body: { total_count: ALL, artifacts }, hasNext: first + PER_PAGE < ALL };
  });
});
afterEach(() => {
  listing.stop();
});

const prune = (inputs: Record<string, string>): Promise<ActionRun> =>
  runAction({ action: 'prune', inputs, env: { GITHUB_API_URL: listing.url } });
const asked = (method: string): string[] =>
  listing.requests
    .filter((request) => request.method === method)
    .map(({ rest, page }) => (method === 'GET' ? `${page}${rest}` : rest));

describe('a prune of a repository with more artifacts than it searches (thorough)', () => {
  it('considers the newest 10,000, says so, and keeps older backups', async () => {
    const run = await prune({ 'backup-name': 'shop', 'keep-last': '5', 'maximum-row-loss': '100%' });
    expectColour(run);
    const seen = backupsUpTo(LOOKED_AT);
    expect(seen).toHaveLength(20);
    expect(JSON.parse(run.outputs['kept'] ?? '')).toEqual(seen.slice(0, 5));
    expect(JSON.parse(run.outputs['deleted'] ?? '')).toEqual(seen.slice(5));
    expect(remarksOf(run)).toEqual([
      'Only the newest 10000 artifacts of the repository were searched: older backups are not pruned.',
    ]);
    expect(run.log).toContain('Searching the 25000 artifacts of example/shop');

    expect(asked('GET')).toEqual(Array.from({ length: LOOKED_AT / PER_PAGE }, (_, page) => String(page + 1)));
    const oldestFirst = Array.from({ length: 15 }, (_, number) => ALL - (19 - number) * ONE_OF);
    // The record first: without it, the file is no backup.
    expect(asked('DELETE')).toEqual(oldestFirst.flatMap((id) => [`/${id - 1}`, `/${id}`]));
  });

  it('says that it has not seen all artifacts if it finds no backup of the name', async () => {
    const run = await prune({ 'backup-name': 'blog', 'keep-last': '5' });
    expectColour(run);
    expect(remarksOf(run)).toEqual([
      'backup-name: there is no backup of blog to prune. There are backups of: shop. Only its newest 10000 artifacts were searched.',
    ]);
    expect(asked('DELETE')).toEqual([]);
  });
});
