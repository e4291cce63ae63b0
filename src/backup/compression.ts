import { UserError } from '../errors.ts';
import { quote } from '../runner/inputs/parsers.ts';

/** How `pg_dump` compresses the archive. */
export interface Compression {
  readonly method: 'zstd' | 'gzip' | 'lz4' | 'none';
  /** As the input says it, for people and the record. */
  readonly name: string;
  /** What `--compress` takes. */
  readonly spec: string;
}

/** The levels that `pg_dump` takes, by method (documentation of `pg_dump --compress`). */
const LEVELS = {
  zstd: { min: 1, max: 22 },
  gzip: { min: 1, max: 9 },
  lz4: { min: 1, max: 12 },
} as const;

/** The first `pg_dump` that takes a method by its name: before it, a bare number meant gzip. */
const FIRST_MAJOR_WITH_METHODS = 16;

/**
 * Reads `method`, or `method:level`.
 *
 * @param major the version of the client tools, because `zstd` and `lz4` need 16.
 * @throws UserError naming the input, the value and what is allowed.
 */
export function compression(input: string, value: string, major: number): Compression {
  const [method = '', level, ...more] = value.split(':');
  if (value === 'none') return { method: 'none', name: value, spec: '0' };
  if (!isMethod(method) || more.length > 0) {
    throw new UserError(
      'invalid-input',
      `${input}: ${quote(value)} is not a compression method of pg_dump.`,
      `Write zstd, gzip or lz4 with a level (for example "${input}: zstd:3"), or none.`,
    );
  }
  const range = LEVELS[method];
  if (
    level !== undefined &&
    !(/^\d{1,2}$/.test(level) && Number(level) >= range.min && Number(level) <= range.max)
  ) {
    throw new UserError(
      'invalid-input',
      `${input}: the level of ${quote(value)} must be between ${range.min} and ${range.max}.`,
      `Write for example "${input}: ${method}:${method === 'gzip' ? 6 : 3}".`,
    );
  }
  if (major >= FIRST_MAJOR_WITH_METHODS) return { method, name: value, spec: value };
  if (method === 'gzip') return { method, name: value, spec: level ?? '6' };
  throw new UserError(
    'invalid-input',
    `${input}: ${method} needs PostgreSQL ${FIRST_MAJOR_WITH_METHODS} client tools or newer, and postgres-version is ${major}.`,
    `Write "${input}: gzip:6", or raise postgres-version: newer client tools dump older servers.`,
  );
}

function isMethod(method: string): method is keyof typeof LEVELS {
  return Object.hasOwn(LEVELS, method);
}
