import { CancelledError } from '../errors.ts';
import { type JobKind, recordEnd, recordStart } from '../runner/job-state.ts';
import { requireCommandFile } from '../runner/command-files.ts';
import { type FailureContext, reportFailure } from '../runner/failure-report.ts';

/** How a job is run as the process. */
export interface Entry {
  /** How its failure is told; asked when it has happened. */
  readonly frame: () => FailureContext;
  /** The job for which the post step speaks if this process is killed; undefined: there is none. */
  readonly posted?: JobKind;
}

/** Runs a job of the main step: as {@link runProcess}, when the runner can be told what comes of it. */
export async function runJob(entry: Entry, job: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await runProcess(entry, async (signal) => {
    // First of all: a job that is not recorded as begun is to post one that did not live to say a word.
    await requireCommandFile('GITHUB_STATE', process.env);
    if (entry.posted) recordStart(entry.posted);
    await requireCommandFile('GITHUB_OUTPUT', process.env);
    await job(signal);
  });
}

/**
 * Runs a job as the process: the runner's signals abort it, and every error ends here, once.
 *
 * The runner cancels with SIGINT and, 7.5 seconds later, SIGTERM; the job has that long to end its children.
 */
export async function runProcess(
  { frame, posted }: Entry,
  job: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      controller.abort(new CancelledError(signal));
    });
  }
  let exitCode = 0;
  try {
    await job(controller.signal);
  } catch (error) {
    exitCode = 1;
    await reportFailure(error, frame());
  }
  if (posted) recordEnd();
  // An upload that was given up would keep the process alive; what was printed is written out first.
  process.stdout.write('', () => process.exit(exitCode));
}
