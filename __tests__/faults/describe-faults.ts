import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FaultBed, startFaultBed } from './fault-bed.ts';
import { type FaultCase, PHASES } from './fault-case.ts';
import { strike } from './strike.ts';

/** Tests every case of a group on one bed: a case keeps all five promises, or fails with those that it broke. */
export function describeFaults(group: string, cases: readonly FaultCase[]): void {
  describe(group, () => {
    let bed: FaultBed;
    beforeAll(async () => {
      bed = await startFaultBed();
    });
    afterAll(() => bed.stop());

    for (const phase of PHASES) {
      for (const fault of cases.filter((each) => each.phase === phase)) {
        it(`${phase}: ${fault.fault} → ${fault.outcome}`, async () => {
          const { run, broken } = await strike(bed, fault);
          if (!run && broken.length === 0) {
            process.stderr.write(`Not tried, because this user cannot make it: ${fault.fault}\n`);
            return;
          }
          expect({ broken, log: broken.length === 0 ? '' : run?.log }).toEqual({ broken: [], log: '' });
        });
      }
    }
  });
}
