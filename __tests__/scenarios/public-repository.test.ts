import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import {
  type TestBed,
  errorsOf,
  expectFailure,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

let bed: TestBed;
let workspace: string;
beforeAll(async () => {
  bed = await startTestBed();
  await bed.database.sql('CREATE TABLE note (id int); INSERT INTO note VALUES (1)');
  workspace = await mkdtemp(path.join(tmpdir(), 'workspace-'));
});
afterAll(async () => {
  await bed.stop();
  await rm(workspace, { recursive: true, force: true });
});
afterEach(() => {
  bed.artifacts.faults = {};
  bed.artifacts.visibility = 'private';
});

const publicEvent = {
  repository: { full_name: 'example/shop', private: false, visibility: 'public' },
};
/** What a schedule's payload may be: it does not always name the repository. */
const silentEvent = { schedule: '23 3 * * *' };

let backups = 0;
const backup = (event: RunActionOptions['event'], inputs: Record<string, string> = {}) => {
  backups += 1;
  return bed.backup({ inputs: { 'backup-name': `b${backups}`, ...inputs }, event: event ?? {}, workspace });
};
const published = () => bed.artifacts.artifacts().length;
const questions = () =>
  bed.artifacts.requests.filter(({ path: asked }) => asked === '/repos/example/shop').length;

function expectRefused(run: ActionRun, annotation: RegExp, before: number): void {
  expectFailure(run, annotation, bed.artifacts, before);
  expect(errorsOf(run)[0]).toMatch(/age-recipients.*allow-plaintext-on-public: true/);
  // Refused before it connects: no tool was even looked for.
  expect(run.log).not.toMatch(/PostgreSQL client|Connected/);
  expect(run.processes).toEqual([]);
}

describe('in a public repository', () => {
  it('a backup that is not encrypted is refused before it connects', async () => {
    const before = [published(), questions()];
    expectRefused(await backup(publicEvent), /This repository is public/, published());
    bed.artifacts.visibility = 'public';
    expectRefused(await backup(silentEvent), /This repository is public/, published());
    expect([published(), questions() - 1]).toEqual(before);
  });

  it('is where an old run is started again, whatever its event said', async () => {
    bed.artifacts.visibility = 'public';
    const event = { repository: { full_name: 'example/shop', private: true, visibility: 'private' } };
    expectRefused(await backup(event), /This repository is public/, published());
  });

  it('is told from one that is not by asking GitHub where the event is silent, with the token of the job (thorough)', async () => {
    const before = questions();
    const run = await backup(silentEvent);
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(questions()).toBe(before + 1);
  });

  it.each([
    ['may not be asked', { answer: 403 }],
    ['does not know the repository', { answer: 404 }],
    ['does not answer', { answer: 'reset' }],
    ['has had enough', { answer: { status: 429, headers: { 'retry-after': '3600' } } }],
  ] as const)('may be where we are when GitHub %s, so the backup is refused (thorough)', async (_, rest) => {
    bed.artifacts.faults = { rest };
    const run = await backup(silentEvent);
    expectRefused(run, /The visibility of this repository could not be determined/, published());
    expect(run.log).toContain('The visibility of the repository could not be determined');
  });

  it('an encrypted backup is made without asking GitHub', async () => {
    const before = questions();
    for (const event of [publicEvent, silentEvent]) {
      const run = await backup(event, { 'age-recipients': RECIPIENT });
      expectSuccess(run);
      expect(remarksOf(run)).toEqual([]);
      expect(run.summary).not.toContain('CAUTION');
    }
    expect(questions()).toBe(before);
  });

  it('a backup that stays on the runner is made, and shows nothing of its content (thorough)', async () => {
    const run = await backup(publicEvent, { storage: './kept/' });
    expect(run.exitCode).toBe(0);
    expect(run.summary).not.toContain('CAUTION');
    expect(run.outputs).toMatchObject({ tables: '', rows: '', 'content-digest': '' });
  });

  it('a backup without encryption is made with allow-plaintext-on-public, with a warning and a red notice in the summary', async () => {
    const run = await backup(publicEvent, { 'allow-plaintext-on-public': 'true' });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(/is public.*not encrypted.*allow-plaintext-on-public/),
    ]);
    expect(run.summary).toMatch(
      /^> \[!CAUTION\]\n> \*\*This repository is public.*allow-plaintext-on-public/m,
    );
  });

  it('allow-plaintext-on-public has no effect in a private repository (thorough)', async () => {
    const event = { repository: { private: true } };
    const run = await backup(event, { 'allow-plaintext-on-public': 'true' });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(run.summary).not.toContain('CAUTION');
  });
});

describe('a run that gets no secrets', () => {
  it('fails with the reason for its empty connection string: a fork', async () => {
    const run = await bed.backup({
      inputs: { 'connection-string': '' },
      eventName: 'pull_request',
      event: {
        ...publicEvent,
        pull_request: { head: { repo: { full_name: 'stranger/::error::shop' } } },
      },
    });
    expectFailure(run, /connection-string is empty: .*from a fork/, bed.artifacts, published());
  });

  it('fails with the reason for its empty connection string: Dependabot (thorough)', async () => {
    const run = await bed.backup({
      inputs: { 'connection-string': '' },
      eventName: 'pull_request',
      env: { GITHUB_ACTOR: 'dependabot[bot]' },
    });
    expectFailure(run, /connection-string is empty: .*Dependabot/, bed.artifacts, published());
  });
});
