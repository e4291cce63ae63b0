/**
 * The text of a string as `pg_dump` writes it: in quotes, and after an E where it has backslashes (`appendStringLiteral` in
 * string_utils.c).
 *
 * @returns undefined for anything else, other escapes included.
 */
export function literalValue(sql: string): string | undefined {
  const [, escaped, body = ''] = /^(E?)'([^]*)'$/.exec(sql) ?? [];
  if (escaped === undefined || body.replaceAll("''", '').includes("'")) return undefined;
  const plain = body.replaceAll("''", "'");
  if (escaped === '') return plain.includes('\\') ? undefined : plain;
  return plain.replaceAll('\\\\', '').includes('\\') ? undefined : plain.replaceAll('\\\\', '\\');
}
