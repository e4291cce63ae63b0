import { randomBytes } from 'node:crypto';
import { UserError, asError } from '../../errors.ts';
import { NEW_SETTING, isOlderThanTools } from '../../postgres/older-server.ts';
import { type RunResult, endedBySignal, run } from '../../process/run.ts';
import { type RestoreArguments, scriptArguments } from './pg-restore-arguments.ts';
import { restoreFailure, logNotices } from './restore-failure.ts';
import type { RestoreRun } from './restore-request.ts';
import { RestoreScript } from './restore-script.ts';
import { MARK_SQL, markReader } from './transaction-outcome.ts';

/**
 * Restores through a script: `pg_restore` writes it, a setting that the server does not know is taken out of its
 * preamble, what drops things is put before the rest, and psql sends it, part by part. It is one transaction, which psql is given the
 * end of only when `pg_restore` has said that the script is whole.
 *
 * Names of the archive that look like commands of psql are no danger with tools of 17.6 and newer: `\restrict` switches
 * the commands off.
 *
 * @throws UserError when either program fails; the signal's reason when it was aborted.
 */
export async function restoreThroughPsql(
  restore: Omit<RestoreRun, 'words'>,
  parts: readonly ScriptPart[],
): Promise<void> {
  const { request, signal, onSpawn } = restore;
  const { transaction } = restore.state;
  const { restoring } = restore.sessions;
  const isOlder = isOlderThanTools(restoring.tools.major, request.serverMajor);
  const script = new RestoreScript({
    omittedSetting: isOlder ? NEW_SETTING.name : undefined,
    searchPath: request.searchPath,
    firstStatements: MARK_SQL + request.dropScript,
    lastStatements: parts.at(-1)?.statements ?? [],
  });
  const sending = run(restoring.tools.psql, PSQL_ARGUMENTS, {
    env: restoring.environment,
    stdin: script,
    // Also the results of setval() and the like.
    onStdout: markReader(transaction),
    signal,
    onSpawn,
  }).finally(() => script.destroy());
  const writing = writeParts(restore, parts, script).then(
    () => {
      transaction.mayBeCommitted = true;
      script.end();
    },
    (error: unknown) => {
      script.destroy(asError(error));
      throw error;
    },
  );
  const [sent, written] = await Promise.allSettled([sending, writing]);
  signal.throwIfAborted();
  // When psql has come to an end of its own, it is the reason why pg_restore failed.
  if (sent.status === 'fulfilled') requireSuccess(sent.value);
  const reasons = [written, sent].flatMap((end): unknown[] =>
    end.status === 'rejected' ? [end.reason] : [],
  );
  // One that failed ended the other: its error says why.
  if (reasons.length > 0) throw reasons.find((reason) => reason instanceof UserError) ?? reasons[0];
}

/** A part of the archive, and the statements that follow it in the same transaction. */
export interface ScriptPart {
  readonly words: RestoreArguments;
  readonly statements: readonly string[];
}

async function writeParts(
  { sessions: { restoring }, signal, onSpawn, onStderrLine }: Omit<RestoreRun, 'words'>,
  parts: readonly ScriptPart[],
  script: RestoreScript,
): Promise<void> {
  for (const [index, { words }] of parts.entries()) {
    const before = parts[index - 1];
    if (before !== undefined) await script.nextPart(before.statements);
    const result = await run(restoring.tools.pgRestore, scriptArguments(words), {
      // It connects to nothing.
      env: restoring.tools.environment,
      stdout: script,
      signal,
      onSpawn,
      onStderrLine,
    });
    requireWhole(script, result);
  }
}

/**
 * Runs SQL of our own in a transaction of its own, for a restore over several connections.
 *
 * @throws UserError when it fails.
 */
export async function runOwnTransaction(
  { sessions: { restoring }, signal, onSpawn, state: { transaction } }: Omit<RestoreRun, 'words'>,
  sql: string,
): Promise<void> {
  transaction.mayBeCommitted = true;
  // As in a script of pg_restore: no name that stands in it can be a command of psql.
  const key = randomBytes(16).toString('hex');
  const result = await run(restoring.tools.psql, [...PSQL_ARGUMENTS, '--single-transaction'], {
    env: { ...restoring.environment, PGCLIENTENCODING: 'UTF8' },
    stdin: `\\restrict ${key}\n${MARK_SQL}${sql}\n\\unrestrict ${key}\n`,
    onStdout: markReader(transaction),
    signal,
    onSpawn,
  });
  requireSuccess(result);
}

/** `--echo-errors` has psql say which statement failed. No `--single-transaction`: it would commit what a script that stops early has done. */
const PSQL_ARGUMENTS = [
  '--no-psqlrc',
  '--no-password',
  '--quiet',
  '--echo-errors',
  // Of a message that may contain values of rows, only its code can be shown.
  '--set=VERBOSITY=verbose',
  '--set=ON_ERROR_STOP=1',
  '--file=-',
];

/** Destroys the script, whose end with `COMMIT;` is withheld, unless `pg_restore` has succeeded. */
function requireWhole(script: RestoreScript, { exitCode, endedBy, stderr }: RunResult): void {
  const failure =
    endedBy !== null
      ? endedBySignal('pg_restore', endedBy)
      : exitCode !== 0
        ? restoreFailure('pg_restore', stderr)
        : undefined;
  if (failure) {
    script.destroy(failure);
    throw failure;
  }
  logNotices(stderr);
}

function requireSuccess({ exitCode, endedBy, stderr }: RunResult): void {
  if (endedBy !== null) throw endedBySignal('psql', endedBy);
  if (exitCode !== 0) throw restoreFailure('psql', stderr);
  logNotices(stderr);
}
