import { log } from '../runner/log.ts';
import { shownCause } from './diagnosis/diagnosis.ts';
import { HeldPsql } from './held-psql.ts';
import { PsqlError } from './psql.ts';
import type { PgSession } from './session.ts';
import { setWhereKnown } from './sql-text.ts';

/** One state of the database, which can be asked while `pg_dump` dumps the same. */
export interface Snapshot extends AsyncDisposable {
  /** For `pg_dump --snapshot`; undefined where there is none: then each question sees the database as it is at that time. */
  readonly id: string | undefined;
  /**
   * Runs SQL in the snapshot, one question after another, and returns the rows as `PgSession.query`. No schema is in the search path.
   *
   * @param withinMs how long the answer may take; three minutes when absent. After that, the snapshot cannot be asked any more.
   * @throws as `PgSession.query`: a failed question does not end the snapshot.
   */
  readonly query: (sql: string, columns: number, withinMs?: number) => Promise<string[][]>;
  /** Gives the snapshot up. Never throws. A dump that has begun with it has it still. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/**
 * Timeouts of the role must not end what waits for `pg_dump`. A lock is waited for as in the preflight. The name keeps its session apart
 * from that of `pg_dump`.
 */
const SETTINGS_SQL = `
SET LOCAL statement_timeout = 0;
${setWhereKnown('idle_in_transaction_session_timeout', '0')}
${setWhereKnown('transaction_timeout', '0')}
SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = '';
SET LOCAL application_name = 'postgres-backup-action snapshot';`;

const BEGIN_SQL = `
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;${SETTINGS_SQL}
SELECT pg_catalog.pg_export_snapshot();`;

/** Has the server notice during a statement that the client is gone (14 and newer; not on Windows). */
const NOTICE_END_SQL = setWhereKnown('client_connection_check_interval', '2s');

/** A server that has just answered the preflight needs milliseconds. */
const OPEN_WITHIN_MS = 30_000;

/** `pg_dump` has a snapshot of its own then. */
const OWN_SNAPSHOT = /^--(?:snapshot=|serializable-deferrable$)/;

/**
 * Opens a session that keeps a snapshot for `pg_dump`. It ends with the session's signal, and with this process.
 *
 * @param hasSession whether there is a session for it beside those of `pg_dump`: shared ones could wait for each other.
 * @param dumpArguments additional arguments of `pg_dump`.
 * @returns a snapshot without an id where the server gives none; a line in the log says why.
 * @throws the signal's reason.
 */
export async function openSnapshot(
  session: PgSession,
  { hasSession, dumpArguments }: { readonly hasSession: boolean; readonly dumpArguments: readonly string[] },
): Promise<Snapshot> {
  if (!hasSession || dumpArguments.some((word) => OWN_SNAPSHOT.test(word))) return noSnapshot(session);
  const psql = new HeldPsql(session);
  try {
    const rows = await psql.query(BEGIN_SQL, 1, { withinMs: OPEN_WITHIN_MS });
    const id = rows.at(-1)?.[0];
    if (id === undefined) throw new PsqlError('', '');
    await inSavepoint(psql, NOTICE_END_SQL, 1).catch(() => undefined);
    return {
      get id() {
        return psql.isOpen ? id : undefined;
      },
      query: (sql, columns, withinMs) => inSavepoint(psql, sql, columns, withinMs),
      [Symbol.asyncDispose]: () => psql[Symbol.asyncDispose](),
    };
  } catch (error) {
    await psql[Symbol.asyncDispose]();
    session.signal.throwIfAborted();
    const cause = error instanceof PsqlError ? shownCause(error.stderr) : log.reason(error);
    log.info(`The catalogue is read just before the dump, not in its snapshot: ${cause}`);
    return noSnapshot(session);
  }
}

/** A failed statement makes all that follow fail, the RELEASE too. */
function inSavepoint(psql: HeldPsql, sql: string, columns: number, withinMs?: number): Promise<string[][]> {
  return psql.query(`SAVEPOINT question;\n${sql}\nRELEASE SAVEPOINT question;`, columns, {
    ...(withinMs === undefined ? {} : { withinMs }),
    afterwards: '\\if :ERROR\nROLLBACK TO SAVEPOINT question;\n\\endif\n',
  });
}

/** Each question is a transaction of its own; through a transaction pooler, a plain SET would remain in a session of another client. */
function noSnapshot(session: PgSession): Snapshot {
  return {
    id: undefined,
    query(sql, columns) {
      return session.query(`BEGIN TRANSACTION READ ONLY;${SETTINGS_SQL}\n${sql}\nCOMMIT;`, columns);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
