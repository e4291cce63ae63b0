import { describe, expect, it } from '@jest/globals';
import { parseActionFile, readActionFile } from '../../scripts/docs/action-file.ts';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { inputsTable, outputsTable, withTables } from '../../scripts/docs/tables.ts';

const ACTION = `
inputs:
  name:
    description: Whose backups.
    required: true
  days:
    description: >-
      How many days,
      1 | 400.
    default: 30
  token:
    description: A token.
    default: \${{ github.token }}
outputs:
  id:
    description: The id.
`;
const INPUTS = [
  '| Input | Default | Meaning |',
  '|---|---|---|',
  '| `name` | required | Whose backups. |',
  '| `days` | `30` | How many days, 1 \\| 400. |',
  "| `token` | the job's token | A token. |",
].join('\n');

describe('the tables of inputs and outputs', () => {
  const action = parseActionFile(ACTION);

  it('have a row for each input, with its default and its description', () => {
    expect(inputsTable(action)).toBe(INPUTS);
  });

  it('have a row for each output', () => {
    expect(outputsTable(action)).toBe('| Output | Meaning |\n|---|---|\n| `id` | The id. |');
  });

  it('are written between their markers, whatever was there before', () => {
    const around = (table: string): string =>
      `# A\n<!-- inputs:prune -->\n${table}\n<!-- /inputs:prune -->\nmore\n`;
    expect(withTables(around('| old |\n| rows |'), () => action)).toBe(around(INPUTS));
    expect(withTables(around(INPUTS), () => action)).toBe(around(INPUTS));
  });

  it('must be closed, and belong to an action that exists', () => {
    expect(() => withTables('<!-- inputs:prune -->\n', () => action)).toThrow(
      'has no <!-- /inputs:prune -->',
    );
    const unknown = '<!-- inputs:burn -->\n<!-- /inputs:burn -->';
    expect(() => withTables(unknown, () => action)).toThrow('there is no action of that name');
  });

  it('need a description of each input', () => {
    expect(() => parseActionFile('inputs: { days: { default: 30 } }')).toThrow('days has no description.');
  });

  it.each(markdownFiles().map(({ path, text }) => [path, text]))(
    'in %s match the action.yml files',
    (_, text) => {
      expect(withTables(text, readActionFile)).toBe(text);
    },
  );

  it('exist for every action', () => {
    const lines = markdownFiles().flatMap(({ text }) => text.split('\n'));
    const wanted = ['backup', 'restore', 'prune', 'check'].flatMap((name) =>
      ['inputs', 'outputs'].map((kind) => `<!-- ${kind}:${name} -->`),
    );
    expect(wanted.filter((line) => !lines.includes(line))).toEqual([]);
  });
});
