import { backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';

/** What becomes of the connection to the server. */
export const networkCases: readonly FaultCase[] = [
  {
    fault: 'the connection is reset in the middle',
    phase: 'dump',
    outcome: 'red',
    says: /pg_dump failed: The server closed the connection/,
    async strike(bed) {
      await bed.proxy.set({ kind: 'reset', afterBytes: 5_000_000 });
      return backUp(bed, bed.large);
    },
  },
];
