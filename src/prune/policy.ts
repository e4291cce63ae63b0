/** Which backups are kept; each rule has restic's meaning. A rule that is undefined keeps nothing. */
export interface PrunePolicy {
  /** Number of newest backups. */
  readonly last?: number | undefined;
  /** The newest backup of each of this many newest hours with a backup; in UTC, as the following rules. */
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  /** ISO weeks, which begin on Monday. */
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All within this time before the newest. */
  readonly within?: Period | undefined;
}

/** A calendar time span. */
export interface Period {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

/** The decision about one backup. */
export interface PruneDecision<T> {
  readonly backup: T;
  /** The rules that keep it, such as `daily` or `oldest monthly`; empty when it is to be deleted. */
  readonly keptBy: readonly string[];
}

interface Bucket {
  readonly name: string;
  /** The number of the hour, day and so on of a time. */
  readonly of: (time: Date) => number;
  left: number;
  latest: number | undefined;
}

/**
 * Decides which backups of one series are kept: grandfather, father, son. The newest is always kept, and never fewer
 * than `minimum`.
 *
 * As in restic (`ApplyPolicy` in internal/restic/snapshot_policy.go), a rule that has not used up its number also keeps
 * the oldest backup of all, so that a young series does not lose its oldest backups.
 *
 * @param backups of two with the same time, the first is the newer.
 * @returns a decision for each backup, the newest first.
 */
export function applyPolicy<T extends { readonly takenAt: Date }>(
  backups: readonly T[],
  policy: PrunePolicy,
  minimum: number,
): readonly PruneDecision<T>[] {
  const newestFirst = backups.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  const [newest] = newestFirst;
  if (newest === undefined) return [];
  const buckets = bucketsOf(policy);
  const withinFrom = policy.within && before(newest.takenAt, policy.within);
  const decisions = newestFirst.map((backup, index) => {
    const isOldest = index === newestFirst.length - 1;
    const keptBy = [
      ...(policy.last !== undefined && index < policy.last ? ['last'] : []),
      ...buckets.flatMap((bucket) => take(bucket, backup.takenAt, isOldest)),
      ...(withinFrom !== undefined && backup.takenAt >= withinFrom ? ['within'] : []),
    ];
    return { backup, keptBy };
  });
  return atLeast(decisions, Math.max(1, minimum));
}

/** Keeps the newest of those that no rule keeps, up to the minimum. */
function atLeast<T>(decisions: readonly PruneDecision<T>[], minimum: number): readonly PruneDecision<T>[] {
  let missing = minimum - decisions.filter(({ keptBy }) => keptBy.length > 0).length;
  return decisions.map((decision, index) => {
    if (decision.keptBy.length > 0) return decision;
    // The newest is always kept.
    if (index > 0 && missing <= 0) return decision;
    missing -= 1;
    return { ...decision, keptBy: [index === 0 ? 'newest' : 'minimum'] };
  });
}

function take(bucket: Bucket, time: Date, isOldest: boolean): string[] {
  if (bucket.left === 0) return [];
  const value = bucket.of(time);
  const isNew = value !== bucket.latest;
  if (!isNew && !isOldest) return [];
  bucket.latest = value;
  bucket.left -= 1;
  return [isNew ? bucket.name : `oldest ${bucket.name}`];
}

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

function bucketsOf(policy: PrunePolicy): Bucket[] {
  const rules: readonly (readonly [string, number | undefined, (time: Date) => number])[] = [
    ['hourly', policy.hourly, (time) => Math.floor(time.getTime() / HOUR_MS)],
    ['daily', policy.daily, (time) => Math.floor(time.getTime() / DAY_MS)],
    // The first of January 1970 was a Thursday, three days after a Monday.
    ['weekly', policy.weekly, (time) => Math.floor((time.getTime() / DAY_MS + 3) / 7)],
    ['monthly', policy.monthly, (time) => time.getUTCFullYear() * 12 + time.getUTCMonth()],
    ['yearly', policy.yearly, (time) => time.getUTCFullYear()],
  ];
  return rules.flatMap(([name, left, of]) =>
    left === undefined ? [] : [{ name, of, left, latest: undefined }],
  );
}

/** The same time of the day, a calendar period earlier. */
function before(time: Date, { years, months, days, hours }: Period): Date {
  const start = new Date(time);
  start.setUTCFullYear(
    start.getUTCFullYear() - years,
    start.getUTCMonth() - months,
    start.getUTCDate() - days,
  );
  start.setUTCHours(start.getUTCHours() - hours);
  return start;
}
