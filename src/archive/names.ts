import { isUtf8 } from 'node:buffer';
import { quotedIdentifier } from '../postgres/sql-text.ts';

/** Not `\s`, which also matches a byte of a character of several bytes. */
const BARE_IDENTIFIER = /[^ \t\n\r\f\v"'.,();]+/y;

/** The index after the identifier that begins at `at`, as `pg_dump` writes it; `at` when there is none. */
export function endOfIdentifier(text: string, at: number): number {
  if (text[at] === '"') {
    const end = endOfQuotes(text, at);
    return end <= at + 2 ? at : end;
  }
  BARE_IDENTIFIER.lastIndex = at;
  return BARE_IDENTIFIER.test(text) ? BARE_IDENTIFIER.lastIndex : at;
}

/** The index after what is quoted from `at` on, where a doubled quote stands for one; `at` when it does not end. */
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

/** The same text for the same name, however it is quoted: `pg_dump --quote-all-identifiers` quotes every name, and versions quote different words. */
export function nameKey(...parts: readonly string[]): string {
  // No name in PostgreSQL contains a zero byte.
  return parts.join('\0');
}

/**
 * Text of an archive: UTF-8, or in a database of another encoding one character for each byte, so that different names
 * stay different.
 */
export function decoded(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** A pattern of `pg_dump` that matches exactly this name: in quotes there are no wildcards, and case matters. */
export function exactPattern(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map(quotedIdentifier)
    .join('.');
}

/**
 * The same pattern for a file of `pg_dump --filter`, which has two escapes within quotes (`read_quoted_string` in filter.c).
 *
 * @returns undefined for a name with a carriage return, which such a file cannot contain.
 */
export function filterPattern(parts: readonly string[]): string | undefined {
  const pattern = exactPattern(parts);
  return pattern.includes('\r') ? undefined : pattern.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
