// Writes the tables of inputs and outputs into the Markdown files, from the four action.yml files, and the summary of the matrix
// of faults; and the name of the repository's owner everywhere, from package.json: `npm run docs`. With --check it writes nothing, and fails when one is out of date, or the README is not as it should
// be: `npm run check:docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readActionFile } from './action-file.ts';
import { withFaultSummary } from './fault-summary.ts';
import { markdownFiles } from './markdown-files.ts';
import { repositoryOf, withOwner } from './owner.ts';
import { readmeFaults } from './readme-rules.ts';
import { withTables } from './tables.ts';

const root = path.resolve(import.meta.dirname, '../..');
const repository = repositoryOf(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));
const files = markdownFiles();
const links = '.github/ISSUE_TEMPLATE/config.yml';
const stale = [...files, { path: links, text: readFileSync(path.join(root, links), 'utf8') }]
  .map(({ path: file, text }) => ({
    file,
    text,
    fresh: withOwner(withFaultSummary(withTables(text, readActionFile)), repository),
  }))
  .filter(({ text, fresh }) => text !== fresh);
const faults = files
  .filter(({ path: file }) => file === 'README.md')
  .flatMap(({ text }) => readmeFaults(text, readActionFile('backup')));
if (!process.argv.includes('--check')) {
  for (const { file, fresh } of stale) writeFileSync(path.join(root, file), fresh);
  console.log(stale.length === 0 ? 'All tables are up to date.' : `Written: ${names()}.`);
} else if (stale.length > 0) {
  faults.push(
    `Generated tables, or the name of the owner, are out of date: ${names()}. Run "npm run docs" and commit the result.`,
  );
} else if (faults.length === 0) {
  console.log('All tables match their sources, and the README is short and names every input and output.');
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

function names(): string {
  return stale.map(({ file }) => file).join(', ');
}
