// Fails when version, changelog, badges and what the Marketplace shows do not agree: `npm run check:release`.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { markdownFiles } from './docs/markdown-files.ts';
import { metadataFaults } from './release-metadata.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const manifest: unknown = JSON.parse(read('package.json'));
const actions = globSync('{.,restore,prune,check}/action.yml', { cwd: root }).map(
  (file): [string, unknown] => [file.split(path.sep).join('/'), parse(read(file))],
);
const faults = metadataFaults({
  manifest,
  changelog: read('CHANGELOG.md'),
  actions: Object.fromEntries(actions),
  documents: Object.fromEntries(markdownFiles().map(({ path: file, text }) => [file, text])),
  workflows: globSync('*.yml', { cwd: path.join(root, '.github/workflows') }),
});
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log('Version, changelog, badges and the metadata of the actions agree.');
