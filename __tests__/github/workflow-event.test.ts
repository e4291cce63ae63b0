import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readWorkflowEvent, workflowEvent } from '../../src/github/workflow-event.ts';

const run = { name: 'schedule', actor: 'octocat' };
const own = { full_name: 'example/shop' };
const from = (repo: object | null) => ({ repository: own, pull_request: { head: { repo } } });

describe('whether the repository is public', () => {
  it.each<[string, object, boolean | undefined]>([
    ['is public', { private: false, visibility: 'public' }, true],
    ['is private', { private: true, visibility: 'private' }, false],
    ['is internal', { private: true, visibility: 'internal' }, false],
    ['of an older payload, public', { private: false }, true],
    ['of an older payload, private', { private: true }, false],
    ['that contradicts itself: private and public', { private: true, visibility: 'public' }, true],
    ['that contradicts itself: not private and internal', { private: false, visibility: 'internal' }, true],
    ['that contradicts itself: not private and private', { private: false, visibility: 'private' }, true],
    ['that does not say', {}, undefined],
    ['that says nonsense', { private: 'no', visibility: 7 }, undefined],
  ])('%s', (_, repository, expected) => {
    expect(workflowEvent({ repository }, run).repositoryIsPublic).toBe(expected);
  });

  it.each([undefined, null, 'text', 7, [], { repository: null }])('is unknown from %j', (payload) => {
    expect(workflowEvent(payload, run)).toEqual({ repositoryIsPublic: undefined, withoutSecrets: undefined });
  });

  it('is not read from inherited properties', () => {
    const payload: unknown = JSON.parse('{"repository": {"__proto__": {"private": true}}}');
    expect(workflowEvent(payload, run).repositoryIsPublic).toBeUndefined();
  });
});

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
    const { withoutSecrets } = workflowEvent(payload, { name, actor });
    if (expected === undefined) expect(withoutSecrets).toBeUndefined();
    else expect(withoutSecrets).toMatch(expected);
  });
});

describe('the payload on the disk', () => {
  it('is read from the path of the runner, and is empty if the file is missing or damaged', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'event-'));
    const file = path.join(folder, 'event.json');
    try {
      await writeFile(file, JSON.stringify({ repository: { private: false } }));
      expect((await readWorkflowEvent({ GITHUB_EVENT_PATH: file })).repositoryIsPublic).toBe(true);
      await writeFile(file, '{"repository": {"private": fal');
      expect((await readWorkflowEvent({ GITHUB_EVENT_PATH: file })).repositoryIsPublic).toBeUndefined();
      const missing = { GITHUB_EVENT_PATH: path.join(folder, 'none') };
      expect((await readWorkflowEvent(missing)).repositoryIsPublic).toBeUndefined();
      expect((await readWorkflowEvent({})).repositoryIsPublic).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
