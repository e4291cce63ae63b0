const DAY_MS = 86_400_000;
/** GitHub's documentation, "Events that trigger workflows", `schedule`; it speaks of public repositories only. */
const SWITCHED_OFF_AFTER_DAYS = 60;
/** GitHub itself writes a mail a week before; a check that runs weekly must come before that too. */
const WARNED_DAYS_BEFORE = 14;

/** Schedules that are about to be switched off. */
export interface Inactivity {
  /** Whole days since the last push. */
  readonly days: number;
  readonly switchedOffAt: Date;
}

/**
 * Tells whether the schedules of a public repository will soon be switched off because nothing happens in it.
 *
 * What GitHub counts as activity is not documented. Reports of users agree on commits, so it is pushes that count here.
 *
 * @returns undefined when there is time.
 */
export function inactivity(lastPush: Date, now: Date): Inactivity | undefined {
  const days = Math.floor((now.getTime() - lastPush.getTime()) / DAY_MS);
  if (days < SWITCHED_OFF_AFTER_DAYS - WARNED_DAYS_BEFORE) return undefined;
  return { days, switchedOffAt: new Date(lastPush.getTime() + SWITCHED_OFF_AFTER_DAYS * DAY_MS) };
}
