import { setTimeout as pause } from 'node:timers/promises';
import {
  type LockingSession,
  SESSION_COLUMNS,
  howToEnd,
  lockingSession,
  sessionColumns,
  describeSession,
} from '../../postgres/watchdog/locking-session.ts';
import type { PgSession } from '../../postgres/session.ts';
import { UserError } from '../../errors.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { RestoreSessions } from './sessions.ts';

/** A session of the restore that waits for a lock, and one of those that are in its way. */
interface LockWait {
  readonly pid: string;
  /** What is locked: `shop.orders`, or the kind of lock where it is no relation. */
  readonly locked: string;
  readonly holder: LockingSession;
}

/** As long as the dump waits for a lock. */
const LOCK_WAIT_MS = 120_000;
const LOOKS = 8;
const COLUMNS = 2 + SESSION_COLUMNS;

const waitsSql = (applicationName: string): string => `
SELECT w.pid, COALESCE(pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), l.locktype),
       ${sessionColumns('h')}
FROM pg_catalog.pg_stat_activity w
JOIN pg_catalog.pg_locks l ON l.pid = w.pid AND NOT l.granted
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS holder(pid)
LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = holder.pid
LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE w.application_name = '${applicationName}' AND h.application_name IS DISTINCT FROM w.application_name
ORDER BY 1, 3;`;

/**
 * Looks, from a session of its own, whether the restore waits for another session's lock, and for how long.
 * `pg_restore` itself waits forever: it begins with `SET lock_timeout = 0` (`_doSetFixedOutputState`), whatever the
 * role or PGOPTIONS say, and has no option against that.
 *
 * A failure to look is no reason to stop: the role may have a single connection.
 *
 * @returns a signal that is aborted with a UserError when one and the same wait has lasted too long.
 */
export function watchLocks(
  sessions: RestoreSessions,
  waitMs = LOCK_WAIT_MS,
): { readonly signal: AbortSignal; readonly stop: () => Promise<void> } {
  const tooLong = new AbortController();
  const stopped = new AbortController();
  const observer = sessions.observer.until(stopped.signal);
  const watch = async (): Promise<void> => {
    let since: ReadonlyMap<string, number> = new Map();
    while (!tooLong.signal.aborted) {
      await pause(waitMs / LOOKS, undefined, { signal: stopped.signal });
      const waits = await lookForWaits(observer, sessions.applicationName);
      const now = performance.now();
      since = continued(since, waits, now);
      const longest = waits.find((wait) => now - (since.get(key(wait)) ?? now) >= waitMs);
      if (longest) tooLong.abort(lockError(longest, waitMs));
    }
  };
  const watching = watch().catch(() => {
    // It was stopped.
  });
  return {
    signal: tooLong.signal,
    stop: () => {
      stopped.abort();
      return watching;
    },
  };
}

async function lookForWaits(observer: PgSession, applicationName: string): Promise<LockWait[]> {
  try {
    return lockWaits(await observer.query(waitsSql(applicationName), COLUMNS));
  } catch (error) {
    observer.signal.throwIfAborted();
    log.debug(`The locks cannot be watched: ${log.reason(error)}`);
    return [];
  }
}

/** Since when each wait has been seen; one that was interrupted begins anew. */
function continued(
  before: ReadonlyMap<string, number>,
  waits: readonly LockWait[],
  now: number,
): ReadonlyMap<string, number> {
  return new Map(waits.map((wait) => [key(wait), before.get(key(wait)) ?? now]));
}

function key({ pid, locked, holder }: LockWait): string {
  return `${pid} ${holder.pid} ${locked}`;
}

function lockWaits(rows: readonly string[][]): LockWait[] {
  return rows.map(([pid = '', locked = '', ...holder]) => ({ pid, locked, holder: lockingSession(holder) }));
}

function lockError({ locked, holder }: LockWait, waitMs: number): UserError {
  const told = (what: string): string =>
    plainLine(
      `The restore waited ${duration(waitMs)} for a lock${what}, held by ${describeSession(holder)}.`,
    );
  return new UserError(
    'no-progress',
    told(` on ${locked}`),
    `Stop the application that uses the target, or ${howToEnd(holder)}; then run the job again.`,
    { silent: { message: told('') } },
  );
}
