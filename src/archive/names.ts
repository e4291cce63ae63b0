const IDENTIFIER = /"(?:[^"]|"")+"|[^\s".,]+/g;

/** The identifiers of a qualified name or of a list of columns, as `pg_dump` writes them, without their quotes. */
export function identifiers(text: string): string[] {
  return [...text.matchAll(IDENTIFIER)].map(([identifier]) =>
    identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier,
  );
}

/** One text for one name, however it is quoted: `pg_dump --quote-all-identifiers` quotes all, versions differ in the words that need it. */
export function nameKey(...parts: readonly string[]): string {
  // No name of PostgreSQL holds a zero byte.
  return parts.join('\0');
}

/** A pattern of `pg_dump` that matches this very name, whatever it holds: quoted, nothing is folded, and nothing is wild. */
export function exactPattern(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
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
