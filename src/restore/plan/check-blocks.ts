import { literal } from '../../postgres/sql-text.ts';

/** A table by its names. */
interface NamedTable {
  readonly schema: string;
  readonly tag: string;
}

/** Contains the statements from one block to the other; it ends with the transaction. */
const SETTING = 'postgres_backup_action.deferred_checks';

/** As `tablesOfDeferredChecks` has it: what calls a function that is neither PostgreSQL's nor an extension's. */
const CALLS_OWN = `EXISTS (
  SELECT FROM pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
    AND d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
    AND d.refobjid >= 16384
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e'))`;

/** A parent's constraint goes with those that its children have from it; what they have of their own is next then. */
const DROP_BLOCK = `
DECLARE
  schemas text[] := ARRAY[{schemas}]::text[];
  tables text[] := ARRAY[{tables}]::text[];
  statements text[] := ARRAY[]::text[];
  item record;
  dropped boolean;
BEGIN
  LOOP
    dropped := false;
    FOR item IN
      SELECT pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname, pg_catalog.pg_get_constraintdef(k.oid)) AS adding,
        pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS dropping,
        coalesce(pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS ', k.conname, k.conrelid::pg_catalog.regclass)
          || pg_catalog.quote_literal(pg_catalog.obj_description(k.oid, 'pg_constraint')), '') AS comment
      FROM pg_catalog.pg_constraint k
      JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN ROWS FROM (pg_catalog.unnest(schemas), pg_catalog.unnest(tables)) t (schema_name, table_name)
        ON t.schema_name = n.nspname AND t.table_name = c.relname
      WHERE k.contype = 'c' AND k.convalidated AND k.coninhcount = 0 AND ${CALLS_OWN}
    LOOP
      EXECUTE item.dropping;
      statements := statements || item.adding || item.comment;
      dropped := true;
    END LOOP;
    EXIT WHEN NOT dropped;
  END LOOP;
  PERFORM pg_catalog.set_config('${SETTING}', statements::text, true);
END
`;

/** Children before their parents: a valid constraint cannot be merged into one that is not. */
const ADD_BLOCK = `
DECLARE
  statements text[] := pg_catalog.current_setting('${SETTING}')::text[];
BEGIN
  FOR i IN REVERSE pg_catalog.cardinality(statements) - 1 .. 1 BY 2 LOOP
    BEGIN
      EXECUTE statements[i];
    EXCEPTION WHEN check_violation OR raise_exception OR invalid_object_definition THEN
      EXECUTE statements[i] || ' NOT VALID';
    END;
    IF statements[i + 1] <> '' THEN
      EXECUTE statements[i + 1];
    END IF;
  END LOOP;
END
`;

/** A `DO` statement that drops the CHECK constraints of these tables that call functions of the database, and keeps them for {@link ADD_CHECKS}. */
export function dropChecks(tables: readonly NamedTable[]): string {
  const values: Readonly<Record<string, string>> = {
    schemas: tables.map(({ schema }) => literal(schema)).join(','),
    tables: tables.map(({ tag }) => literal(tag)).join(','),
  };
  return doBlock(DROP_BLOCK.replace(/\{(schemas|tables)\}/g, (_, name: string) => values[name] ?? ''));
}

/** A `DO` statement that adds them again, as NOT VALID where rows break them. */
export const ADD_CHECKS = doBlock(ADD_BLOCK);

function doBlock(block: string): string {
  return `DO LANGUAGE plpgsql ${literal(block)}`;
}
