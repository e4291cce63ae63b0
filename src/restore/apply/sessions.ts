import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { PgSession } from '../../postgres/session.ts';
import { messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';

/** The sessions of one restore on the server, told apart from all others by the name of their application. */
export interface RestoreSessions {
  /** Letters, digits, spaces and hyphens. */
  readonly applicationName: string;
  /** For the tool that restores. */
  readonly restoring: PgSession;
  /** For looking at those sessions from another one. */
  readonly observer: PgSession;
}

/** How long to take at most to end what an interrupted restore left: the runner kills a cancelled job after ten seconds. */
const END_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 100;

/** Names the sessions of a restore. `PGAPPNAME` is safe where `PGOPTIONS` is not: every pooler takes it. */
export function restoreSessions(session: PgSession): RestoreSessions {
  const applicationName = `postgres-backup-action restore ${randomBytes(6).toString('hex')}`;
  return {
    applicationName,
    restoring: session.with({ PGAPPNAME: applicationName }),
    observer: session.with({ PGAPPNAME: 'postgres-backup-action' }),
  };
}

/**
 * Ends what a restore that failed or was cancelled has left at work on the server. A tool that was killed cannot cancel
 * its statement, psql never does, and a server notices that its client has gone only after the statement, which may be
 * an index that takes an hour to build. What cannot be ended is told in the log: there is another error to tell.
 */
export async function endSessions(sessions: RestoreSessions): Promise<void> {
  const observer = sessions.observer.until(AbortSignal.timeout(END_WITHIN_MS));
  const ours = `FROM pg_catalog.pg_stat_activity WHERE application_name = '${sessions.applicationName}'`;
  try {
    while ((await observer.query(`SELECT pg_catalog.pg_terminate_backend(pid) ${ours};`, 1)).length > 0) {
      await pause(LOOK_AGAIN_MS);
    }
  } catch (error) {
    log.debug(`The sessions of the restore could not be looked after: ${messageOf(error)}`);
  }
}
