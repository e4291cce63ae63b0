// Writes the tables of inputs and outputs into the Markdown files, from the four action.yml files: `npm run docs`.
// With --check it writes nothing, and fails when one is out of date: `npm run check:docs`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readActionFile } from './action-file.ts';
import { markdownFiles } from './markdown-files.ts';
import { withTables } from './tables.ts';

const root = path.resolve(import.meta.dirname, '../..');
const stale = markdownFiles()
  .map(({ path: file, text }) => ({ file, text, fresh: withTables(text, readActionFile) }))
  .filter(({ text, fresh }) => text !== fresh);
if (!process.argv.includes('--check')) {
  for (const { file, fresh } of stale) writeFileSync(path.join(root, file), fresh);
  console.log(stale.length === 0 ? 'All tables are up to date.' : `Written: ${names()}.`);
} else if (stale.length > 0) {
  console.error(
    `Tables of inputs and outputs are out of date: ${names()}. Run "npm run docs" and commit the result.`,
  );
  process.exitCode = 1;
} else {
  console.log('All tables of inputs and outputs match the action.yml files.');
}

function names(): string {
  return stale.map(({ file }) => file).join(', ');
}
