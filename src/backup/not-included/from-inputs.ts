import type { DumpFilters } from '../dump/dump-filters.ts';
import type { NotIncluded } from './not-included.ts';

/** What the inputs of a backup leave out, as they say it. */
export function leftOutByInputs(filters: DumpFilters, dumpArguments: readonly string[]): NotIncluded[] {
  const chosen: readonly (readonly [what: string, names: readonly string[], input: string])[] = [
    ['all but these schemas', filters.schemas, 'schemas'],
    ['schemas', filters.excludeSchemas, 'exclude-schemas'],
    ['all but these tables', filters.tables, 'tables'],
    ['tables', filters.excludeTables, 'exclude-tables'],
    ['rows of tables', filters.excludeTableData, 'exclude-table-data'],
    ['what these options leave out', dumpArguments, 'pg-dump-args'],
  ];
  return chosen
    .filter(([, names]) => names.length > 0)
    .map(([what, names, why]) => ({ what, names, why, level: 'info' }));
}
