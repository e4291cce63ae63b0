import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import all from '../jest.all.config.ts';
import everyday from '../jest.config.ts';
import rest from '../jest.rest.config.ts';
import { FAULTS } from './faults/registry.ts';

const HERE = import.meta.dirname;
const sources = globSync('**/*.ts', { cwd: HERE }).map((file) => ({
  file: file.split(path.sep).join('/'),
  text: readFileSync(path.join(HERE, file), 'utf8'),
}));

/** Whether a configuration runs a test, as Jest decides it. */
const runs = ({ testNamePattern }: { readonly testNamePattern: string }, name: string): boolean =>
  new RegExp(testNamePattern, 'i').test(name);

describe('every test', () => {
  test('is run once by npm test and npm run test:rest, and by npm run test:all', () => {
    for (const name of [
      'a backup is made',
      'made (thorough)',
      'a (thorough) one',
      'two\nlines (thorough)',
      '',
    ]) {
      expect([runs(everyday, name), runs(rest, name)].filter(Boolean)).toHaveLength(1);
      expect(runs(all, name)).toBe(true);
    }
  });

  test('is in a file that Jest takes for one of tests, in each of the three', () => {
    expect(rest).toEqual({ ...everyday, testNamePattern: rest.testNamePattern });
    expect(all).toEqual({ ...everyday, testNamePattern: all.testNamePattern });
    const withTests = sources.filter(({ text }) =>
      /^import \{[^}]*\b(?:it|test)\b[^}]*\} from '@jest\/globals'/m.test(text),
    );
    const elsewhere = withTests.filter(({ file }) => !file.endsWith('.test.ts')).map(({ file }) => file);
    // This one is called by the files of the faults.
    expect(elsewhere).toEqual(['faults/describe-faults.ts']);
  });
});

describe('every group of faults', () => {
  test.each(Object.entries(FAULTS))(
    'has cases for npm test, and a file for the others: %s',
    (group, cases) => {
      expect(cases.filter((fault) => fault.everyday === true)).not.toEqual([]);
      const files = sources.filter(({ text }) => text.includes(`describeFaults('${group}'`));
      expect(files).toHaveLength(1);
    },
  );
});
