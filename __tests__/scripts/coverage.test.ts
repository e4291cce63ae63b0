import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import coverage from 'istanbul-lib-coverage';
import { type CountingCopy, makeCountingCopy } from '../../scripts/counting/counting-copy.ts';
import { sumOfCounters } from '../../scripts/counting/counters.ts';
import { coverageTable, lcovTracefile, lineRanges } from '../../scripts/counting/report.ts';
import { nodeProgram } from '../support/node-program.ts';

const SIGN = `export function sign(n: number): string {
  if (n < 0) {
    return 'less';
  }
  return n > 0 ? 'more' : 'none';
}
`;

let folder: string;
let copy: CountingCopy;

/** Runs the copy in a process of its own. */
function run(...numbers: readonly string[]): void {
  execFileSync(nodeProgram(), ['main.ts', ...numbers], { cwd: copy.root, stdio: 'pipe' });
}

function counted(): coverage.FileCoverage[] {
  return sumOfCounters(copy.sources, copy.counters).map((source) => coverage.createFileCoverage(source));
}

describe('coverage', () => {
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'coverage-test-'));
    const repository = path.join(folder, 'original');
    const files = {
      'package.json': '{ "type": "module" }',
      'tsconfig.build.json': '{ "compilerOptions": { "noEmit": false, "outDir": "build" } }',
      'src/sign.ts': SIGN,
      'src/inputs/idle.ts': `export const idle = (): string => 'never';\n`,
      'dist/old.js': '',
      'main.ts': `import { sign } from './src/sign.ts'; for (const n of process.argv.slice(2)) sign(Number(n));`,
    };
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(repository, file)), { recursive: true });
      writeFileSync(path.join(repository, file), text);
    }
    mkdirSync(path.join(folder, 'copy'));
    copy = makeCountingCopy(repository, path.join(folder, 'copy'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('adds up what every process has run, and lists the lines that none has run', () => {
    run('1');
    run('2', '3', '-1');
    expect(coverageTable(counted()).replaceAll(/ +/g, ' ')).toBe(
      [
        ' lines branches functions',
        'src/ 100.0 % 75.0 % 100.0 %',
        ' sign.ts 100.0 % 75.0 % 100.0 % partly 5',
        'src/inputs/ 0.0 % – 0.0 %',
        ' idle.ts 0.0 % – 0.0 % never 1',
        'all 75.0 % 75.0 % 50.0 %',
      ].join('\n'),
    );
    expect(lcovTracefile(counted())).toContain('SF:src/sign.ts\nFN:1,sign\nFNDA:4,sign\n');
  });

  it('reports an unwritten else by the line of its branch', () => {
    run('-1');
    expect(coverageTable(counted())).toMatch(/sign\.ts .* never 5; partly 2$/m);
  });

  it('does not change the repository, and does not copy what is built', () => {
    run('0');
    expect(readdirSync(path.join(folder, 'original')).sort()).toEqual([
      'dist',
      'main.ts',
      'package.json',
      'src',
      'tsconfig.build.json',
    ]);
    expect(readdirSync(copy.root)).not.toContain('dist');
  });
});

it.each([
  [[], []],
  [[4], ['4']],
  [
    [1, 2, 3, 7, 9, 10],
    ['1-3', '7', '9-10'],
  ],
])('the line numbers %j are printed as %j', (lines, ranges) => {
  expect(lineRanges(lines)).toEqual(ranges);
});
