import { describe, expect, it } from '@jest/globals';
import { readActionFile } from '../../scripts/docs/action-file.ts';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { readmeFaults } from '../../scripts/docs/readme-rules.ts';

const named = (...names: string[]) => names.map((name) => ({ name, description: 'Is described.' }));
const ACTION = {
  inputs: named('storage', 'jobs').map((one) => ({ ...one, required: false, byDefault: '' })),
  outputs: named('rows'),
};
const readme = (inputs: string, outputs = '`rows`', more = ''): string =>
  `# A\n${more}\n\n| To | Inputs |\n|---|---|\n${inputs}\n\n| About | Outputs |\n|---|---|\n| all | ${outputs} |\n`;
const INPUTS = '| store | `storage` |\n| dump | `jobs` |';

describe('the README', () => {
  it('names every input and output of the backup in its two tables', () => {
    expect(readmeFaults(readme(INPUTS), ACTION)).toEqual([]);
  });

  it.each([
    ['lacks an input', readme('| store | `storage` |'), 'the table "Inputs" lacks jobs.'],
    ['lacks an output', readme(INPUTS, 'none'), 'the table "Outputs" lacks rows.'],
    ['names what is no input', readme(`${INPUTS}\n| burn | \`fire\` |`), 'the table "Inputs" has fire'],
    ['names an input twice', readme(`${INPUTS}\n| again | \`jobs\` |`), 'the table "Inputs" has jobs'],
  ])('that %s is reported', (_, text, fault) => {
    expect(readmeFaults(text, ACTION)).toEqual([expect.stringContaining(fault)]);
  });

  it('has at most 1,500 words', () => {
    const length = readme(INPUTS).split(/\s+/).length - 1;
    const padded = (words: number): string => readme(INPUTS, '`rows`', 'word '.repeat(words - length));
    expect(readmeFaults(padded(1500), ACTION)).toEqual([]);
    expect(readmeFaults(padded(1501), ACTION)).toEqual([expect.stringContaining('has 1501 words')]);
  });

  it('of this repository keeps to that', () => {
    const text = markdownFiles().find(({ path }) => path === 'README.md')?.text ?? '';
    expect(readmeFaults(text, readActionFile('backup'))).toEqual([]);
  });
});
