import { UserError } from '../errors.ts';
import { NEWEST_MAJOR, type PostgresVersion } from './postgres-version.ts';

/** What `auto` takes when nothing speaks against it: the version whose archives the most servers can restore. */
const DEFAULT_MAJOR = 17;

/** The oldest tools that `auto` takes: from here on, `pg_dump` knows every compression by its name. */
const OLDEST_AUTOMATIC = 16;

/**
 * The major versions that serve, the best first. The first that is at hand is used; when none is, the first of
 * all is fetched.
 *
 * `auto` wants 17, or the server's version when that is newer; what is at hand and can dump the server is as
 * good, the newest first. Before the server is known, any version can ask it: psql talks to newer servers.
 *
 * @param serverMajor the major version of the server, or of an archive; undefined before it is known.
 * @throws UserError when `auto` meets a server that no known version can dump.
 */
export function preferredMajors(version: PostgresVersion, serverMajor?: number): number[] {
  if (version.kind === 'major') return [version.major];
  if (serverMajor !== undefined && serverMajor > NEWEST_MAJOR) {
    throw new UserError(
      'tools-unavailable',
      `PostgreSQL ${serverMajor} is newer than all the client tools that this action knows (up to ${NEWEST_MAJOR}).`,
      'Use a newer version of this action.',
    );
  }
  const wanted = Math.max(DEFAULT_MAJOR, serverMajor ?? 0);
  const oldest = Math.max(OLDEST_AUTOMATIC, serverMajor ?? 0);
  const others = [];
  for (let major = NEWEST_MAJOR; major >= oldest; major--) if (major !== wanted) others.push(major);
  return [wanted, ...others];
}
