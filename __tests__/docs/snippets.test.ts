import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readActionFile } from '../../scripts/docs/action-file.ts';
import { usesFaults } from '../../scripts/docs/action-uses.ts';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { snippetsOf } from '../../scripts/docs/snippets.ts';
import { ACTIONLINT, findGoTool } from '../../scripts/go-tool.ts';
import { actionlintFaults, workflowFaults } from './workflow-faults.ts';

const snippets = markdownFiles().flatMap(snippetsOf);
const actionlint = await findGoTool(ACTIONLINT);

describe('a snippet of the documentation', () => {
  const inMarkdown = (yaml: string, fence = '```'): ReturnType<typeof snippetsOf> =>
    snippetsOf({ path: 'a.md', text: `# A\n\n${fence}yaml\n${yaml}\n${fence}\n` });

  it('is found with its line number, without the indentation of a list', () => {
    const text = '## Use\n\n1. This:\n\n   ```yaml\n   on: push\n   jobs: {}\n   ```\n';
    const workflow = 'on: push\njobs: {}\n';
    expect(snippetsOf({ path: 'a.md', text })).toEqual([
      { at: 'a.md:6', section: 'a.md: Use', text: workflow, workflow },
    ]);
  });

  it('is told from the others by the heading above it, and its number there', () => {
    const block = '```yaml\n- run: make\n```\n';
    const text = `# A\n${block}${block}## B\n${block}`;
    expect(snippetsOf({ path: 'a.md', text }).map(({ section }) => section)).toEqual([
      'a.md: A',
      'a.md: A (2)',
      'a.md: B',
    ]);
  });

  it.each([
    ['a step', '- uses: actions/checkout@v7'],
    ['steps', 'steps:\n  - run: make'],
    [
      'a job without its name',
      'permissions:\n  actions: read\nruns-on: ubuntu-latest\nsteps:\n  - run: make',
    ],
    ['jobs', 'jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make'],
    ['the start of a workflow', "on:\n  schedule:\n    - cron: '23 3 * * *'"],
  ])('that is %s is completed to a whole workflow', async (_, yaml) => {
    const [snippet] = inMarkdown(yaml);
    expect(await workflowFaults('a.md', snippet?.workflow ?? '')).toEqual([]);
  });

  it('that is not part of a workflow is ignored', () => {
    expect(inMarkdown('inputs:\n  days:\n    default: 30')).toEqual([]);
    expect(inMarkdown('- a\n- b')).toEqual([]);
    expect(snippetsOf({ path: 'a.md', text: '```sh\non: push\n```\n' })).toEqual([]);
  });

  it('that is not YAML is an error', () => {
    expect(() => inMarkdown('on: [push')).toThrow('a.md:4: ');
  });

  it.each<[string, string, string]>([
    ['a wrong key', '- run: make\n  iff: always()', "Unexpected value 'iff'"],
    ['an expression that cannot be read', '- run: echo ${{ github.( }}', 'Unexpected symbol'],
    [
      'a context that is not there',
      '- run: make\n  if: ${{ secrets.A }}',
      "Unrecognized named-value: 'secrets'",
    ],
    [
      'a permission that is not there',
      'permissions:\n  artifacts: read\nsteps:\n  - run: make',
      "Unexpected value 'artifacts'",
    ],
  ])('with %s is reported by the parser', async (_, yaml, message) => {
    const [snippet] = inMarkdown(yaml);
    expect((await workflowFaults('a.md', snippet?.workflow ?? '')).join()).toContain(message);
  });

  it.each<[string, string, string]>([
    [
      'an unknown input',
      '- uses: OWNER/postgres-backup-action@v1\n  with:\n    retention: 3',
      'has no input retention',
    ],
    ['a missing input', '- uses: OWNER/postgres-backup-action/check@v1', 'needs backup-name'],
    ['an unknown action', '- uses: OWNER/postgres-backup-action/burn@v1', 'is no action of this repository'],
    [
      'an input of another action',
      '- uses: ./restore\n  with:\n    retention-days: 3',
      'has no input retention-days',
    ],
    [
      'an unknown output',
      '- uses: OWNER/postgres-backup-action@v1\n  id: a\n- run: echo ${{ steps.a.outputs.artifactid }}',
      'the action has no such output',
    ],
  ])('with %s of these actions is reported', (_, yaml, message) => {
    const [snippet] = inMarkdown(yaml);
    expect(usesFaults(snippet?.workflow ?? '', readActionFile).join()).toContain(message);
  });
});

describe('the workflows in the documentation', () => {
  it('are many', () => {
    expect(snippets.length).toBeGreaterThan(10);
  });

  it.each(snippets.map(({ at, workflow }) => [at, workflow]))(
    '%s is accepted by the parser of GitHub',
    async (at, workflow) => {
      expect(await workflowFaults(at, workflow)).toEqual([]);
    },
  );

  it.each(snippets.map(({ at, workflow }) => [at, workflow]))(
    '%s uses only inputs and outputs that these actions have',
    (_, workflow) => {
      expect(usesFaults(workflow, readActionFile)).toEqual([]);
    },
  );
});

describe('actionlint', () => {
  // A Go program that no npm package contains. Without Go, as on many machines of contributors, the parser above still
  // checks every workflow; GitHub's runners have Go, so CI runs this.
  if ('missing' in actionlint) {
    it.skip(`finds nothing wrong with the workflows in the documentation (${actionlint.missing})`, () =>
      undefined);
    return;
  }

  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'snippets-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('finds nothing wrong with the workflows in the documentation', async () => {
    const files = await Promise.all(
      snippets.map(async ({ at, workflow }) => {
        const file = path.join(folder, `${at.replaceAll(/[/:]/g, '_')}.yml`);
        await writeFile(file, workflow);
        return file;
      }),
    );
    expect(await actionlintFaults(actionlint.program, files)).toBe('');
  });

  it('finds a fault that the parser does not', async () => {
    const file = path.join(folder, 'wrong.yml');
    const step = '{ run: "echo ${{ github.nothing }}" }';
    await writeFile(file, `on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [${step}] } }\n`);
    expect(await actionlintFaults(actionlint.program, [file])).toContain('property "nothing" is not defined');
  });
});
