import { UserError } from '../../errors.ts';
import type { ConnectionLimit } from '../../postgres/connection.ts';

/** Whether a parallel dump has connections enough. */
export interface ConnectionRoom {
  /** Undefined where it has. */
  readonly error: UserError | undefined;
  /** Whether there is one more, for the session of this action that keeps the snapshot. */
  readonly hasRoomForSnapshot: boolean;
}

/**
 * Compares the limits with what a parallel dump needs: a connection for each worker, and one for the process that starts them.
 * `pg_dump` would fail after it had locked all tables.
 */
export function connectionRoom(jobs: number, limits: readonly ConnectionLimit[]): ConnectionRoom {
  const needed = jobs + 1;
  const [least] = limits.toSorted((one, other) => freeOf(one) - freeOf(other));
  if (!least || freeOf(least) > needed) return { error: undefined, hasRoomForSnapshot: true };
  if (freeOf(least) === needed) return { error: undefined, hasRoomForSnapshot: false };
  const free = freeOf(least);
  return {
    error: new UserError(
      'connection',
      `jobs: ${jobs} needs ${needed} connections, one for each worker of pg_dump and one more, and ${free} can be opened: ` +
        `the limit of ${least.of} is ${least.most}, and ${least.taken} are in use or reserved.`,
      free < 3
        ? 'Set "jobs: 1", which needs one, or raise that limit.'
        : `Set "jobs: ${free - 1}" or less, or raise that limit.`,
    ),
    hasRoomForSnapshot: false,
  };
}

function freeOf({ most, taken }: ConnectionLimit): number {
  return Math.max(0, most - taken);
}
