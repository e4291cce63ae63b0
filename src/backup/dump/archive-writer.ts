import type { FanOut } from '../../process/fan-out.ts';
import type { RunOptions } from '../../process/run.ts';
import { log } from '../../runner/log.ts';
import { type TableSizes, dumpProgress } from '../../archive/copy-progress.ts';

/** How `pg_dump` writes the archive, and how that gets to the target. */
export interface ArchiveWriter {
  /** Tell `pg_dump` what it writes, and where. */
  readonly args: readonly string[];
  /** Begins anew, before each run of `pg_dump`. */
  readonly begin: () => Promise<WriterRun>;
  /**
   * After a run that succeeded: gives the target what it has not got yet, and does not end it.
   *
   * @returns undefined after one stream.
   */
  readonly deliver: (signal: AbortSignal) => Promise<ParallelOutcome | undefined>;
}

/** What is told about a dump with several connections. */
export interface ParallelOutcome {
  readonly jobs: number;
  /** How much of the runner's disk it took. */
  readonly diskBytes: number;
}

/** What follows one run of `pg_dump`, until it is disposed of. */
export interface WriterRun extends AsyncDisposable {
  readonly run: Pick<RunOptions, 'stdout' | 'onSpawn'> & Required<Pick<RunOptions, 'onStderrLine'>>;
  /** A line for the log; undefined where there is nothing new. */
  readonly describe: (elapsedMs: number) => string | undefined;
  /** Any value that changes with its progress. */
  readonly progress: () => number;
}

/** One stream, right into the target. */
export function streamingWriter(target: FanOut, sizes: TableSizes): ArchiveWriter {
  return {
    args: ['--format=custom'],
    begin: () => {
      const progress = dumpProgress(sizes);
      return Promise.resolve({
        run: {
          stdout: target,
          onStderrLine: (line) => {
            progress.line(line, line.includes('dumping contents') ? target.bytes : 0);
          },
        },
        describe: (elapsedMs) =>
          progress.describe({ elapsedMs, archiveBytes: target.bytes, isSilent: log.withholdsContent }),
        // While the archive has to wait, pg_dump does: that is not the server's fault.
        progress: () => (target.isHeldUp ? performance.now() : target.bytes),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    deliver: () => Promise.resolve(undefined),
  };
}
