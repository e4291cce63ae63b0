import type { DumpFilters } from './dump-filters.ts';

/** The first `pg_dump` that can take the partitions of a table, and what inherits from it, along with it. */
export const FIRST_WITH_CHILDREN = 16;

/** What `pg_dump` leaves out by itself, but not where a pattern such as `*` matches it (`selectDumpableNamespace` in pg_dump.c). */
const WITHOUT_SYSTEM = ['--exclude-schema=pg_*', '--exclude-schema=information_schema'];

/** What `pg_dump` is to dump, and how: all arguments but those of an `ArchiveWriter`. They contain no secret: the connection is in the environment. */
export function dumpArguments(dump: {
  readonly compression: string;
  readonly filters: DumpFilters;
  readonly extra: readonly string[];
  /** Of `pg_dump`. */
  readonly toolsMajor: number;
}): string[] {
  const { filters } = dump;
  const children = dump.toolsMajor >= FIRST_WITH_CHILDREN ? '-and-children' : '';
  return [
    `--compress=${dump.compression}`,
    '--verbose',
    '--no-password',
    // An include pattern that matches nothing would otherwise go unnoticed beside one that matches.
    '--strict-names',
    // A lock of another session must not make the job wait until it times out. Safe through a pooler, and a
    // `--lock-wait-timeout` among the user's words comes later and wins.
    '--lock-wait-timeout=120s',
    ...filters.schemas.map((pattern) => `--schema=${pattern}`),
    ...(filters.schemas.length > 0 ? WITHOUT_SYSTEM : []),
    ...filters.excludeSchemas.map((pattern) => `--exclude-schema=${pattern}`),
    ...filters.tables.map((pattern) => `--table${children}=${pattern}`),
    ...filters.excludeTables.map((pattern) => `--exclude-table${children}=${pattern}`),
    ...filters.excludeTableData.map((pattern) => `--exclude-table-data${children}=${pattern}`),
    ...dump.extra,
  ];
}
