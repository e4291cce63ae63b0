import type { PgSession } from '../../postgres/session.ts';
import type { UserError } from '../../errors.ts';

/** A dump needs a lock on every table at once, and the server had too few. */
export class LockTableFull extends Error {
  override readonly name = 'LockTableFull';
  /** What to say of it if nothing else helps. */
  readonly explained: UserError;

  constructor(explained: UserError) {
    super(explained.message, { cause: explained });
    this.explained = explained;
  }
}

/** Whether a tool has failed for want of locks. */
export function isLockTableFull(stderr: string): boolean {
  return stderr.includes('max_locks_per_transaction');
}

/** The number of locks that the server has for all sessions; this one takes half of them. */
const BUDGET_SQL = `SELECT pg_catalog.current_setting('max_locks_per_transaction')::int8 / 2
  * (pg_catalog.current_setting('max_connections')::int8 + pg_catalog.current_setting('max_prepared_transactions')::int8);`;

/**
 * Does something with all tables at once; or, where the server has too few locks for that, with some at a time: a restore
 * over several connections, which is many transactions, succeeds there.
 *
 * @param some is given how many tables at a time.
 * @throws UserError also where that does not help.
 */
export async function withinLocks<T>(
  session: PgSession,
  whole: () => Promise<T>,
  some: (atOnce: number) => Promise<T>,
): Promise<T> {
  try {
    return await whole();
  } catch (error) {
    if (!(error instanceof LockTableFull)) throw error;
    const [[budget = ''] = []] = await session.query(BUDGET_SQL, 1);
    return some(Math.max(1, Math.floor(Number(budget)))).catch((reason: unknown) => {
      throw reason instanceof LockTableFull ? reason.explained : reason;
    });
  }
}

/** The items in groups of that many. */
export function groupsOf<T>(items: readonly T[], atOnce: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / atOnce) }, (_, at) =>
    items.slice(at * atOnce, (at + 1) * atOnce),
  );
}
