import { noteState, saveState, savedState } from './command-files.ts';

/** A job that has a post step. */
export type JobKind = 'backup' | 'restore';

/** A job whose process ended without a report. */
export interface UnfinishedJob {
  readonly job: JobKind;
  /** Where its backup was stored by then, complete and verified: `the artifact NAME`; undefined: nowhere. */
  readonly location: string | undefined;
  /** The database that its test restore had created on another server and not dropped yet; undefined: none. */
  readonly scratchDatabase: string | undefined;
}

const JOB = 'job';
const STORED_AS = 'stored-as';
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
  noteState(STORED_AS, as);
}

/** Records the scratch database of a test restore, and that it was dropped again (undefined). */
export function recordScratchDatabase(name: string | undefined): void {
  noteState(SCRATCH_DATABASE, name ?? '');
}

/** Records that the job has ended by itself, with a report. */
export function recordEnd(): void {
  noteState(ENDED, 'true');
}

/** What the main step left: nothing when it ended by itself; `no trace` when its record cannot have been begun. */
export function unfinishedJob(): UnfinishedJob | 'no trace' | undefined {
  if (savedState(ENDED) !== undefined) return undefined;
  const job = savedState(JOB);
  if (job !== 'backup' && job !== 'restore') return 'no trace';
  return { job, location: savedState(STORED_AS), scratchDatabase: savedState(SCRATCH_DATABASE) };
}
