import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { FileCoverageData } from 'istanbul-lib-coverage';
import { createInstrumenter } from 'istanbul-lib-instrument';

/** A copy of the repository whose sources count what runs. */
export interface CountingCopy {
  /** Where the tests of the copy are run. */
  readonly root: string;
  /** Where each process of the copy leaves its counters when it ends, one file each. */
  readonly counters: string;
  /** The counters of each source, all at nought. Paths are relative to the repository. */
  readonly sources: readonly FileCoverageData[];
}

/** What is not copied: the packages are linked to, the rest is made anew. */
const NOT_COPIED = ['.git', 'node_modules', 'build', 'coverage', 'demo-output', 'dist'];

/**
 * Copies the repository and puts a counter at each statement, function and branch of `src/`. Whatever then runs a
 * source counts, in whichever process: a test that imports it, a bundle built from it, a script of a test.
 *
 * @param folder empty. In the repository it must be in what is not copied; there the same users can enter it.
 */
export function makeCountingCopy(repository: string, folder: string): CountingCopy {
  const root = path.join(folder, 'repository');
  const counters = path.join(folder, 'counters');
  mkdirSync(counters);
  // Some tests run a source as another user, where that one may enter the repository; it leaves its counters too.
  chmodSync(folder, 0o755);
  chmodSync(counters, 0o1777);
  for (const name of readdirSync(repository).filter((each) => !NOT_COPIED.includes(each))) {
    cpSync(path.join(repository, name), path.join(root, name), { recursive: true });
  }
  symlinkSync(path.join(repository, 'node_modules'), path.join(root, 'node_modules'));
  letCompileUnchecked(path.join(root, 'tsconfig.build.json'));
  const sources = globSync('src/**/*.ts', { cwd: root })
    .sort()
    .map((file) => addCounters(root, file, counters));
  return { root, counters, sources };
}

function addCounters(root: string, file: string, counters: string): FileCoverageData {
  const instrumenter = createInstrumenter({
    esModules: true,
    parserPlugins: ['typescript'],
    coverageGlobalScope: 'globalThis',
    coverageGlobalScopeFunc: false,
  });
  const code = instrumenter.instrumentSync(readFileSync(path.join(root, file), 'utf8'), file);
  writeFileSync(path.join(root, file), `${code}\n${keepAtExit(counters)}\n`);
  return instrumenter.lastFileCoverage();
}

/**
 * The first source that a process loads sees to it that the counters are kept. Only those: where they are is known.
 * Nothing of this may disturb the process, which may have no rights or no room to write.
 */
function keepAtExit(folder: string): string {
  return `globalThis.__countersKept__ ??= process.on('exit', () => {
  const counters = Object.values(globalThis.__coverage__).map(({ path, s, f, b }) => ({ path, s, f, b }));
  try {
    process.getBuiltinModule('node:fs').writeFileSync(
      ${JSON.stringify(folder)} + '/' + crypto.randomUUID() + '.json', JSON.stringify(counters));
  } catch {}
});`;
}

/** The counters have no types. */
function letCompileUnchecked(file: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace('"noEmit": false,', '"noEmit": false,\n    "noCheck": true,');
  if (after === before) throw new Error(`${file} has no "noEmit": false to put "noCheck" beside.`);
  writeFileSync(file, after);
}
