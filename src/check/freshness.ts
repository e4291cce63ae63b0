/** What a series of backups must be. */
export interface FreshnessPolicy {
  readonly maxAgeMs: number;
  /** At least 1: a series without any backup is never good. */
  readonly minimumCount: number;
  /** By what share of its predecessor the newest may be smaller, from 0 to 1. */
  readonly maximumShrink: number;
}

/** A backup, as far as it is judged. */
export interface JudgedBackup {
  /** When its dump began, by the clock of the machine that made it. */
  readonly takenAt: Date;
  /** When it was published, by the clock of the artifact service. */
  readonly createdAt: Date;
  /** In bytes. */
  readonly size: number;
}

/** One thing that is not as the policy wants it. */
export type Complaint =
  | { readonly kind: 'none' }
  | { readonly kind: 'too-old'; readonly ageMs: number; readonly maxAgeMs: number }
  | { readonly kind: 'too-few'; readonly count: number; readonly minimumCount: number }
  | {
      readonly kind: 'shrunk';
      readonly fromBytes: number;
      readonly toBytes: number;
      readonly shrink: number;
      readonly maximumShrink: number;
    };

/**
 * Everything that is wrong with a series.
 *
 * @param backups those that have not expired, the newest first.
 * @returns nothing when all is well.
 */
export function complaintsAbout(
  backups: readonly JudgedBackup[],
  { maxAgeMs, minimumCount, maximumShrink }: FreshnessPolicy,
  now: Date,
): readonly Complaint[] {
  const [newest, predecessor] = backups;
  if (!newest) return [{ kind: 'none' }];
  const count = backups.length;
  const ageMs = ageOf(newest, now);
  const shrink = predecessor ? shrinkOf(newest, predecessor) : 0;
  return [
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

/**
 * How old the data of a backup is, in milliseconds. A machine whose clock is ahead makes no backup younger than the
 * artifact service knows it to be.
 */
export function ageOf({ takenAt, createdAt }: Omit<JudgedBackup, 'size'>, now: Date): number {
  return Math.max(0, now.getTime() - Math.min(takenAt.getTime(), createdAt.getTime()));
}

/** By what share of the one before a backup is smaller; negative when it is larger. */
function shrinkOf(newest: Pick<JudgedBackup, 'size'>, predecessor: Pick<JudgedBackup, 'size'>): number {
  return predecessor.size === 0 ? 0 : 1 - newest.size / predecessor.size;
}
