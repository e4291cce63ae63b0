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
import { useList } from '../../archive/archive-script.ts';
import { ownScript } from './restore-script.ts';
import { isOlderThanTools, restoreThroughPsql, runOwnTransaction } from './through-psql.ts';
import { connectedArguments } from './pg-restore-arguments.ts';
import type { RestoreRequest, RestoreRun } from './restore-request.ts';
import { restoreFailure, logNotices } from './restore-failure.ts';
import { endSessions, restoreSessions } from './sessions.ts';

const ONE_TRANSACTION = 'Nothing was changed: it was one transaction.';
/** Nobody can know whether the last statement has arrived. */
const UNKNOWN_END = 'It was one transaction: nothing was changed, unless its COMMIT had just been sent.';
const NOT_YET = 'Nothing was changed yet.';
const WITHOUT_RIGHTS =
  'Everything was restored but owners, privileges and what needs them (materialized views, event triggers): until they are, do not let anybody use the database. Without jobs, all or nothing is restored.';
const MANY_TRANSACTIONS =
  'A part of it was restored: with jobs, each entry is a transaction of its own. Without jobs, all or nothing is restored.';

/**
 * Has `pg_restore` restore entries of an archive, all of them or, with `jobs`, as far as it comes, and follows it in the
 * log. What is in the way is dropped first, and the statements of our own run last, in the same transaction; with `jobs`,
 * in others.
 *
 * On an older server than `pg_restore` knows, psql sends the statements instead, over one connection whatever
 * `jobs` says: slower, but right. psql also sends them when there are statements of our own: `pg_restore` can only drop in
 * its own way, which fails on partitions, and can restore owners and privileges only all or not at all.
 *
 * When it fails or is aborted, no session of it is left at work on the server.
 *
 * @throws UserError when it fails, with the state that it leaves the target in; the signal's reason when it was aborted.
 */
export async function restoreArchive(request: RestoreRequest): Promise<void> {
  const jobs = possibleJobs(request);
  const throughPsql =
    isOlderThanTools(request.session.tools.major, request.serverMajor) ||
    request.dropScript !== '' ||
    request.last.length > 0;
  const listFile = path.join(request.workFolder, `restore-${randomBytes(6).toString('hex')}.list`);
  await writeFile(listFile, useList(request.dumpIds), { mode: 0o600, flag: 'wx' });
  try {
    const words = { ...request, listFile };
    await followed(request, jobs, async (parts) => {
      const restoring = { request, words, ...parts };
      if (jobs !== undefined) return restoreInParts(restoring, jobs);
      if (throughPsql) return restoreThroughPsql(restoring, request.last);
      return restoreConnected(restoring, jobs);
    });
  } finally {
    await rm(listFile, { force: true });
  }
}

/**
 * Restores over several connections, in many transactions. Where PUBLIC must lose something that it has of every new
 * object, the objects are made in one transaction that takes it away: nobody gets to use it while rows are loaded.
 */
async function restoreInParts(restoring: RestoreRun, jobs: number): Promise<void> {
  const { request, words } = restoring;
  let rest = words;
  if (request.closing.length > 0) {
    const objects = { ...words, sections: ['pre-data' as const] };
    await restoreThroughPsql({ ...restoring, words: objects, impact: NOT_YET }, request.closing);
    rest = { ...words, sections: ['data', 'post-data'] };
  } else if (request.dropScript !== '') await runOwnTransaction(restoring, request.dropScript, NOT_YET);
  await restoreConnected({ ...restoring, words: rest }, jobs);
  if (request.last.length > 0) {
    await runOwnTransaction(restoring, ownScript(request.last), WITHOUT_RIGHTS);
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
  const impact = jobs === undefined ? ONE_TRANSACTION : MANY_TRANSACTIONS;
  try {
    await work({
      sessions,
      impact,
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
      throw new UserError(error.code, `${error.message} ${impact}`, error.hint);
    if (error !== silence.signal.reason) throw error;
    throw new UserError(
      error.code,
      `${error.message} ${jobs === undefined ? UNKNOWN_END : impact}`,
      error.hint,
    );
  } finally {
    ticker.stop();
    await Promise.all([locks.stop(), silence.stop()]);
  }
}

/** `pg_restore` that is connected to the server itself. */
async function restoreConnected(
  { words, sessions: { restoring }, signal, onSpawn, onReaderSpawn, onStderrLine, impact }: RestoreRun,
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
  if (endedBy !== null) throw endedBySignal('pg_restore', endedBy, impact);
  if (exitCode !== 0) throw restoreFailure('pg_restore', stderr, impact);
  logNotices(stderr);
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
