// Fails when a text contains a phrase to avoid, and says what to write instead: `npm run check:words`.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { markdownFiles } from './docs/markdown-files.ts';
import { wordFaults } from './words/wording.ts';

const root = path.resolve(import.meta.dirname, '..');
/** Besides the Markdown files. */
const CHECKED = [
  '{.,restore,prune,check}/action.yml',
  '.github/**/*.yml',
  'package.json',
  'src/**/*.ts',
  '__tests__/**/*.ts',
  'scripts/**/*.ts',
];
/** They list the phrases. */
const LISTS = ['scripts/words/wording.ts', '__tests__/scripts/words.test.ts'];

const texts = [
  ...markdownFiles(),
  ...globSync(CHECKED, { cwd: root, exclude: LISTS }).map((file) => ({
    path: file,
    text: readFileSync(path.join(root, file), 'utf8'),
  })),
];
const faults = texts.flatMap(({ path: file, text }) =>
  wordFaults(text).map(({ line, found, instead }) => `${file}:${line}: "${found}": ${instead}`),
);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`No phrase to avoid in ${texts.length} files.`);
