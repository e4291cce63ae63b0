import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { failuresIn } from '../diagnosis/failures.ts';
import {
  type LockingSession,
  SESSION_COLUMNS,
  howToEnd,
  lockingSession,
  sessionColumns,
  describeSession,
} from './locking-session.ts';
import type { PgSession } from '../session.ts';

/** An exclusive lock on a table that a session has or waits for: the table cannot be read in either case. */
export interface ExclusiveLock {
  /** As pg_dump prints it: `shop.orders`. */
  readonly table: string;
  readonly by: LockingSession;
  /** The session that the waiting one waits for; undefined when the lock is granted. */
  readonly behind: LockingSession | undefined;
}

const COLUMNS = 2 + 2 * SESSION_COLUMNS;
const ANSWER_WITHIN_MS = 10_000;

/** Granted locks first, the oldest first. */
const LOCKS_SQL = `
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), l.granted,
       ${sessionColumns('a')}, ${sessionColumns('h')}
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_stat_activity h ON NOT l.granted AND h.pid = (pg_catalog.pg_blocking_pids(l.pid))[1]
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
ORDER BY l.granted DESC, a.xact_start;`;

/**
 * When a dump has waited too long for a lock, asks the server for the table and the session with the lock: pg_dump locks
 * all tables with one statement, and its error names them all.
 *
 * If the server does not answer, the error stays as it was.
 *
 * @param error the error so far.
 * @param stderr what pg_dump printed.
 * @returns an error that names the table and the session; the given one after another failure, or if they are unknown.
 */
export async function namingLockHolder(
  error: UserError,
  stderr: string,
  session: PgSession,
): Promise<UserError> {
  const awaited = awaitedTables(stderr);
  if (awaited.size === 0) return error;
  try {
    const signal = AbortSignal.any([session.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    const locks = exclusiveLocks(await session.until(signal).query(LOCKS_SQL, COLUMNS));
    const lock = locks.find(({ table }) => awaited.has(table));
    return lock ? lockError(lock, error) : error;
  } catch (reason) {
    session.signal.throwIfAborted();
    log.debug(`The session with the lock could not be determined: ${log.reason(reason)}`);
    return error;
  }
}

/** The tables whose locks pg_dump waited for too long; none after another failure. */
export function awaitedTables(stderr: string): ReadonlySet<string> {
  const waited = failuresIn(stderr).find(({ complaints }) =>
    complaints.some(({ text }) => /^canceling statement due to (?:statement|lock) timeout/.test(text)),
  );
  const query = waited?.query ?? '';
  const [beginning] = /^LOCK TABLE (?:ONLY )?/.exec(query) ?? [];
  if (beginning === undefined) return new Set();
  const end = query.lastIndexOf(' IN ');
  const list = query.slice(beginning.length, /^[A-Z ]+ MODE;?$/.test(query.slice(end + 4)) ? end : undefined);
  return new Set(list.match(/(?:"(?:[^"]|"")*"|[^",\s])+/g));
}

function exclusiveLocks(rows: readonly string[][]): ExclusiveLock[] {
  return rows.map(([table = '', granted, ...sessions]) => ({
    table,
    by: lockingSession(sessions.slice(0, SESSION_COLUMNS)),
    behind: granted === 't' ? undefined : lockingSession(sessions.slice(SESSION_COLUMNS)),
  }));
}

/** The error for a lock that a dump waited for. */
export function lockError({ table, by, behind }: ExclusiveLock, { cause }: UserError): UserError {
  const holder = behind ?? by;
  const who =
    behind === undefined
      ? `${describeSession(by)} has the lock.`
      : `${describeSession(by)} waits for the lock, behind ${describeSession(behind)}.`;
  const told = (what: string): string =>
    plainLine(`pg_dump failed: Timed out waiting for a lock on ${what}: ${who}`);
  return new UserError(
    'no-progress',
    told(`the table ${table}`),
    `Run the backup when no migration is running, or ${howToEnd(holder)}. pg-dump-args: --lock-wait-timeout=10min makes it wait longer.`,
    { cause, silent: { message: told('a table') } },
  );
}
