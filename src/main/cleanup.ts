import { backupFailure } from '../backup/backup-outcome.ts';
import { UserError } from '../errors.ts';
import { type UnfinishedJob, unfinishedJob } from '../runner/job-state.ts';
import { requireCommandFile } from '../runner/command-files.ts';
import { log } from '../runner/log.ts';
import { reportFailure } from '../runner/failure-report.ts';
import { removeUnfinishedFiles } from '../storage/folder/pending-file.ts';
import { removeUnfinishedObjects } from '../storage/s3/unfinished-object.ts';
import { deleteUnverified } from '../storage/artifact/delete-own-artifact.ts';
import { removeRecordedWorkFolder } from '../runner/work-folder.ts';

const USUAL_CAUSES = 'Usually the runner ran out of memory, or the job was cancelled or timed out.';

/**
 * The post step: if the main step was killed, reports that, and removes what the main step recorded and could not remove:
 * the work folder, unfinished files in folders and buckets, and an artifact that was not verified.
 *
 * @param temp returns the runner's folder for temporary files; called when there is something to remove.
 * @throws UserError when something cannot be removed.
 */
export async function cleanup(temp: () => string): Promise<void> {
  const unfinished = unfinishedJob();
  if (unfinished === 'no trace') await reportNoTrace();
  else if (unfinished) await reportUnfinished(unfinished);
  try {
    await removeRecordedWorkFolder(temp);
  } finally {
    await removeUnfinishedFiles();
    await removeUnfinishedObjects(process.env);
    await deleteUnverified(process.env);
  }
}

/** The process was killed while it was loaded; or it could not record anything, which it has reported itself. */
async function reportNoTrace(): Promise<void> {
  try {
    await requireCommandFile('GITHUB_STATE', process.env);
  } catch {
    return;
  }
  await reportFailure(
    new UserError(
      'killed',
      'The job was killed before it started: nothing was done.',
      `${USUAL_CAUSES} Run it again, on a larger runner if necessary.`,
    ),
    { heading: 'The job did not start', impact: 'Nothing was done.' },
  );
}

/** A killed process cannot report its own end. */
async function reportUnfinished({ job, location, scratchDatabase }: UnfinishedJob): Promise<void> {
  if (scratchDatabase !== undefined) {
    log.warning(
      `The scratch database of the test restore may still exist on its server: ${scratchDatabase}. ` +
        `Drop it once nobody uses it: DROP DATABASE IF EXISTS "${scratchDatabase}";`,
    );
  }
  if (job === 'restore') {
    await reportFailure(
      new UserError(
        'killed',
        'The restore was killed before it could report a result: the state of the target database is unknown.',
        `${USUAL_CAUSES} Check the target before anyone uses it, and run the restore again, on a larger runner if necessary.`,
      ),
      { heading: 'The restore failed', impact: 'The state of the target database is unknown.' },
    );
    return;
  }
  if (location !== undefined) {
    log.warning(
      `The job was killed after its backup had been stored: ${location} is complete and verified. ` +
        'The outputs and the summary may be missing.',
    );
    return;
  }
  await reportFailure(
    new UserError(
      'killed',
      'No backup was made: the job was killed before it could report a result.',
      `${USUAL_CAUSES} Run it again, on a larger runner if necessary.`,
    ),
    backupFailure({ location }),
  );
}
