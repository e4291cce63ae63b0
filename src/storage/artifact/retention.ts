/** How long an artifact is kept. */
export interface Retention {
  readonly askedDays: number;
  /** What the repository allows: never more than its own limit. */
  readonly grantedDays: number;
}

/** The service silently lowers a retention above the repository's limit; this returns the real one. */
export function retention(askedDays: number, limitDays: number | undefined): Retention {
  return { askedDays, grantedDays: Math.min(askedDays, limitDays ?? askedDays) };
}

/** When an artifact that was created at `created` expires: counted in local days, as in `@actions/artifact`. */
export function expiry(created: Date, { grantedDays }: Retention): Date {
  const time = new Date(created);
  time.setDate(time.getDate() + grantedDays);
  return time;
}

/** A warning where the artifact is deleted earlier than requested; undefined otherwise. */
export function shortenedRetention({ askedDays, grantedDays }: Retention): string | undefined {
  if (grantedDays >= askedDays) return undefined;
  return (
    `retention-days: ${askedDays} days were requested, but this repository allows at most ${grantedDays}: GitHub deletes the artifact after ${grantedDays} days. ` +
    `Raise the limit in the repository's settings (Actions → General), set "retention-days: ${grantedDays}", or store backups in a bucket as well.`
  );
}

/** The retention as text, with both numbers if they differ. */
export function retentionInWords({ askedDays, grantedDays }: Retention): string {
  const granted = grantedDays === 1 ? '1 day' : `${grantedDays} days`;
  return askedDays === grantedDays
    ? granted
    : `${granted}: ${askedDays} were requested, the repository allows at most ${grantedDays}`;
}
