import { recordStored } from '../runner/job-state.ts';
import type { FailureContext } from '../runner/failure-report.ts';

/** How far a backup has come, for the words about its failure; it changes as the backup goes on. */
export interface BackupProgress {
  /** Where the backup is stored, complete and proven: `the artifact NAME`; undefined: nowhere yet. */
  location: string | undefined;
}

/** Notes that a backup is stored, here and for the post step: a failure from now on does not undo it. */
export function noteStored(progress: BackupProgress, as: string): void {
  progress.location = as;
  recordStored(as);
}

/** How the failure of a backup is told. */
export function backupFailure({ location }: Readonly<BackupProgress>): FailureContext {
  if (location === undefined) return { heading: 'No backup was made', impact: 'Nothing was published.' };
  return {
    heading: 'The backup was made, but its step failed',
    impact: `The backup is complete and proven all the same: it is ${location}.`,
    impactIsNews: true,
  };
}
