import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BedPool, bedPool } from './bed-pool.ts';
import { type FaultCase, PHASES } from './fault-case.ts';
import { FAULTS, type FaultGroup } from './registry.ts';
import { strike } from './strike.ts';

/**
 * Tests the cases of a group that `npm test` leaves out: a case keeps all five promises, or the test fails and lists the
 * broken ones.
 *
 * @param options.beds how many cases run in parallel, each on its own bed: more than one where they mostly wait.
 */
export function describeFaults(group: FaultGroup, { beds = 1 } = {}): void {
  describe(`${group} (thorough)`, () => {
    testOnBeds(
      beds,
      FAULTS[group].filter(({ everyday }) => everyday !== true),
    );
  });
}

/** Tests the everyday cases of every group. */
export function describeEverydayFaults({ beds }: { readonly beds: number }): void {
  const cases = Object.values(FAULTS).flat();
  testOnBeds(
    beds,
    cases.filter(({ everyday }) => everyday === true),
  );
}

function testOnBeds(beds: number, cases: readonly FaultCase[]): void {
  let pool: BedPool;
  beforeAll(async () => {
    pool = await bedPool(beds);
  });
  afterAll(() => pool.stop());
  const test = beds > 1 ? it.concurrent : it;

  for (const phase of PHASES) {
    for (const fault of cases.filter((each) => each.phase === phase)) {
      test(`${phase}: ${fault.fault} → ${fault.outcome}`, async () => {
        const { run, broken } = await pool.use((bed) => strike(bed, fault));
        if (!run && broken.length === 0) {
          process.stderr.write(`Not tested, because this user cannot cause it: ${fault.fault}\n`);
          return;
        }
        expect({ broken, log: broken.length === 0 ? '' : run?.log }).toEqual({ broken: [], log: '' });
      });
    }
  }
}
