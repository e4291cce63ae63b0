const IDENTIFIER = '(?:"(?:[^"\\n]|"")*"|[\\w$]+)';
const TABLE = `(${IDENTIFIER}(?:\\.${IDENTIFIER})?)`;
const COLUMNS = `\\((${IDENTIFIER}(?:, ${IDENTIFIER})*)\\)`;
const FOREIGN_KEY = new RegExp(
  `^ALTER TABLE (?:ONLY )?${TABLE}\\s+ADD CONSTRAINT ${IDENTIFIER} FOREIGN KEY ${COLUMNS} REFERENCES ${TABLE}${COLUMNS}`,
);
const EACH = new RegExp(IDENTIFIER, 'g');

/** A query that lists the rows which a foreign key forbids; undefined for another statement than one that adds it. */
export function orphansOf(statement: string): string | undefined {
  const [, child, columns, parent, keys] = FOREIGN_KEY.exec(statement) ?? [];
  if (child === undefined || columns === undefined || parent === undefined || keys === undefined)
    return undefined;
  const of = (alias: string, names: string): string =>
    `(${names.replace(EACH, (name) => `${alias}.${name}`)})`;
  const own = of('c', columns);
  return `SELECT * FROM ${child} c WHERE ${own} IS NOT NULL AND NOT EXISTS (SELECT FROM ${parent} p WHERE ${of('p', keys)} = ${own});`;
}
