// `npm run coverage [-- PATH…]`: runs the tests (or those whose path matches) on a copy whose sources count, and tells
// what of `src/` never ran, neither in a test nor in a bundled action. What is killed outright counts nothing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import coverage from 'istanbul-lib-coverage';
import { type CountingCopy, makeCountingCopy } from './counting/counting-copy.ts';
import { sumOfCounters } from './counting/counters.ts';
import { coverageTable, lcovTracefile } from './counting/report.ts';

const root = path.resolve(import.meta.dirname, '..');
const output = path.join(root, 'coverage');
rmSync(output, { recursive: true, force: true });
mkdirSync(output);
const folder = mkdtempSync(path.join(output, 'run-'));
// An interrupt from the terminal reaches the tests too: when they have ended, what they counted is told.
process.on('SIGINT', () => undefined);
try {
  const copy = makeCountingCopy(root, folder);
  if (npm(copy, 'run', 'build') !== 0) throw new Error('The copy that counts could not be built.');
  process.exitCode = runTests(copy, process.argv.slice(2));
  report(copy);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns the exit code of the tests. Those of the documentation read the sources as they are written. */
function runTests(copy: CountingCopy, words: readonly string[]): number {
  // Inside Jest a process's end is not seen: Jest itself keeps what its test files have counted, and instruments nothing.
  const keep = ['--coverage', '--coverageReporters=json', `--coverageDirectory=${copy.counters}`];
  const ignore = ['--coveragePathIgnorePatterns=/', '--testPathIgnorePatterns=/__tests__/docs/'];
  return npm(copy, 'test', '--', ...words, ...keep, ...ignore);
}

function report({ sources, counters }: CountingCopy): void {
  const map = coverage.createCoverageMap();
  for (const source of sumOfCounters(sources, counters)) map.addFileCoverage(source);
  const files = map.files().map((file) => map.fileCoverageFor(file));
  writeFileSync(path.join(output, 'coverage-final.json'), JSON.stringify(map));
  writeFileSync(path.join(output, 'lcov.info'), lcovTracefile(files));
  const table = coverageTable(files);
  writeFileSync(path.join(output, 'coverage.txt'), `${table}\n`);
  console.log(`\n${table}\n\nAlso in coverage/: coverage.txt, lcov.info, coverage-final.json.`);
}

function npm({ root: cwd }: CountingCopy, ...args: string[]): number {
  return spawnSync('npm', args, { cwd, stdio: 'inherit' }).status ?? 1;
}
