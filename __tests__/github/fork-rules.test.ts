import { describe, expect, it } from '@jest/globals';
import { originOf, whyWithoutSecrets } from '../../src/github/fork-rules.ts';

const run = { name: 'schedule', actor: 'octocat' };
const own = { full_name: 'example/shop' };
const from = (repo: object | null) => ({ repository: own, pull_request: { head: { repo } } });

describe('a run without secrets', () => {
  const fork = { full_name: 'stranger/shop' };
  it.each<[string, { name: string; actor: string }, object, RegExp | undefined]>([
    ['a pull request from a fork', { ...run, name: 'pull_request' }, from(fork), /fork \(stranger\/shop\)/],
    ['a review there', { ...run, name: 'pull_request_review' }, from(fork), /fork/],
    ['a comment there', { ...run, name: 'pull_request_review_comment' }, from(fork), /fork/],
    ['a fork that was deleted', { ...run, name: 'pull_request' }, from(null), /a fork, and/],
    ['a pull request of its own', { ...run, name: 'pull_request' }, from(own), undefined],
    ['a fork, in the name of the repository', { ...run, name: 'pull_request_target' }, from(fork), undefined],
    ['Dependabot', { name: 'pull_request', actor: 'dependabot[bot]' }, from(own), /Dependabot/],
    ['a push of Dependabot', { name: 'push', actor: 'dependabot[bot]' }, { repository: own }, /Dependabot/],
    ['a schedule', run, { repository: own }, undefined],
    [
      'a schedule in the name of Dependabot',
      { name: 'schedule', actor: 'dependabot[bot]' },
      { repository: own },
      undefined,
    ],
  ])('is recognized: %s', (_, { name, actor }, payload, expected) => {
    const why = whyWithoutSecrets(payload, { name, actor });
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(expected);
  });
});

it.each([
  ['of the repository', { repository_id: 1, head_repository_id: 1 }, 'own'],
  ['of a fork', { repository_id: 1, head_repository_id: 2 }, 'fork'],
  ['of a fork that was deleted', { repository_id: 1, head_repository_id: null }, 'unknown'],
  ['of a service that does not say', undefined, 'unknown'],
])('the code of a run is %s', (_, described, origin) => {
  expect(originOf(described)).toBe(origin);
});
