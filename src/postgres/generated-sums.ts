import { qualified, quotedIdentifier } from './sql-text.ts';

/** The stored generated columns of a table. */
export interface GeneratedColumns {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/**
 * SQL for one row with one value: the number of rows, and a sum over their generated values that does not depend on their
 * order. COPY leaves these values out, so that no archive has them; a restore computes them anew.
 */
export function generatedSumSql({ schema, table, columns }: GeneratedColumns): string {
  const values = `ROW(${columns.map((column) => quotedIdentifier(column)).join(', ')})::text`;
  const number = `('x' || pg_catalog.substr(pg_catalog.md5(${values}), 1, 16))::bit(64)::int8`;
  return `SELECT pg_catalog.count(*) || ' ' || coalesce(pg_catalog.sum(${number}), 0) FROM ONLY ${qualified(schema, table)};`;
}
