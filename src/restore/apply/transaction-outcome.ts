import { setTimeout as pause } from 'node:timers/promises';
import type { PgSession } from '../../postgres/session.ts';
import { PsqlError } from '../../postgres/psql.ts';
import { log } from '../../runner/log.ts';
import type { RestoreSessions } from './sessions.ts';

/** How a transaction of a restore ended; `unknown` where the server cannot be asked. */
export type Outcome = 'committed' | 'rolled back' | 'unknown';

/** A transaction of a restore that has not ended well, as far as the client knows it. */
export interface Transaction {
  /** Its number on the server; undefined where it was not asked for. */
  id: string | undefined;
  /** Whether its COMMIT may have been sent: then only the server knows how it ended. */
  mayBeCommitted: boolean;
}

/**
 * Whether something of the restore is there that was not there before it; undefined where it creates nothing that
 * could be looked for.
 */
export type Look = (session: PgSession) => Promise<boolean | undefined>;

const MARK = 'postgres-backup-action transaction ';
/** Has psql print the number of the transaction, which it flushes at once. */
export const MARK_SQL = `SELECT '${MARK}' || pg_catalog.pg_current_xact_id();\n`;
const MARKED = new RegExp(`${MARK}(\\d+)\\s`);
const HEAD_BYTES = 4 * 1024;

/** How long to ask at most. The runner kills a cancelled job after ten seconds; a server that crashed restarts in more. */
const WITHIN_MS = { cancelled: 5_000, failed: 20_000 };
const ASK_AGAIN_MS = 100;

/** Takes what psql prints, and notes the number of the transaction. */
export function markReader(transaction: Transaction): (chunk: Buffer) => void {
  let head = '';
  return (chunk) => {
    if (transaction.id !== undefined || head.length > HEAD_BYTES) return;
    head += chunk.toString('latin1');
    transaction.id = MARKED.exec(head)?.[1];
  };
}

/**
 * Ends the sessions that a restore which failed or was cancelled has left on the server, and asks how its transaction
 * ended. A tool that was killed cannot cancel its statement, psql never does, and a server notices that its client has
 * gone only after the statement, which may be an index that takes an hour to build, or a COMMIT that waits for a standby.
 *
 * Never throws: there is another error to report.
 */
export async function settle(
  sessions: RestoreSessions,
  transaction: Readonly<Transaction>,
  look: Look,
): Promise<Outcome> {
  const { cancelled, failed } = WITHIN_MS;
  const deadline = AbortSignal.timeout(sessions.observer.signal.aborted ? cancelled : failed);
  const observer = sessions.observer.until(deadline);
  while (!deadline.aborted) {
    try {
      const outcome = await ask(observer, sessions.applicationName, transaction, look);
      if (outcome !== undefined) return outcome;
    } catch (error) {
      log.debug(`The sessions of the restore cannot be examined: ${log.reason(error)}`);
      if (!transaction.mayBeCommitted) break;
    }
    await pause(ASK_AGAIN_MS);
  }
  return transaction.mayBeCommitted ? 'unknown' : 'rolled back';
}

/** Undefined as long as the sessions are at work. */
async function ask(
  observer: PgSession,
  applicationName: string,
  { id, mayBeCommitted }: Readonly<Transaction>,
  look: Look,
): Promise<Outcome | undefined> {
  const ended = await observer.query(
    `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = '${applicationName}';`,
    1,
  );
  if (ended.length > 0) return undefined;
  if (!mayBeCommitted) return 'rolled back';
  if (id !== undefined) return statusOf(id, observer);
  const found = await look(observer);
  if (found === undefined) return 'unknown';
  return found ? 'committed' : 'rolled back';
}

async function statusOf(id: string, observer: PgSession): Promise<Outcome | undefined> {
  try {
    const [[status] = []] = await observer.query(
      `SELECT pg_catalog.pg_xact_status('${id}'::pg_catalog.xid8);`,
      1,
    );
    if (status === 'committed') return 'committed';
    if (status === 'aborted') return 'rolled back';
    return status === 'in progress' ? undefined : 'unknown';
  } catch (error) {
    // A server that crashed has lost all of it.
    if (error instanceof PsqlError && error.stderr.includes('is in the future')) return 'rolled back';
    throw error;
  }
}
