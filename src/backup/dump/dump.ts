import { finished } from 'node:stream/promises';
import { diagnose, diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../postgres/diagnosis/error-lines.ts';
import { untangled } from '../../postgres/diagnosis/untangled.ts';
import { namingLockHolder } from '../../postgres/watchdog/lock-holders.ts';
import { describeAttempt, retry } from '../../process/retry.ts';
import type { PgSession } from '../../postgres/session.ts';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import type { Snapshot } from '../../postgres/snapshot.ts';
import type { FanOut } from '../../process/fan-out.ts';
import { endedBySignal, run } from '../../process/run.ts';
import { log } from '../../runner/log.ts';
import { logProgress } from '../../runner/progress-log.ts';
import type { ArchiveWriter, ParallelOutcome } from './archive-writer.ts';

/** What `pg_dump` has done. */
export interface DumpOutcome {
  /** Each a line. */
  readonly warnings: readonly string[];
  /** Undefined: it was one stream. */
  readonly parallel: ParallelOutcome | undefined;
}

/** One run of `pg_dump`. */
export interface DumpRequest {
  readonly session: PgSession;
  readonly args: readonly string[];
  /** Takes the archive. It is ended when it has got all of it. */
  readonly target: FanOut;
  readonly writer: ArchiveWriter;
  /** The state of the database that is dumped; given up where `pg_dump` cannot use it. Undefined: one of its own. */
  readonly snapshot: Snapshot | undefined;
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
export async function dump(request: DumpRequest): Promise<DumpOutcome> {
  const { attempts, session, target, writer } = request;
  const warnings = await retry(() => dumpOfSnapshot(request), {
    attempts,
    isTransient: isUnreachable,
    onRetry: (error, attempt, pauseMs) => {
      log.info(describeAttempt({ attempt, attempts, cause: log.reason(error), pauseMs }));
    },
    signal: session.signal,
  });
  const parallel = await writer.deliver(session.signal);
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
  return { warnings, parallel };
}

/**
 * Dumps in the snapshot, or without it where that is in the way: its session may have the only connection that the role may have, or
 * be on another of several hosts; and a table that it shows may have been dropped before `pg_dump` could lock it.
 */
async function dumpOfSnapshot(request: DumpRequest): Promise<readonly string[]> {
  const { snapshot, session } = request;
  const id = snapshot?.id;
  try {
    return await runDump(request, id);
  } catch (error) {
    if (id === undefined || session.signal.aborted || !isUnreachable(error)) throw error;
    log.info(
      `pg_dump is run again without the snapshot in which the catalogue was read: ${log.reason(error)}`,
    );
    await snapshot?.[Symbol.asyncDispose]();
    return runDump(request, undefined);
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof UserError && error.code === 'temporarily-unreachable';
}

async function runDump(
  { session, args, target, writer }: DumpRequest,
  snapshot: string | undefined,
): Promise<readonly string[]> {
  await using writing = await writer.begin();
  const ticker = logProgress(writing.describe);
  const silence = watchSilence({ name: 'pg_dump', session, progress: writing.progress });
  try {
    const result = await run(
      session.tools.pgDump,
      [...writer.args, ...args, ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`])],
      {
        env: session.environment,
        signal: AbortSignal.any([session.signal, silence.signal]),
        ...writing.run,
        onSpawn: (pid) => {
          silence.onSpawn(pid);
          writing.run.onSpawn?.(pid);
        },
      },
    );
    if (result.endedBy !== null) throw endedBySignal('pg_dump', result.endedBy);
    if (result.exitCode !== 0) {
      const stderr = untangled(result.stderr);
      throw await namingLockHolder(failure(stderr, target.bytes, snapshot), stderr, session);
    }
    return errorLines(result.stderr);
  } finally {
    ticker.stop();
    await silence.stop();
  }
}

/** What is in the snapshot, and was dropped before `pg_dump` could lock it or ask for its definition. */
const DROPPED =
  /^pg_dump: error: query failed: ERROR: {2}(?:relation .* does not exist|cache lookup failed|could not open relation)/m;

/** If `pg_dump` could not log in, or cannot use the snapshot, nothing was dumped yet, so it can be tried again. */
function failure(stderr: string, archiveBytes: number, snapshot: string | undefined): UserError {
  const isLogin = archiveBytes === 0 && /^pg_dump: error: connection to server /m.test(stderr);
  const isRefused =
    snapshot !== undefined &&
    (stderr.includes(`SET TRANSACTION SNAPSHOT '${snapshot}'`) ||
      (archiveBytes === 0 && DROPPED.test(stderr)));
  const { transient, kind } = diagnose(stderr);
  const isTransient = isRefused || (isLogin && transient);
  const otherwise = kind === 'lock-table-full' ? kind : 'dump-failed';
  return diagnosedError(isTransient ? 'temporarily-unreachable' : otherwise, 'pg_dump failed', stderr);
}
