import { noteState, saveState, savedState } from './command-files.ts';

/** A job that has a post step. */
export type JobKind = 'backup' | 'restore';

/** A job whose process ended without a report. */
export interface UnfinishedJob {
  readonly job: JobKind;
  /** Where its backup was stored by then, complete and verified: `the artifact NAME`; undefined: nowhere. */
  readonly location: string | undefined;
  /** The database of its test restore, which may exist; undefined: none. */
  readonly scratchDatabase: string | undefined;
}

const JOB = 'job';
const LOCATION = 'location';
const SCRATCH_DATABASE = 'scratch-database';
const ENDED = 'ended';

/**
 * Records for the post step that a job has started.
 *
 * @throws UserError when that cannot be recorded, because the post step could not clean up then.
 */
export function recordStart(job: JobKind): void {
  saveState(JOB, job);
}

/** Records that the backup is stored, even if the job fails later. */
export function recordStored(as: string): void {
  noteState(LOCATION, as);
}

/** Records the database that a test restore is about to create, and that it was dropped again (undefined). */
export function recordScratchDatabase(name: string | undefined): void {
  noteState(SCRATCH_DATABASE, name ?? '');
}

/** Records that the job has ended by itself, with a report. */
export function recordEnd(): void {
  noteState(ENDED, 'true');
}

/** The job of a killed main step: undefined when it ended by itself; `no trace` when it recorded nothing at all. */
export function unfinishedJob(): UnfinishedJob | 'no trace' | undefined {
  if (savedState(ENDED) !== undefined) return undefined;
  const job = savedState(JOB);
  if (job !== 'backup' && job !== 'restore') return 'no trace';
  return { job, location: savedState(LOCATION), scratchDatabase: savedState(SCRATCH_DATABASE) };
}
