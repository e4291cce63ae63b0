import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { markdownFiles } from '../../scripts/docs/markdown-files.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';

/** All sources in one, as their texts read: quotes without backslashes, parts of one string joined. */
const sources = globSync('src/**/*.ts', { cwd: REPOSITORY_ROOT })
  .map((file) => readFileSync(path.join(REPOSITORY_ROOT, file), 'utf8'))
  .join('\n')
  .replaceAll(/\\(['"`])/g, '$1')
  .replaceAll(/['`] \+\n\s*['`]/g, '');

/** The texts of errors that the documentation explains: the first cells of tables that begin with "Error". */
const explained = markdownFiles().flatMap(({ path: file, text }) =>
  [...text.matchAll(/^\| Error \|.*\n\|[-|]+\n((?:\|.*\n)+)/gm)].flatMap(([, rows = '']) =>
    [...rows.matchAll(/^\| `([^`]+)` \|/gm)].map(([, said = '']): [string, string] => [said, file]),
  ),
);

describe('the errors that the documentation explains', () => {
  it('are many', () => {
    expect(explained.length).toBeGreaterThan(50);
  });

  it.each(explained)('%s (%s) is an error text of the action', (said) => {
    const missing = said.split('…').filter((part) => !sources.includes(part.trim()));
    expect(missing).toEqual([]);
  });
});
