import { fastClock } from '../support/fast-clock.ts';
import type { FaultPlan } from '../support/artifact-service-faults.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { type FaultBed, type Subject, backUp } from './fault-bed.ts';
import type { FaultCase } from './fault-case.ts';

/** The log line of a backup that survived: the stored copy was read back. */
export const STORED = /Read back from the artifact service: size and SHA-256 match the verified file/;

let runs = 100;

/** A backup in a separate run while parts of the artifact service fail; time limits are short. */
export function backUpDespite(
  bed: FaultBed,
  faults: FaultPlan,
  { subject = bed.shop, ...options }: RunActionOptions & { readonly subject?: Subject } = {},
): Promise<ActionRun> {
  bed.artifacts.faults = faults;
  runs += 1;
  return backUp(bed, subject, { runId: runs, env: fastClock(), ...options });
}

/** A fault of the service while a backup is uploaded. */
export type Trouble = Pick<FaultCase, 'fault' | 'outcome' | 'says' | 'everyday'> & {
  readonly faults: FaultPlan;
};

/** @param options.subject what is backed up; the shop when absent. */
export function duringUpload(
  { faults, ...rest }: Trouble,
  options: (bed: FaultBed) => Parameters<typeof backUpDespite>[2] = () => ({}),
): FaultCase {
  return { ...rest, phase: 'upload', strike: (bed) => backUpDespite(bed, faults, options(bed)) };
}
