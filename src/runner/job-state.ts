import { noteState, saveState, savedState } from './command-files.ts';

/** A job that has a post step. */
export type PostedJob = 'backup' | 'restore';

/** A job whose process ended before it could say how. */
export interface UnfinishedJob {
  readonly job: PostedJob;
  /** Where its backup was stored by then, complete and proven: `the artifact NAME`; undefined: nowhere. */
  readonly storedAs: string | undefined;
  /** The database that its rehearsal had made on another server and not dropped yet; undefined: none. */
  readonly scratchDatabase: string | undefined;
}

const JOB = 'job';
const STORED_AS = 'stored-as';
const SCRATCH_DATABASE = 'scratch-database';
const ENDED = 'ended';

/**
 * Notes for the post step that a job has begun.
 *
 * @throws UserError when that cannot be noted: the post step could not clean up either.
 */
export function recordStart(job: PostedJob): void {
  saveState(JOB, job);
}

/** Notes that the backup is stored, whatever becomes of the job now. */
export function recordStored(as: string): void {
  noteState(STORED_AS, as);
}

/** Notes the database that a rehearsal has made, and that it is dropped again (undefined). */
export function recordScratchDatabase(name: string | undefined): void {
  noteState(SCRATCH_DATABASE, name ?? '');
}

/** Notes that the job has ended by itself, and told everything. */
export function recordEnd(): void {
  noteState(ENDED, 'true');
}

/** What the main step left: nothing when it ended by itself; `no trace` when its record cannot have been begun. */
export function unfinishedJob(): UnfinishedJob | 'no trace' | undefined {
  if (savedState(ENDED) !== undefined) return undefined;
  const job = savedState(JOB);
  if (job !== 'backup' && job !== 'restore') return 'no trace';
  return { job, storedAs: savedState(STORED_AS), scratchDatabase: savedState(SCRATCH_DATABASE) };
}
