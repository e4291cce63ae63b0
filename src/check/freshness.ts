import type { KnownLoss } from '../history/loss-text.ts';
import { MOST_CLOCK_DIFFERENCE_MS } from '../storage/store.ts';

/** The requirements on a series of backups. */
export interface FreshnessPolicy {
  readonly maxAgeMs: number;
  /** At least 1: a series without a backup always fails. */
  readonly minimumCount: number;
  /** By what share the newest may be smaller than the previous one, from 0 to 1. */
  readonly maximumShrink: number;
}

/** The facts about a backup that are checked. */
export interface JudgedBackup {
  /** When its dump began, by the clock of the machine that made it. */
  readonly takenAt: Date;
  /** When it was stored, by the clock of the artifact service. */
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
}

/**
 * Whose clock is ahead of GitHub's, or, where it is behind, by a negative time: then an age means nothing. `future`: the
 * backup was published later than it is now.
 */
export type WrongClock = 'this runner' | 'the machine of the newest backup' | 'future';

/** What time it is. */
export interface Clocks {
  /** By the clock of this machine. */
  readonly now: Date;
  /** By GitHub's; undefined when it does not say. */
  readonly github: Date | undefined;
}

/** One requirement that is not met. */
export type Complaint =
  | { readonly kind: 'none' }
  | { readonly kind: 'clock'; readonly clock: WrongClock; readonly aheadMs: number }
  | { readonly kind: 'too-old'; readonly ageMs: number; readonly maxAgeMs: number }
  | { readonly kind: 'too-few'; readonly count: number; readonly minimumCount: number }
  | {
      readonly kind: 'shrunk';
      readonly fromBytes: number;
      readonly toBytes: number;
      readonly shrink: number;
      readonly maximumShrink: number;
    }
  | { readonly kind: 'rows-lost'; readonly losses: readonly KnownLoss[]; readonly maximumRowLoss: number };

/**
 * All requirements that a series does not meet.
 *
 * @param backups the unexpired ones, the newest first.
 * @returns an empty list when everything is in order.
 */
export function complaintsAbout(
  backups: readonly JudgedBackup[],
  { maxAgeMs, minimumCount, maximumShrink }: FreshnessPolicy,
  clocks: Clocks,
): readonly Complaint[] {
  const [newest, predecessor] = backups;
  if (!newest) return [{ kind: 'none' }];
  const { now } = clocks;
  const count = backups.length;
  const ageMs = ageOf(newest, now);
  const shrink = predecessor ? shrinkOf(newest, predecessor) : 0;
  return [
    ...wrongClocks(newest, clocks),
    ...(ageMs > maxAgeMs ? [{ kind: 'too-old', ageMs, maxAgeMs } as const] : []),
    ...(count < minimumCount ? [{ kind: 'too-few', count, minimumCount } as const] : []),
    ...(predecessor && shrink > maximumShrink
      ? [
          {
            kind: 'shrunk',
            fromBytes: predecessor.size,
            toBytes: newest.size,
            shrink,
            maximumShrink,
          } as const,
        ]
      : []),
  ];
}

function wrongClocks({ takenAt, createdAt }: JudgedBackup, { now, github }: Clocks): readonly Complaint[] {
  const ahead: readonly (readonly [WrongClock, number])[] = [
    ...(github ? [['this runner', now.getTime() - github.getTime()] as const] : []),
    ['future', createdAt.getTime() - (github ?? now).getTime()],
    // A dump may take hours, so it may have begun long before.
    ['the machine of the newest backup', takenAt.getTime() - createdAt.getTime()],
  ];
  return ahead
    .filter(([clock, ms]) => (clock === 'this runner' ? Math.abs(ms) : ms) > MOST_CLOCK_DIFFERENCE_MS)
    .map(([clock, aheadMs]) => ({ kind: 'clock', clock, aheadMs }));
}

/**
 * The age of a backup's data, in milliseconds. It is not less than the time since the artifact service stored it,
 * even if the clock of the machine that made it was ahead.
 */
export function ageOf({ takenAt, createdAt }: Omit<JudgedBackup, 'size'>, now: Date): number {
  return Math.max(0, now.getTime() - Math.min(takenAt.getTime(), createdAt.getTime()));
}

/** By what share a backup is smaller than the previous one; negative when it is larger. */
function shrinkOf(newest: Pick<JudgedBackup, 'size'>, predecessor: Pick<JudgedBackup, 'size'>): number {
  return predecessor.size === 0 ? 0 : 1 - newest.size / predecessor.size;
}
