/** A name as an identifier of SQL, whatever it holds. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name of something in a schema; the schema may be empty. */
export function qualified(schema: string, name: string): string {
  return schema === '' ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** A string that means the same whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}
