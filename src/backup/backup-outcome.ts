import { recordStored } from '../runner/job-state.ts';
import type { FailureContext } from '../runner/failure-report.ts';

/** The progress of a backup, for the report of its failure; it changes as the backup goes on. */
export interface BackupProgress {
  /** Where the backup is stored, complete and verified: `the artifact NAME`; undefined: nowhere yet. */
  location: string | undefined;
}

/** Notes that a backup is stored, here and for the post step: a later failure does not undo it. Undefined: nowhere any more. */
export function noteStored(progress: BackupProgress, as: string | undefined): void {
  progress.location = as;
  recordStored(as ?? '');
}

/** How the failure of a backup is reported. */
export function backupFailure({ location }: Readonly<BackupProgress>): FailureContext {
  if (location === undefined) return { heading: 'No backup was made', impact: 'No backup was published.' };
  return {
    heading: 'The backup is stored, but the step failed',
    impact: `The backup is still complete and verified: it is ${location}.`,
    impactIsNews: true,
  };
}
