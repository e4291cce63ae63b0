import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readActionFile } from '../../scripts/docs/action-file.ts';
import { usesFaults } from '../../scripts/docs/action-uses.ts';
import { ACTIONLINT, findGoTool } from '../../scripts/go-tool.ts';
import { isJsonObject } from '../support/artifact-service-http.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';
import { actionFaults, actionlintFaults, workflowFaults } from './workflow-faults.ts';

const read = (file: string): string => readFileSync(path.join(REPOSITORY_ROOT, file), 'utf8');
const workflows = globSync('.github/workflows/*.yml', { cwd: REPOSITORY_ROOT }).map(
  (file): [string, string] => [file, read(file)],
);
const actions = globSync(['{.,restore,prune,check}/action.yml', '.github/actions/*/action.yml'], {
  cwd: REPOSITORY_ROOT,
}).map((file): [string, string] => [file, read(file)]);
const actionlint = await findGoTool(ACTIONLINT);

function jobsOf(workflow: string): [string, Readonly<Record<string, unknown>>][] {
  const document: unknown = parse(workflow);
  const jobs = isJsonObject(document) ? document['jobs'] : undefined;
  return Object.entries(isJsonObject(jobs) ? jobs : {}).map(([name, job]) => [
    name,
    isJsonObject(job) ? job : {},
  ]);
}

describe.each(workflows)('%s', (file, text) => {
  it('is accepted by the parser of GitHub', async () => {
    expect(await workflowFaults(file, text)).toEqual([]);
  });

  it('uses only inputs and outputs that the actions of this repository have', () => {
    expect(usesFaults(text, readActionFile)).toEqual([]);
  });

  it('grants no more than read permissions at the top', () => {
    const document: unknown = parse(text);
    const permissions = isJsonObject(document) ? document['permissions'] : undefined;
    expect(isJsonObject(permissions)).toBe(true);
    expect(
      Object.values(isJsonObject(permissions) ? permissions : {}).filter((level) => level !== 'read'),
    ).toEqual([]);
  });

  it('gives every job a time limit', () => {
    const endless = jobsOf(text).filter(([, job]) => !('timeout-minutes' in job) && !('uses' in job));
    expect(endless.map(([name]) => name)).toEqual([]);
  });

  it('never runs for a pull request with the permissions of the repository', () => {
    expect(text).not.toMatch(/^ *pull_request_target:|workflow_run:/m);
  });

  it('puts no expression into a script, where it would be code', () => {
    const scripts = jobsOf(text).flatMap(([, { steps }]) =>
      Array.isArray(steps)
        ? steps.filter(isJsonObject).map(({ run }) => (typeof run === 'string' ? run : ''))
        : [],
    );
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });
});

describe.each(actions)('%s', (file, text) => {
  it('is accepted by the parser of GitHub', () => {
    expect(actionFaults(file, text)).toEqual([]);
  });

  it('uses only inputs and outputs that the actions of this repository have', () => {
    expect(usesFaults(text, readActionFile)).toEqual([]);
  });
});

describe('the workflows of this repository', () => {
  const all = [...workflows, ...actions].map(([, text]) => text).join('\n');

  it('all exist', () => {
    expect(workflows.map(([file]) => path.basename(file)).sort()).toEqual([
      'ci.yml',
      'end-to-end.yml',
      'nightly.yml',
      'rebuild-dist.yml',
      'release.yml',
    ]);
  });

  it('pin every third-party action by its commit, with its version in a comment', () => {
    const others = [...all.matchAll(/^.*\buses: (?!\.\/)(.*)$/gm)].map(([, used = '']) => used);
    expect(others.length).toBeGreaterThan(5);
    expect(others.filter((used) => !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(used))).toEqual(
      [],
    );
  });

  it('leave no token on the disk after the checkout', () => {
    const checkouts = [...all.matchAll(/uses: actions\/checkout@.*\n((?: {8,}.*\n)*)/g)];
    expect(checkouts.length).toBeGreaterThan(5);
    expect(checkouts.filter(([, more = '']) => !more.includes('persist-credentials: false'))).toEqual([]);
  });

  it('run code of a pull request only where the token cannot write', () => {
    const writers = workflows.flatMap(([, text]) =>
      jobsOf(text).filter(([, { permissions }]) => JSON.stringify(permissions ?? {}).includes('write')),
    );
    expect(writers.map(([name]) => name).sort()).toEqual(['attest', 'commit', 'release']);
    const [, commit] = writers.find(([name]) => name === 'commit') ?? [];
    expect(JSON.stringify(commit)).not.toMatch(/npm|node |npx|\.ts\b/);
    const [, release] = writers.find(([name]) => name === 'release') ?? [];
    expect(JSON.stringify(release)).not.toMatch(/npm|npx/);
  });

  it('have a CI job that waits for every other job, and is not skipped when one fails', () => {
    const jobs = new Map(jobsOf(read('.github/workflows/ci.yml')));
    const gate = jobs.get('all-green') ?? {};
    expect(gate['needs']).toEqual([...jobs.keys()].filter((name) => name !== 'all-green'));
    expect(gate['if']).toBe('${{ always() }}');
    expect(JSON.stringify(gate['steps'])).toContain("join(needs.*.result, ' ')");
  });
});

describe('actionlint', () => {
  // A Go program that no npm package contains. Without Go, as on many machines of contributors, the parser above still
  // checks every workflow; GitHub's runners have Go, so CI runs this.
  if ('missing' in actionlint) {
    it.skip(`finds nothing wrong with the workflows of this repository (${actionlint.missing})`, () =>
      undefined);
    return;
  }

  it('finds nothing wrong with the workflows of this repository', async () => {
    const files = workflows.map(([file]) => path.join(REPOSITORY_ROOT, file));
    expect(await actionlintFaults(actionlint.program, files)).toBe('');
  });
});
