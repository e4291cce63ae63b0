// `npm run faults [-- TEXT]`: runs every fault (or those whose group, phase or name contains TEXT), one after the other on
// real parts, and prints the matrix of their results. `-- --write` also writes it to docs/faults.md.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startFaultBed } from '../__tests__/faults/fault-bed.ts';
import type { FaultCase } from '../__tests__/faults/fault-case.ts';
import { FAULTS } from '../__tests__/faults/registry.ts';
import { type Strike, strike } from '../__tests__/faults/strike.ts';
import { withFaultSummary } from './docs/fault-summary.ts';

const DOCUMENT = path.resolve(import.meta.dirname, '../docs/faults.md');
const MATRIX = /(<!-- matrix -->\n)[\s\S]*(<!-- \/matrix -->)/;

interface Row {
  readonly fault: FaultCase;
  readonly strike: Strike;
}

const OUTCOMES = {
  failed: '🔴 fails with one clear error',
  survived: '🟢 correct backup',
  killed: '⚫ killed; the post step reports it',
};

const words = process.argv.slice(2).filter((word) => word !== '--write');
const write = process.argv.includes('--write');
process.exitCode = await printMatrix();

/** @returns the exit code: 1 when a promise was broken. */
async function printMatrix(): Promise<number> {
  const bed = await startFaultBed();
  const sections: [string, Row[]][] = [];
  try {
    for (const [group, cases] of Object.entries(FAULTS)) {
      const rows: Row[] = [];
      sections.push([group, rows]);
      for (const fault of cases.filter((each) => isWanted(group, each))) {
        const row = { fault, strike: await strike(bed, fault) };
        rows.push(row);
        print(row);
      }
    }
  } finally {
    await bed.stop();
  }
  const rows = sections.flatMap(([, each]) => each);
  const broken = rows.filter(({ strike: { broken: promises } }) => promises.length > 0);
  console.log(`\n${rows.length} faults, ${broken.length} broke a promise.`);
  if (write) await document(sections);
  return broken.length > 0 ? 1 : 0;
}

function isWanted(group: string, { fault, phase }: FaultCase): boolean {
  const text = `${group} ${phase} ${fault}`.toLowerCase();
  return words.every((word) => text.includes(word.toLowerCase()));
}

function print({ fault: { phase, fault, outcome }, strike: { broken, seconds, run } }: Row): void {
  const verdict = run === undefined ? 'not possible here' : broken.length > 0 ? 'BROKEN' : outcome;
  console.log(`${phase.padEnd(16)} ${fault.padEnd(80)} ${verdict.padEnd(14)} ${seconds.toFixed(1)} s`);
  for (const sentence of broken) console.log(`    ${sentence}`);
}

/** Writes the tables of the documentation; the figures are the seconds of one run. */
async function document(sections: readonly (readonly [string, readonly Row[]])[]): Promise<void> {
  const tables = sections.map(([group, rows]) =>
    [
      `### ${group}`,
      '',
      '| Fault | Phase | Outcome | Seconds |',
      '|---|---|---|---:|',
      ...rows.map(
        ({ fault: { fault, phase, outcome }, strike: { seconds } }) =>
          `| ${fault} | ${phase} | ${OUTCOMES[outcome]} | ${seconds.toFixed(1)} |`,
      ),
      '',
    ].join('\n'),
  );
  const text = await readFile(DOCUMENT, 'utf8');
  await writeFile(DOCUMENT, withFaultSummary(text.replace(MATRIX, `$1\n${tables.join('\n')}\n$2`)));
}
