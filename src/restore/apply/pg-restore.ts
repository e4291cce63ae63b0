import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isOlderThanTools } from '../../postgres/older-server.ts';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { endedBySignal, run } from '../../process/run.ts';
import { parallelProgress, restoreProgress } from '../../archive/copy-progress.ts';
import { logProgress } from '../../runner/progress-log.ts';
import { watchLocks } from './lock-watch.ts';
import { useList } from '../../archive/archive-script.ts';
import { ownScript } from './restore-script.ts';
import { type ScriptPart, restoreThroughPsql, runOwnTransaction } from './through-psql.ts';
import { type RestoreArguments, connectedArguments } from './pg-restore-arguments.ts';
import type { DeferredChecks, RestoreRequest, RestoreRun, RestoreState } from './restore-request.ts';
import { restoreFailure, logNotices } from './restore-failure.ts';
import { restoreSessions } from './sessions.ts';
import { settle } from './transaction-outcome.ts';

/** What `pg_restore` says when it fails at its COMMIT, and at nothing before it (`CommitTransaction` in pg_backup_db.c). */
const FAILED_COMMIT = 'could not commit database transaction';

type Impacts = RestoreState['impacts'];

const ONE_TRANSACTION: Impacts = {
  'rolled back': 'Nothing was changed: it was one transaction.',
  committed:
    'It was one transaction, which was committed: the target contains the whole backup, but it is not verified.',
  unknown:
    'It is unknown whether it was committed, because the server cannot be asked: it was one transaction, so the target either contains the whole backup or is unchanged.',
};
const MANY_TRANSACTIONS = always(
  'A part of it was restored: with jobs, each entry is a transaction of its own. Without jobs, all or nothing is restored.',
);
const FIRST_OF_MANY: Impacts = {
  ...MANY_TRANSACTIONS,
  'rolled back': 'Nothing was changed yet.',
  unknown: 'A part of it may have been restored. Without jobs, all or nothing is restored.',
};
const RIGHTS: Impacts = {
  ...always(
    'Everything was restored but owners, privileges, policies for roles of which some do not exist, and what needs these (materialized views, event triggers): until they are, do not let anybody use the database. Without jobs, all or nothing is restored.',
  ),
  committed: 'Everything was restored, but it is not verified.',
};

function always(impact: string): Impacts {
  return { 'rolled back': impact, committed: impact, unknown: impact };
}

/**
 * Has `pg_restore` restore entries of an archive, all of them or, with `jobs`, as far as it comes, and follows it in the
 * log. What is in the way is dropped first, and the statements of our own run last, in the same transaction; with `jobs`,
 * in others.
 *
 * On an older server than `pg_restore` knows, psql sends the statements instead, over one connection whatever
 * `jobs` says: slower, but right. psql also sends them when there are statements of our own: `pg_restore` can only drop in
 * its own way, which fails on partitions, and can restore owners and privileges only all or not at all.
 *
 * When it fails or is aborted, no session of it is left at work on the server, which is asked how the transaction ended
 * if its COMMIT may have been sent.
 *
 * @throws UserError when it fails, with the state that it leaves the target in; the signal's reason when it was aborted.
 */
export async function restoreArchive(request: RestoreRequest): Promise<void> {
  const jobs = possibleJobs(request);
  const throughPsql =
    isOlderThanTools(request.session.tools.major, request.serverMajor) ||
    request.dropScript !== '' ||
    request.searchPath.length > 0 ||
    request.last.length > 0;
  await followed(request, jobs, async (parts) => {
    if (jobs !== undefined) return restoreInParts({ request, ...parts }, jobs);
    await withList(request, request.dumpIds, async (words) => {
      const restoring = { request, words, ...parts };
      if (request.deferredChecks) return restoreDeferring(restoring, request.deferredChecks);
      await (throughPsql
        ? restoreThroughPsql(restoring, [{ words, statements: request.last }])
        : restoreConnected(restoring, jobs));
    });
  });
}

/** Restores in one transaction, in which CHECK constraints that may read other tables wait for all rows. */
async function restoreDeferring(restoring: RestoreRun, checks: DeferredChecks): Promise<void> {
  const { request, words } = restoring;
  const { drop, add, afterwards } = checks;
  const late = new Set(afterwards);
  const early = request.dumpIds.filter((id) => !late.has(id));
  const tables: ScriptPart = { words: { ...words, sections: ['pre-data'] }, statements: [drop] };
  const rest = (dumpIds: readonly number[], statements: readonly string[], more: readonly ScriptPart[]) =>
    withList(request, dumpIds, async (listed) => {
      const rows: ScriptPart = { words: { ...listed, sections: ['data', 'post-data'] }, statements };
      await restoreThroughPsql(restoring, [tables, rows, ...more]);
    });
  if (afterwards.length === 0) return rest(early, [add, ...request.last], []);
  await withList(request, afterwards, (listed) =>
    rest(early, [add], [{ words: listed, statements: request.last }]),
  );
}

