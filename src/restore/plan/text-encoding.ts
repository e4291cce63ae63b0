import type { TableEntry } from '../../archive/content/manifest.ts';
import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';

/** Encodings of one byte for each character: every byte is one. */
const SINGLE_BYTE = /^(?:LATIN\d+|WIN\d+|ISO_8859_\d|KOI8[RU])$/;

/**
 * An error if rows would be restored that nobody could read; undefined otherwise. From SQL_ASCII nothing is converted, and
 * since version 14 COPY does not look whether the bytes are valid in the encoding of the database either (`CopyConvertBuf` in
 * copyfromparse.c).
 *
 * @param archive the encoding of the archive, as PostgreSQL names it.
 * @param target the encoding of the database.
 * @param tables what is restored.
 */
export function textError(
  archive: string | undefined,
  target: string,
  tables: readonly Pick<TableEntry, 'name' | 'text'>[],
): UserError | undefined {
  if (archive !== 'SQL_ASCII' || target === 'SQL_ASCII' || SINGLE_BYTE.test(target)) return undefined;
  const invalid = tables.filter(({ text }) => text === 'other' || (text === 'utf8' && target !== 'UTF8'));
  if (invalid.length === 0) return undefined;
  const told = `contain bytes that are not valid in ${target}, the encoding of the target; the backup has the encoding SQL_ASCII, which checks nothing`;
  return new UserError(
    'restore-refused',
    `Rows of ${someOf(invalid.map(({ name }) => plainLine(name)))} ${told}.`,
    `Restore into a database with ENCODING 'SQL_ASCII' (TEMPLATE template0), convert these values there, and back that up.`,
    { silent: { message: `Some rows ${told}.` } },
  );
}
