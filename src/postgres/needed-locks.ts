import { asError, UserError } from '../errors.ts';
import { log } from '../runner/log.ts';
import type { PgSession } from './session.ts';

const SETTINGS_SQL = `SELECT pg_catalog.current_setting('max_locks_per_transaction'),
  pg_catalog.current_setting('max_connections')::int8 + pg_catalog.current_setting('max_prepared_transactions')::int8;`;

/**
 * The value of `max_locks_per_transaction` that is enough, a power of two. The server has that many for each connection that it
 * allows, and one transaction may take all of them.
 */
export function neededSetting(
  locks: number,
  { now, slots }: { readonly now: number; readonly slots: number },
): number {
  return 2 ** Math.ceil(Math.log2(Math.max(locks / slots, now + 1)));
}

/**
 * The same error, with the setting that is needed where the server had too few locks. Never throws.
 *
 * @param locks how many were needed, about.
 */
export async function withNeededLocks(error: unknown, session: PgSession, locks: number): Promise<Error> {
  if (!(error instanceof UserError) || error.code !== 'lock-table-full') return asError(error);
  try {
    const [[now, slots] = []] = await session.query(SETTINGS_SQL, 2);
    const needed = neededSetting(locks, { now: Number(now), slots: Number(slots) });
    const set = `Set max_locks_per_transaction = ${needed} on the server, where it is ${Number(now)}, and restart it.`;
    return error.reworded({ hint: (hint) => hint.replace(/^[^.]*\./, set) });
  } catch (reason) {
    log.debug(`The settings of the server cannot be asked for: ${log.reason(reason)}`);
    return error;
  }
}
