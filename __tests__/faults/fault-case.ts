import type { ActionRun } from '../support/runner.ts';
import type { FaultBed } from './fault-bed.ts';

/** What a backup is doing when a fault strikes, in the order of the job. */
export const PHASES = [
  'start',
  'client tools',
  'preflight',
  'dump',
  'read-back',
  'series',
  'rehearsal',
  'encryption',
  'upload',
  'report',
] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How a backup has to end. `red`: it says why, once. `green`: it survives, and the backup is correct. `killed`: its
 * process is gone without a word, so post says why, once, and cleans up.
 */
export type Outcome = 'red' | 'green' | 'killed';

/** One fault, in one phase of a backup. */
export interface FaultCase {
  /** What goes wrong, as a row of the matrix: `the server resets the connection`. */
  readonly fault: string;
  readonly phase: Phase;
  readonly outcome: Outcome;
  /** What the one annotation has to say, cause and hint; of a fault that is survived, what the log has to say. */
  readonly says: RegExp;
  /** Whether the fault strikes after the artifact was published, complete and proven: it is there although the step is red. */
  readonly published?: boolean;
  /** Whether `npm test` tries it; each group has one at least. The others are tried by `npm run test:rest`. */
  readonly everyday?: true;
  /** Runs a backup with the fault, and takes the fault back. Undefined where this user cannot make it (not root). */
  readonly strike: (bed: FaultBed) => Promise<ActionRun | undefined>;
}
