import { existsSync } from 'node:fs';
import { until } from '../../support/failure-bench.ts';
import type { FaultCase } from '../fault-case.ts';
import { PARALLEL, WORKER_AT_WORK, withTools } from '../parallel-dump.ts';
import { type Moment, signalsAt } from './signals.ts';

const MOMENTS: readonly Moment[] = [
  {
    phase: 'dump',
    when: 'while the workers wait for the server',
    async hold({ large, proxy }, end) {
      await proxy.set({ kind: 'silence', ...WORKER_AT_WORK });
      const struck = proxy.struck();
      return end({ subject: large, options: { inputs: PARALLEL }, reached: () => struck });
    },
  },
  {
    phase: 'dump',
    when: 'while the files of the workers are stitched',
    // What pg_restore does not take, waits.
    hold: (bed, end) =>
      withTools(
        bed,
        (temp) => ({ pg_restore: `head -c 5 > /dev/null; : > '${temp}-begun'; exec sleep 1000` }),
        (options) =>
          end({
            subject: bed.large,
            options: { ...options, inputs: PARALLEL },
            reached: () => until('stitching', () => Promise.resolve(isThere(options.temp) || undefined)),
          }),
      ),
  },
  {
    phase: 'upload',
    when: 'while the artifact of a parallel dump is finalized',
    hold(bed, end) {
      bed.artifacts.faults = { finalizeArtifact: { answer: 'hang' } };
      const struck = bed.artifacts.struck();
      return end({ subject: bed.large, options: { inputs: PARALLEL }, reached: () => struck });
    },
  },
];

function isThere(temp = ''): boolean {
  return existsSync(`${temp}-begun`);
}

/** Parallel dumps that are killed or cancelled: while they are made, stitched and committed. */
export const parallelSignals: readonly FaultCase[] = MOMENTS.flatMap(signalsAt);
