import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readWorkflowEvent, workflowEvent } from '../../src/github/workflow-event.ts';

const run = { name: 'schedule', actor: 'octocat' };

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
