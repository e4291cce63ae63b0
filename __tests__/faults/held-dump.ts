import type { Database } from '../support/database.ts';
import { untilRow, whileSession } from '../support/failure-bench.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { type FaultBed, type Subject, backUp } from './fault-bed.ts';

/** The connections of the preflight and of the snapshot come first; the next one is pg_dump's. */
export const SPARE_THE_PREFLIGHT = { spare: 2 };
/** In the rows of the first table of `bed.large`. */
export const MIDDLE_OF_THE_DUMP = { ...SPARE_THE_PREFLIGHT, afterBytes: 5_000_000 };

/** When something happens, and how the backup runs meanwhile. */
interface Meanwhile extends RunActionOptions {
  /** `before`: after the preflight, before pg_dump has sent anything to the server. */
  readonly when: 'before' | 'middle';
  /** By default `bed.large`. */
  readonly subject?: Subject;
}

/** Backs up, pauses the dump, does something, and lets the dump go on. */
export async function whileHeld(
  bed: FaultBed,
  { when, subject = bed.large, ...options }: Meanwhile,
  happens: () => Promise<unknown>,
): Promise<ActionRun> {
  const where = when === 'before' ? SPARE_THE_PREFLIGHT : MIDDLE_OF_THE_DUMP;
  await bed.proxy.set({ kind: 'hold', times: 1, ...where });
  const held = bed.proxy.struck();
  const running = backUp(bed, subject, options);
  const ended = running.then(({ log }) => {
    throw new Error(`The backup ended before it could be paused:\n${log}`);
  });
  try {
    await Promise.race([held, ended]);
    await happens();
  } finally {
    await bed.proxy.set({ kind: 'clear' });
    await running;
    await ended.catch(() => undefined);
  }
  return running;
}

/**
 * Backs up the large database while another session has an uncommitted change, and does something when the dump waits for
 * a lock of that session.
 *
 * @param happens gets the process id of the waiting session, and what commits the other one.
 */
export function whileWaiting(
  bed: FaultBed,
  script: string,
  happens: (pid: number, commit: () => Promise<unknown>) => Promise<unknown>,
): Promise<ActionRun> {
  const { database, large } = bed;
  return whileSession(
    database,
    `BEGIN; ${script}`,
    async (session) => {
      const running = backUp(bed, large);
      await Promise.all([
        running,
        dumpWaits(database).then((pid) => happens(pid, () => session.query('COMMIT'))),
      ]);
      return running;
    },
    large.name,
  );
}

/** Waits until a session waits for a lock on a table of the large database. */
export function untilWaiting({ database, large }: FaultBed, table: string): Promise<unknown> {
  const waiting = `SELECT pid FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
  return untilRow(database, waiting, large.name);
}

/** Waits until pg_dump waits for a lock, and returns the process id of its session. */
async function dumpWaits(database: Database): Promise<number> {
  const row = await untilRow(
    database,
    `SELECT pid FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%ACCESS SHARE%' AND wait_event_type = 'Lock'`,
  );
  return Number(row['pid']);
}
