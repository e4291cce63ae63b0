// Compiles the sources and bundles one file per entry: `node scripts/build.ts [FOLDER]`, `dist` unless told otherwise.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { minifySync } from '@swc/core';
import { bundledFolders, licencesText, licensedPackage } from './bundled-licences.ts';

const root = path.resolve(import.meta.dirname, '..');
const output = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
const ENTRY_PREFIX = 'main-';
const bin = (tool: string): string => path.join(root, 'node_modules', tool);

rmSync(path.join(root, 'build'), { recursive: true, force: true });
// tsc compiles and ncc only bundles: ncc's own loader would check types a second time.
node(bin('typescript/bin/tsc'), '--project', 'tsconfig.build.json');
rmSync(output, { recursive: true, force: true });
for (const entry of bundledEntries()) {
  const stats = path.join(root, 'build', `${entry}.stats.json`);
  node(
    bin('@vercel/ncc/dist/ncc/cli.js'),
    ...['build', `build/main/${ENTRY_PREFIX}${entry}.js`, '--out', path.join(output, entry)],
    ...['--minify', '--stats-out', stats, '--quiet'],
  );
  const folders = bundledFolders(JSON.parse(readFileSync(stats, 'utf8')));
  writeFileSync(path.join(output, entry, 'licenses.txt'), licencesText(folders.map(licensedPackage)));
}
// ncc minifies the entry and leaves the chunks of dynamic imports as they are.
for (const chunk of globSync('*/*.index.js', { cwd: output }).map((file) => path.join(output, file))) {
  writeFileSync(
    chunk,
    minifySync(readFileSync(chunk, 'utf8'), { module: true, compress: true, mangle: true }).code,
  );
}
rmSync(path.join(root, 'build'), { recursive: true, force: true });

/** The entries: `src/main/main-backup.ts` becomes `dist/backup/index.js`. */
function bundledEntries(): string[] {
  return readdirSync(path.join(root, 'src', 'main'))
    .map((file) => path.basename(file, '.ts'))
    .filter((name) => name.startsWith(ENTRY_PREFIX))
    .map((name) => name.slice(ENTRY_PREFIX.length));
}

function node(...args: string[]): void {
  execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}
