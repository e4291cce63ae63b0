import { CancelledError } from '../errors.ts';
import { type FailureFrame, reportFailure } from '../report/failure.ts';

/**
 * Runs a job as the process: the runner's signals abort it, and every error ends here, once.
 *
 * The runner cancels with SIGINT and, 7.5 seconds later, SIGTERM; the job has that long to end its children.
 */
export async function runJob(
  frame: FailureFrame,
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
    await reportFailure(error, frame);
  }
  // An upload that was given up would keep the process alive; what was printed is written out first.
  process.stdout.write('', () => process.exit(exitCode));
}
