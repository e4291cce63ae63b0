/** How long an artifact is kept. */
export interface Retention {
  readonly askedDays: number;
  /** What the repository grants: never more than its own limit. */
  readonly grantedDays: number;
}

/** The service lowers a retention above the repository's limit without a word to the caller; this tells the truth. */
export function retention(askedDays: number, limitDays: number | undefined): Retention {
  return { askedDays, grantedDays: Math.min(askedDays, limitDays ?? askedDays) };
}

/** When an artifact that is made at `created` goes: counted in local days, as `@actions/artifact` counts. */
export function expiry(created: Date, { grantedDays }: Retention): Date {
  const time = new Date(created);
  time.setDate(time.getDate() + grantedDays);
  return time;
}

/** The retention in words, with both numbers where they differ. */
export function retentionInWords({ askedDays, grantedDays }: Retention): string {
  const granted = grantedDays === 1 ? '1 day' : `${grantedDays} days`;
  return askedDays === grantedDays
    ? granted
    : `${granted}: ${askedDays} were asked for, the repository grants at most ${grantedDays}`;
}