/** Writes the list of what to restore for as long as it is needed. */
async function withList(
  request: RestoreRequest,
  dumpIds: readonly number[],
  work: (words: RestoreArguments) => Promise<void>,
): Promise<void> {
  const listFile = path.join(request.workFolder, `restore-${randomBytes(6).toString('hex')}.list`);
  await writeFile(listFile, useList(dumpIds), { mode: 0o600, flag: 'wx' });
  try {
    await work({ ...request, listFile });
  } finally {
    await rm(listFile, { force: true });
  }
}

/**
 * Restores over several connections, in many transactions. Where somebody must lose a privilege that they have on every new
 * object, the objects are made in one transaction that takes it away: nobody gets to use it while rows are loaded.
 */
async function restoreInParts(restoring: Omit<RestoreRun, 'words'>, jobs: number): Promise<void> {
  const { request, state } = restoring;
  let rest: Pick<RestoreArguments, 'sections'> = {};
  if (request.closing.length > 0) {
    begin(state, FIRST_OF_MANY);
    await withList(request, request.dumpIds, (words) =>
      restoreThroughPsql(restoring, [
        { words: { ...words, sections: ['pre-data'] }, statements: request.closing },
      ]),
    );
    rest = { sections: ['data', 'post-data'] };
  } else if (request.dropScript !== '') {
    begin(state, FIRST_OF_MANY);
    await runOwnTransaction(restoring, request.dropScript);
  }
  begin(state, MANY_TRANSACTIONS);
  for (const { dumpIds, inTurn } of request.stages) {
    await withList(request, dumpIds, (words) =>
      restoreConnected({ ...restoring, words: { ...words, ...rest } }, inTurn ? 1 : jobs),
    );
  }
  if (request.last.length > 0) {
    begin(state, RIGHTS);
    await runOwnTransaction(restoring, ownScript(request.last));
  }
}

function begin(state: RestoreState, impacts: Impacts): void {
  state.transaction = { id: undefined, mayBeCommitted: false };
  state.impacts = impacts;
}

/** Over how many connections the server can be served; undefined for one. */
function possibleJobs({ session: { tools }, serverMajor, jobs }: RestoreRequest): number | undefined {
  if (jobs === undefined || !isOlderThanTools(tools.major, serverMajor)) return jobs;
  log.notice(
    `jobs: the target (PostgreSQL ${serverMajor}) is older than pg_restore (${tools.major}), ` +
      'which then supports one connection only: everything is restored in one transaction.',
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
  const ticker = logProgress((elapsedMs) =>
    progress.describe({ elapsedMs, archiveBytes: 0, isSilent: log.withholdsContent }),
  );
  const locks = watchLocks(sessions, request.lockWaitMs);
  const silence = watchSilence({
    name: 'the restore',
    session: sessions.observer,
    applicationName: sessions.applicationName,
  });
  const state: RestoreState = {
    transaction: { id: undefined, mayBeCommitted: false },
    impacts: jobs === undefined ? ONE_TRANSACTION : MANY_TRANSACTIONS,
  };
  try {
    await work({
      sessions,
      state,
      signal: AbortSignal.any([request.session.signal, locks.signal, silence.signal]),
      onSpawn: silence.onSpawn,
      onStderrLine: (line) => {
        progress.line(line, 0);
      },
    });
  } catch (error) {
    const outcome = await settle(sessions, state.transaction, request.look);
    if (jobs === undefined) request.onOutcome?.(outcome);
    throw error instanceof UserError ? withImpact(error, state.impacts[outcome]) : error;
  } finally {
    ticker.stop();
    await Promise.all([locks.stop(), silence.stop()]);
  }
}

/** `pg_restore` that is connected to the server itself. */
async function restoreConnected(
  { words, sessions: { restoring }, signal, onSpawn, onStderrLine, state: { transaction } }: RestoreRun,
  jobs: number | undefined,
): Promise<void> {
  transaction.mayBeCommitted = jobs === undefined;
  const { exitCode, endedBy, stderr } = await run(
    restoring.tools.pgRestore,
    connectedArguments(words, jobs),
    {
      env: restoring.environment,
      signal,
      onSpawn,
      onStderrLine,
    },
  );
  if (endedBy !== null) throw endedBySignal('pg_restore', endedBy);
  if (exitCode !== 0) {
    transaction.mayBeCommitted &&= stderr.includes(FAILED_COMMIT);
    throw restoreFailure('pg_restore', stderr);
  }
  logNotices(stderr);
}

/** The same error, with the state that it leaves the target in. */
function withImpact(error: UserError, impact: string): UserError {
  return error.reworded({ message: (text) => `${text} ${impact}` });
}
