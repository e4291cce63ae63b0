import type { DumpFilters } from './dump-filters.ts';

/** The whole argument list of `pg_dump`. It contains no secret: the connection is in the environment. */
export function dumpArguments(dump: {
  readonly compression: string;
  readonly filters: DumpFilters;
  readonly extra: readonly string[];
}): string[] {
  const { filters } = dump;
  return [
    '--format=custom',
    `--compress=${dump.compression}`,
    '--verbose',
    '--no-password',
    // An include pattern that matches nothing would otherwise go unnoticed beside one that matches.
    '--strict-names',
    // A lock of another session must not make the job wait until it times out. Safe through a pooler, and a
    // `--lock-wait-timeout` among the user's words comes later and wins.
    '--lock-wait-timeout=120s',
    ...filters.schemas.map((pattern) => `--schema=${pattern}`),
    ...filters.excludeSchemas.map((pattern) => `--exclude-schema=${pattern}`),
    ...filters.tables.map((pattern) => `--table=${pattern}`),
    ...filters.excludeTables.map((pattern) => `--exclude-table=${pattern}`),
    ...filters.excludeTableData.map((pattern) => `--exclude-table-data=${pattern}`),
    ...dump.extra,
  ];
}
