import { isUtf8 } from 'node:buffer';
import { quotedIdentifier } from '../postgres/sql-text.ts';

/** Not `\s`, which a byte of a character of several bytes may be. */
const BARE_IDENTIFIER = /[^ \t\n\r\f\v"'.,();]+/y;

/** The index after the identifier that begins at `at`, as `pg_dump` writes one; `at` itself where none begins. */
export function endOfIdentifier(text: string, at: number): number {
  if (text[at] === '"') {
    const end = endOfQuotes(text, at);
    return end <= at + 2 ? at : end;
  }
  BARE_IDENTIFIER.lastIndex = at;
  return BARE_IDENTIFIER.test(text) ? BARE_IDENTIFIER.lastIndex : at;
}

/** The index after what is quoted from `at` on, where a doubled quote stands for itself; `at` where it does not end. */
export function endOfQuotes(text: string, at: number): number {
  const quote = text.charAt(at);
  for (let from = at + 1; ;) {
    const found = text.indexOf(quote, from);
    if (found === -1) return at;
    if (text[found + 1] !== quote) return found + 1;
    from = found + 2;
  }
}

/** An identifier without its quotes. */
export function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** The identifiers of a qualified name or of a list of columns, as `pg_dump` writes them, without their quotes. */
export function identifiers(text: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfIdentifier(text, at);
    if (end > at) found.push(unquoted(text.slice(at, end)));
    at = Math.max(end, at + 1);
  }
  return found;
}

/** One text for one name, however it is quoted: `pg_dump --quote-all-identifiers` quotes all, versions differ in the words that need it. */
export function nameKey(...parts: readonly string[]): string {
  // No name of PostgreSQL holds a zero byte.
  return parts.join('\0');
}

/**
 * Text of an archive, read as what it is: UTF-8, or else, in a database of another encoding, a character for each byte,
 * so that different names stay different.
 */
export function decoded(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** A pattern of `pg_dump` that matches this very name, whatever it holds: quoted, nothing is folded, and nothing is wild. */
export function exactPattern(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map(quotedIdentifier)
    .join('.');
}

/**
 * The same pattern for a file of `pg_dump --filter`, which knows two escapes within quotes (`read_quoted_string` in filter.c).
 *
 * @returns undefined for a name with a carriage return, which such a file cannot hold.
 */
export function filterPattern(parts: readonly string[]): string | undefined {
  const pattern = exactPattern(parts);
  return pattern.includes('\r') ? undefined : pattern.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
