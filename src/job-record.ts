import * as core from '@actions/core';
import { messageOf } from './errors.ts';
import { saveState } from './log/command-files.ts';
import { log } from './log/log.ts';

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
  unlessItFails(STORED_AS, as);
}

/** Notes the database that a rehearsal has made, and that it is dropped again (undefined). */
export function recordScratchDatabase(name: string | undefined): void {
  unlessItFails(SCRATCH_DATABASE, name ?? '');
}

/** Notes that the job has ended by itself, and told everything. */
export function recordEnd(): void {
  unlessItFails(ENDED, 'true');
}

/** What the main step left; undefined when it ended by itself, or never began. */
export function unfinishedJob(): UnfinishedJob | undefined {
  const job = core.getState(JOB);
  if ((job !== 'backup' && job !== 'restore') || core.getState(ENDED) !== '') return undefined;
  const text = (name: string): string | undefined => core.getState(name) || undefined;
  return { job, storedAs: text(STORED_AS), scratchDatabase: text(SCRATCH_DATABASE) };
}

/** What is done is not undone because it could not be noted. */
function unlessItFails(name: string, value: string): void {
  try {
    saveState(name, value);
  } catch (error) {
    log.debug(messageOf(error));
  }
}
