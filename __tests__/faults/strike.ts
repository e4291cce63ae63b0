import { messageOf } from '../../src/errors.ts';
import type { ActionRun } from '../support/runner.ts';
import type { FaultBed } from './fault-bed.ts';
import type { FaultCase } from './fault-case.ts';
import { brokenPromises } from './promises.ts';

/** The result of a fault. */
export interface Strike {
  /** Undefined: this user cannot cause the fault. */
  readonly run: ActionRun | undefined;
  /** A sentence for each; empty when all promises were kept. */
  readonly broken: readonly string[];
  readonly seconds: number;
}

/** Runs a backup with a fault, checks the run against the promises, and restores the bed. */
export async function strike(bed: FaultBed, fault: FaultCase): Promise<Strike> {
  const before = new Set(bed.artifacts.artifacts().map(({ id }) => id));
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  let run: ActionRun | undefined;
  try {
    run = await fault.strike(bed);
  } catch (error) {
    return { run, broken: [messageOf(error)], seconds: seconds() };
  } finally {
    bed.artifacts.faults = {};
    await bed.buckets.clear();
    await bed.proxy.set({ kind: 'clear' });
  }
  const took = run ? run.durationMs / 1000 : seconds();
  try {
    const broken = run ? await brokenPromises(bed, run, { ...fault, before }) : [];
    return { run, broken, seconds: took };
  } finally {
    await bed.buckets.empty();
  }
}
