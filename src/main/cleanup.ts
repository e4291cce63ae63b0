import { backupFailure } from '../backup/backup-outcome.ts';
import { UserError } from '../errors.ts';
import { type UnfinishedJob, unfinishedJob } from '../runner/job-state.ts';
import { requireCommandFile } from '../runner/command-files.ts';
import { log } from '../runner/log.ts';
import { reportFailure } from '../runner/failure-report.ts';
import { discardStaged } from '../storage/folder/local-copy.ts';
import { deleteUnverified } from '../storage/artifact/delete-own-artifact.ts';
import { removeRecordedWorkFolder } from '../runner/work-folder.ts';

const USUAL_CAUSES =
  'Usually the runner ran out of memory, or the job was cancelled or reached its time limit';

/**
 * The post step: says what the main step could not say, and removes what it recorded and could not remove itself,
 * because it was killed; also the copy for `path` that was not in its place yet, and an artifact that was not read back.
 *
 * @param temp tells the runner's folder for temporary files; asked when there is something to remove.
 * @throws UserError when something cannot be removed.
 */
export async function cleanup(temp: () => string): Promise<void> {
  const unfinished = unfinishedJob();
  if (unfinished === 'no trace') await tellOfNoTrace();
  else if (unfinished) await tellOf(unfinished);
  try {
    await removeRecordedWorkFolder(temp);
  } finally {
    await discardStaged();
    await deleteUnverified(process.env);
  }
}

/** A process that was killed while it was loaded; or one that could not record anything, which it has told itself. */
async function tellOfNoTrace(): Promise<void> {
  try {
    await requireCommandFile('GITHUB_STATE', process.env);
  } catch {
    return;
  }
  await reportFailure(
    new UserError(
      'ended-from-outside',
      'Nothing was done: the job was ended from outside before it could begin.',
      `${USUAL_CAUSES}: run it again, on a larger runner if need be.`,
    ),
    { heading: 'The job did not begin', impact: 'Nothing was done.' },
  );
}

/** A killed process cannot say why it is gone: nobody else would. */
async function tellOf({ job, location, scratchDatabase }: UnfinishedJob): Promise<void> {
  if (scratchDatabase !== undefined) {
    log.warning(
      `The test restore had created the database ${scratchDatabase} on its server, which may still exist. ` +
        `Drop it: DROP DATABASE IF EXISTS "${scratchDatabase}" WITH (FORCE);`,
    );
  }
  if (job === 'restore') {
    await reportFailure(
      new UserError(
        'ended-from-outside',
        'The restore was ended from outside before it could say why: what the target contains is unknown.',
        `${USUAL_CAUSES}: look at the target before anybody uses it, and run the restore again, on a larger runner if need be.`,
      ),
      { heading: 'The restore failed', impact: 'What the target contains is unknown.' },
    );
    return;
  }
  if (location !== undefined) {
    log.warning(
      `The job was ended from outside when its backup was stored already: ${location} is complete and verified. ` +
        'The outputs and the summary may be missing.',
    );
    return;
  }
  await reportFailure(
    new UserError(
      'ended-from-outside',
      'No backup was made: the job was ended from outside before it could say why.',
      `${USUAL_CAUSES}: run it again, on a larger runner if need be.`,
    ),
    backupFailure({ location }),
  );
}
