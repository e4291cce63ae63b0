/**
 * The first minor version of each major whose psql does not run commands that are hidden in a dump, and whose pg_dump and
 * pg_restore write `\restrict` (CVE-2025-8714 and -8715, https://www.postgresql.org/support/security/CVE-2025-8714/).
 */
const FIRST_SAFE_MINOR: ReadonlyMap<number, number> = new Map([
  [13, 22],
  [14, 19],
  [15, 14],
  [16, 10],
  [17, 6],
  [18, 0],
]);

/** The oldest of them. */
const OLDEST_SAFE = '13.22';

/**
 * The oldest version that may be used in place of one that is too old for a hostile archive.
 *
 * @param version as a tool prints it, such as `17.2` or `18beta1`.
 * @returns for example `17.6`; undefined when the version is safe. Majors before 13 have no safe version: the oldest
 *   that has one is named.
 */
export function safeVersionInstead(version: string): string | undefined {
  const [, major, minor] = /^(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (Number(major) > Math.max(...FIRST_SAFE_MINOR.keys())) return undefined;
  const safe = FIRST_SAFE_MINOR.get(Number(major));
  if (safe === undefined) return OLDEST_SAFE;
  // A beta has no minor version, and came before the first release.
  return minor !== undefined && Number(minor) >= safe ? undefined : `${major ?? ''}.${safe}`;
}
