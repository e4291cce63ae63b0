import { finished } from 'node:stream/promises';
import { diagnose, diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../postgres/diagnosis/error-lines.ts';
import { namingLockHolder } from '../../postgres/watchdog/lock-holders.ts';
import { describeAttempt, retry } from '../../process/retry.ts';
import type { PgSession } from '../../postgres/session.ts';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import type { FanOut } from '../../process/fan-out.ts';
import { endedBySignal, run } from '../../process/run.ts';
import { log } from '../../runner/log.ts';
import { type TableSizes, dumpProgress } from '../../archive/copy-progress.ts';
import { logProgress } from '../../runner/progress-log.ts';

/** One run of `pg_dump`. */
export interface DumpRequest {
  readonly session: PgSession;
  readonly args: readonly string[];
  /** Takes the archive. It is ended when `pg_dump` has succeeded. */
  readonly target: FanOut;
  readonly sizes: TableSizes;
  /** How often to try to connect, while failures are transient. A dump that has begun is not started again. */
  readonly attempts: number;
}

/**
 * Runs `pg_dump` and follows it in the log. An aborted dump is cancelled on the server too: `pg_dump` sends a cancel
 * request when it gets SIGTERM (`sigTermHandler` in pg_dump/parallel.c).
 *
 * @returns when the target has taken the whole archive.
 * @throws UserError when `pg_dump` fails, its connection stops responding, or it writes nothing; the error of the target.
 */
export async function dump(request: DumpRequest): Promise<void> {
  const { attempts, session, target } = request;
  await retry(() => runDump(request), {
    attempts,
    isTransient: (error) => error instanceof UserError && error.code === 'temporarily-unreachable',
    onRetry: (error, attempt, pauseMs) => {
      log.info(describeAttempt({ attempt, attempts, cause: log.reason(error), pauseMs }));
    },
    signal: session.signal,
  });
  if (target.writableLength === 0 && target.bytes === 0) {
    throw new UserError(
      'dump-failed',
      'pg_dump succeeded but wrote an empty archive.',
      'Run the job again. If the error persists, check the runner.',
      { silent: 'same' },
    );
  }
  target.end();
  await finished(target);
}

async function runDump({ session, args, target, sizes }: DumpRequest): Promise<void> {
  const progress = dumpProgress(sizes);
  const ticker = logProgress((elapsedMs) =>
    progress.describe({ elapsedMs, archiveBytes: target.bytes, isSilent: log.withholdsContent }),
  );
  const silence = watchSilence({
    name: 'pg_dump',
    session,
    // While the archive has to wait, pg_dump does: that is not the server's fault.
    progress: () => (target.isHeldUp ? performance.now() : target.bytes),
  });
  try {
    const result = await run(session.tools.pgDump, args, {
      env: session.environment,
      signal: AbortSignal.any([session.signal, silence.signal]),
      stdout: target,
      onSpawn: silence.onSpawn,
      onStderrLine: (line) => {
        progress.line(line, line.includes('dumping contents') ? target.bytes : 0);
      },
    });
    if (result.endedBy !== null) throw endedBySignal('pg_dump', result.endedBy);
    if (result.exitCode !== 0) {
      const error = failure(result.stderr, target.bytes);
      throw await namingLockHolder(error, result.stderr, session);
    }
    for (const line of errorLines(result.stderr)) log.content(line, 'pg_dump printed a warning');
  } finally {
    ticker.stop();
    await silence.stop();
  }
}

/** If `pg_dump` could not log in, nothing was dumped yet, so it can be tried again. */
function failure(stderr: string, archiveBytes: number): UserError {
  const isLogin = archiveBytes === 0 && /^pg_dump: error: connection to server /m.test(stderr);
  const isTransient = isLogin && diagnose(stderr).transient;
  return diagnosedError(isTransient ? 'temporarily-unreachable' : 'dump-failed', 'pg_dump failed', stderr);
}
