/** A name as an identifier of SQL, whatever it contains. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name of something in a schema; the schema may be empty. */
export function qualified(schema: string, name: string): string {
  return schema === '' ? quotedIdentifier(name) : `${quotedIdentifier(schema)}.${quotedIdentifier(name)}`;
}

/** A string of SQL that means the same whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}
