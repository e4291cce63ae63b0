import type { ActionRun } from '../support/runner.ts';
import type { FaultBed } from './fault-bed.ts';

/** What a backup is doing when a fault strikes, in the order of the job. */
export const PHASES = [
  'start',
  'client tools',
  'preflight',
  'dump',
  'read-back',
  'previous backups',
  'test restore',
  'encryption',
  'upload',
  'report',
] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How a backup has to end. `failed`: the step fails with one error. `survived`: the backup is correct nevertheless.
 * `killed`: the process is gone and cannot report anything, so the post step reports it, once, and cleans up.
 */
export type Outcome = 'failed' | 'survived' | 'killed';

/** One fault, in one phase of a backup. */
export interface FaultCase {
  /** What goes wrong, as in a row of the matrix: `the server resets the connection`. */
  readonly fault: string;
  readonly phase: Phase;
  readonly outcome: Outcome;
  /** What the one annotation (cause and hint) must match or, if the backup survives, what the log must match. */
  readonly says: RegExp;
  /** Where a complete and verified backup was published before the fault struck: it exists although the step fails. */
  readonly published?: 'an artifact' | 'a folder';
  /** The only store of the backup; the artifacts of the run when absent. */
  readonly store?: 'a bucket';
  /** Whether `npm test` tries it; each group has one at least. The others are tried by `npm run test:rest`. */
  readonly everyday?: true;
  /** Runs a backup with the fault, and removes the fault. Undefined where this user cannot cause it (not root). */
  readonly strike: (bed: FaultBed) => Promise<ActionRun | undefined>;
}
