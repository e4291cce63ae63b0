import { UserError } from '../errors.ts';
import { NEWEST_MAJOR, type PostgresVersion } from './postgres-version.ts';

/** What `auto` uses by default: the version whose archives most servers can restore. */
const DEFAULT_MAJOR = 17;

/** The oldest tools that `auto` uses: from this version on, `pg_dump` accepts every compression method by name. */
const OLDEST_AUTOMATIC = 16;

/**
 * The major versions that can be used, the best first. The first that is available is used; if none is, the first of
 * all is installed.
 *
 * `auto` prefers 17, or the server's version when that is newer; any available version that can dump the server will
 * do, the newest first. Before the server's version is known, any version can ask for it: psql connects to newer servers.
 *
 * @param serverMajor the major version of the server, or of an archive; undefined before it is known.
 * @throws UserError when `auto` meets a server that no known version can dump.
 */
export function preferredMajors(version: PostgresVersion, serverMajor?: number): number[] {
  if (version.kind === 'major') return [version.major];
  if (serverMajor !== undefined && serverMajor > NEWEST_MAJOR) {
    throw new UserError(
      'tools-unavailable',
      `PostgreSQL ${serverMajor} is newer than all client tools that this action supports (up to ${NEWEST_MAJOR}).`,
      'Use a newer version of this action.',
    );
  }
  const wanted = Math.max(DEFAULT_MAJOR, serverMajor ?? 0);
  const oldest = Math.max(OLDEST_AUTOMATIC, serverMajor ?? 0);
  const others = [];
  for (let major = NEWEST_MAJOR; major >= oldest; major--) if (major !== wanted) others.push(major);
  return [wanted, ...others];
}
