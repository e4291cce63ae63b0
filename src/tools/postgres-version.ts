import { UserError } from '../errors.ts';
import { quote } from '../runner/inputs/parsers.ts';

/** Which client tools to use: those of one major version, or those that match the server. */
export type PostgresVersion = { readonly kind: 'major'; readonly major: number } | { readonly kind: 'auto' };

/** The major versions whose client tools this action provides. */
const OLDEST_MAJOR = 13;
export const NEWEST_MAJOR = 18;

/**
 * Reads `postgres-version`: a major version, or `auto`.
 *
 * @throws UserError naming the input, the value and what is allowed.
 */
export function postgresVersion(input: string, value: string): PostgresVersion {
  if (value === 'auto') return { kind: 'auto' };
  const major = /^\d{2}$/.test(value) ? Number(value) : Number.NaN;
  if (major >= OLDEST_MAJOR && major <= NEWEST_MAJOR) return { kind: 'major', major };
  const allowed = Array.from({ length: NEWEST_MAJOR - OLDEST_MAJOR + 1 }, (_, index) => OLDEST_MAJOR + index);
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} is not a major version of PostgreSQL that this action supports.`,
    `Write one of ${allowed.join(', ')}, or "${input}: auto" for the version that matches the server.`,
  );
}
