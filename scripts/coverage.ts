// `npm run coverage [-- PATH…]`: runs the tests (or those whose path matches) on a copy whose sources count, and tells
// what of `src/` never ran, neither in a test nor in a bundled action. What is killed outright counts nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
// An interrupt from the terminal ends the tests too; then there is still a copy to remove.
process.on('SIGINT', () => undefined);
try {
  const copy = makeCountingCopy(root, folder);
  const built = npm(copy, 'run', 'build');
  if (built !== '0') throw new Error(`The instrumented copy could not be built (${built}).`);
  const tested = runTests(copy, process.argv.slice(2));
  // Jest writes what it keeps at its end.
  if (!existsSync(path.join(copy.counters, 'coverage-final.json')))
    throw new Error(`The tests did not finish (${tested}), so there is no coverage to report.`);
  report(copy);
  process.exitCode = tested === '0' ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Leaves out the tests of the documentation, which read the sources as they are written; those in a Debian of their own,
 * from which the copy's link to the packages leads nowhere; and the case of a few MB of memory, into which a bundle that
 * counts does not fit.
 *
 * @returns how the tests ended.
 */
function runTests(copy: CountingCopy, words: readonly string[]): string {
  // Inside Jest a process's end is not seen: Jest itself keeps what its test files have counted, and instruments nothing.
  const keep = ['--coverage', '--coverageReporters=json', `--coverageDirectory=${copy.counters}`];
  const ignore = [
    ...['--coveragePathIgnorePatterns=/', '--testPathIgnorePatterns=/__tests__/docs/|/debian-root\\.test'],
    '--testNamePattern=^(?!.*runs out of memory)',
  ];
  return npm(copy, 'run', 'test:all', '--', ...words, ...keep, ...ignore);
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

/** @returns the exit code, or the signal that ended it. */
function npm({ root: cwd }: CountingCopy, ...args: string[]): string {
  const { status, signal } = spawnSync('npm', args, { cwd, stdio: 'inherit' });
  return String(status ?? signal);
}
