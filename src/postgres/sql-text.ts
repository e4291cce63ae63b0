/** A name as an SQL identifier in quotes. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name; the schema may be empty. */
export function qualified(schema: string, name: string): string {
  return schema === '' ? quotedIdentifier(name) : `${quotedIdentifier(schema)}.${quotedIdentifier(name)}`;
}

/** An SQL string that does not depend on `standard_conforming_strings`. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}

/** A statement of psql that sets a setting for the transaction, where the server has it. Prints nothing. */
export function setWhereKnown(setting: string, value: string): string {
  const set = `pg_catalog.set_config(name, '${value}', true)`;
  return `SELECT pg_catalog.count(${set}) AS known FROM pg_catalog.pg_settings WHERE name = '${setting}' \\gset`;
}
