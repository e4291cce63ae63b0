/** What the filter inputs select, as patterns of psql (see `pg_dump --table`). */
export interface DumpFilters {
  readonly schemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  readonly tables: readonly string[];
  readonly excludeTables: readonly string[];
  readonly excludeTableData: readonly string[];
}
