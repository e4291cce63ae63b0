const DAY_MS = 86_400_000;
/** GitHub's documentation, "Events that trigger workflows", `schedule`; only in public repositories. */
const SWITCHED_OFF_AFTER_DAYS = 60;
/** GitHub sends an email a week before; a check that runs weekly must warn before that. */
const WARNED_DAYS_BEFORE = 14;

/** Schedules that GitHub is about to disable. */
export interface Inactivity {
  /** Whole days since the last push. */
  readonly days: number;
  readonly switchedOffAt: Date;
}

/**
 * Whether GitHub will soon disable the schedules of a public repository because of inactivity.
 *
 * What GitHub counts as activity is not documented. Reports of users agree on commits, so pushes count here.
 *
 * @returns undefined when that is more than two weeks away.
 */
export function inactivity(lastPush: Date, now: Date): Inactivity | undefined {
  const days = Math.floor((now.getTime() - lastPush.getTime()) / DAY_MS);
  if (days < SWITCHED_OFF_AFTER_DAYS - WARNED_DAYS_BEFORE) return undefined;
  return { days, switchedOffAt: new Date(lastPush.getTime() + SWITCHED_OFF_AFTER_DAYS * DAY_MS) };
}
