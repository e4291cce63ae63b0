import { asError, UserError } from '../errors.ts';
import { wholeNumber } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { PgSession } from './session.ts';

/** How many locks a server has room for. */
export interface LockTable {
  /** `max_locks_per_transaction`. */
  readonly now: number;
  /** For how many connections and prepared transactions it has that many; one transaction may take all of them. */
  readonly slots: number;
}

/** The columns of a query that are a {@link LockTable}. */
export const LOCK_TABLE_SQL = `pg_catalog.current_setting('max_locks_per_transaction')::int8,
  pg_catalog.current_setting('max_connections')::int8 + pg_catalog.current_setting('max_prepared_transactions')::int8`;

/** The value of `max_locks_per_transaction` that is enough for so many locks, a power of two. */
export function neededSetting(locks: number, { now, slots }: LockTable): number {
  return 2 ** Math.ceil(Math.log2(Math.max(locks / slots, now + 1)));
}

/**
 * What is said before a dump that takes so many locks; undefined where the server is sure to have room. It is no error: a server uses
 * what other memory it has left as well, so it may lock many more.
 */
export function lockNotice(locks: number, table: LockTable): string | undefined {
  const room = table.now * table.slots;
  if (locks <= room) return undefined;
  return (
    `The dump takes about ${wholeNumber(locks)} locks, and the server is sure to have room for ${wholeNumber(room)}: ` +
    `max_locks_per_transaction is ${table.now}. If pg_dump fails with "out of shared memory", set it to ${neededSetting(locks, table)}, and restart the server.`
  );
}

/**
 * The same error, with the setting that is needed where the server had too few locks. Never throws.
 *
 * @param locks how many were needed, about.
 */
export async function withNeededLocks(error: unknown, session: PgSession, locks: number): Promise<Error> {
  if (!(error instanceof UserError) || error.code !== 'lock-table-full') return asError(error);
  try {
    const [[now, slots] = []] = await session.query(`SELECT ${LOCK_TABLE_SQL};`, 2);
    const table = { now: Number(now), slots: Number(slots) };
    const set = `Set max_locks_per_transaction = ${neededSetting(locks, table)} on the server, where it is ${table.now}, and restart it.`;
    return error.reworded({ hint: (hint) => hint.replace(/^[^.]*\./, set) });
  } catch (reason) {
    log.debug(`The settings of the server cannot be asked for: ${log.reason(reason)}`);
    return error;
  }
}
