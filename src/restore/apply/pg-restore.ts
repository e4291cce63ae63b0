import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { endedBySignal, run } from '../../process/run.ts';
import { type CopyProgress, parallelProgress, restoreProgress } from '../../archive/copy-progress.ts';
import { logProgress } from '../../runner/progress-log.ts';
import { watchLocks } from './lock-watch.ts';
import { dropFirst, isOlderThanTools, restoreThroughPsql } from './through-psql.ts';
import { connectedArguments, useList } from './pg-restore-arguments.ts';
import type { RestoreRequest, RestoreRun } from './restore-request.ts';
import { restoreFailure, tellRemarks } from './restore-failure.ts';
import { endSessions, restoreSessions } from './sessions.ts';

const ONE_TRANSACTION = 'Nothing was changed: it was one transaction.';
/** Nobody can know whether the last statement has arrived. */
const UNKNOWN_END = 'It was one transaction: nothing was changed, unless its COMMIT had just been sent.';
const MANY_TRANSACTIONS =
  'A part of it was restored: with jobs, each entry is a transaction of its own. Without jobs, all or nothing is restored.';

/**
 * Has `pg_restore` restore entries of an archive, all of them or, with `jobs`, as far as it comes, and follows it in the
 * log. What is in the way is dropped first, in the same transaction; with `jobs`, in one of its own.
 *
 * On an older server than `pg_restore` knows, psql sends the statements instead, over one connection whatever
 * `jobs` says: slower, but right. psql also sends them when something is dropped first, because `pg_restore` can only
 * drop in its own way, which fails on partitions.
 *
 * When it fails or is aborted, no session of it is left at work on the server.
 *
 * @throws UserError when it fails, with the state that it leaves the target in; the signal's reason when it was aborted.
 */
export async function restoreArchive(request: RestoreRequest): Promise<void> {
  const jobs = possibleJobs(request);
  const throughPsql =
    isOlderThanTools(request.session.tools.major, request.serverMajor) ||
    (request.dropScript !== '' && jobs === undefined);
  const listFile = path.join(request.workFolder, `restore-${randomBytes(6).toString('hex')}.list`);
  await writeFile(listFile, useList(request.dumpIds), { mode: 0o600, flag: 'wx' });
  try {
    const words = { ...request, listFile };
    await followed(request, jobs, async (parts) => {
      const restoring = { request, words, ...parts };
      if (throughPsql) return restoreThroughPsql(restoring);
      if (request.dropScript !== '') await dropFirst(restoring);
      return restoreConnected(restoring, jobs);
    });
  } finally {
    await rm(listFile, { force: true });
  }
}

/** Over how many connections the server can be served; undefined for one. */
function possibleJobs({ session: { tools }, serverMajor, jobs }: RestoreRequest): number | undefined {
  if (jobs === undefined || !isOlderThanTools(tools.major, serverMajor)) return jobs;
  log.notice(
    `jobs: the target (PostgreSQL ${serverMajor}) is older than pg_restore (${tools.major}), ` +
      'which can serve it over one connection only: everything is restored in one transaction.',
  );
  return undefined;
}

/** Does the work under a watch over its progress and its locks, and leaves no session of it behind. */
async function followed(
  request: RestoreRequest,
  jobs: number | undefined,
  work: (parts: Omit<RestoreRun, 'request' | 'words'>) => Promise<void>,
): Promise<void> {
  const sessions = restoreSessions(request.session);
  const progress =
    jobs === undefined ? restoreProgress(request.tableBytes) : parallelProgress(request.tableBytes.size);
  const reading = bytesRead();
  const ticker = logProgress((elapsedMs) => progress.describe({ elapsedMs, archiveBytes: reading.bytes() }));
  const locks = watchLocks(sessions, request.lockWaitMs);
  const silence = watchSilence({
    name: 'the restore',
    session: sessions.observer,
    applicationName: sessions.applicationName,
  });
  const aftermath = jobs === undefined ? ONE_TRANSACTION : MANY_TRANSACTIONS;
  try {
    await work({
      sessions,
      aftermath,
      signal: AbortSignal.any([request.session.signal, locks.signal, silence.signal]),
      onSpawn: (pid) => {
        silence.onSpawn(pid);
        request.onSpawn?.(pid);
      },
      onReaderSpawn: reading.of,
      onStderrLine: lineTaker(progress, reading),
    });
  } catch (error) {
    await endSessions(sessions);
    if (!(error instanceof UserError)) throw error;
    if (error === locks.signal.reason)
      throw new UserError('restore-failed', `${error.message} ${aftermath}`, error.hint);
    if (error !== silence.signal.reason) throw error;
    throw new UserError(
      'restore-failed',
      `${error.message} ${jobs === undefined ? UNKNOWN_END : aftermath}`,
      error.hint,
    );
  } finally {
    ticker.stop();
    await Promise.all([locks.stop(), silence.stop()]);
  }
}

/** `pg_restore` that is connected to the server itself. */
async function restoreConnected(
  { words, sessions: { restoring }, signal, onSpawn, onReaderSpawn, onStderrLine, aftermath }: RestoreRun,
  jobs: number | undefined,
): Promise<void> {
  const { exitCode, endedBy, stderr } = await run(
    restoring.tools.pgRestore,
    connectedArguments(words, jobs),
    {
      env: restoring.environment,
      signal,
      onSpawn: (pid) => {
        onReaderSpawn(pid);
        onSpawn(pid);
      },
      onStderrLine,
    },
  );
  if (endedBy !== null) throw endedBySignal('pg_restore', endedBy, aftermath);
  if (exitCode !== 0) throw restoreFailure('pg_restore', stderr, aftermath);
  tellRemarks(stderr);
}

function lineTaker(progress: CopyProgress, reading: BytesRead): (line: string) => void {
  return (line) => {
    progress.line(line, line.includes('processing data') ? reading.bytes() : 0);
  };
}

/** How much a process has read so far. */
interface BytesRead {
  readonly of: (pid: number) => void;
  readonly bytes: () => number;
}

/** What a process has read of its files, by Linux's account (proc(5), `/proc/pid/io`); 0 on other systems. What comes over a socket does not count. */
function bytesRead(): BytesRead {
  let file: string | undefined;
  return {
    of: (pid) => {
      file = `/proc/${pid}/io`;
    },
    bytes: () => {
      if (file === undefined) return 0;
      try {
        return Number(/^rchar: (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
      } catch {
        // Not Linux, or the process has ended.
        return 0;
      }
    },
  };
}
