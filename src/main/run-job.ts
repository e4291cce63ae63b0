import { CancelledError } from '../errors.ts';
import { type JobKind, recordEnd, recordStart } from '../runner/job-state.ts';
import { requireCommandFile } from '../runner/command-files.ts';
import { type FailureContext, reportFailure } from '../runner/failure-report.ts';

/** How a job is run as a process. */
export interface Entry {
  /** How its failure is reported; called after the failure. */
  readonly failure: () => FailureContext;
  /** The job that the post step reports if this process is killed; undefined without a post step. */
  readonly posted?: JobKind;
}

/** Runs a job of the main step: as {@link runProcess}, if the runner can be told the result. */
export async function runJob(entry: Entry, job: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await runProcess(entry, async (signal) => {
    // First of all: for the post step, a job without a recorded start was killed before it could report anything.
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
  { failure, posted }: Entry,
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
    await reportFailure(error, failure());
  }
  if (posted) recordEnd();
  // An abandoned upload would keep the process alive. The output is flushed first.
  process.stdout.write('', () => process.exit(exitCode));
}
