import { optionNames } from '../../runner/inputs/tool-options.ts';
import type { DumpFilters } from '../dump/dump-filters.ts';
import type { NotIncluded } from './not-included.ts';

/** Options that add something else than rows, or change how it is dumped or written: the selection stays the same. */
const LEAVES_OUT_NOTHING: ReadonlySet<string> = new Set(
  optionNames(
    '-b --large-objects --blobs -c --clean -C --create --if-exists -v --verbose --disable-dollar-quoting --disable-triggers',
    '--extra-float-digits --load-via-partition-root --lock-wait-timeout --no-sync --quote-all-identifiers --restrict-key',
    '--sequence-data --serializable-deferrable --snapshot --statistics --strict-names --superuser --sync-method',
    '--use-set-session-authorization',
  ),
);

/** What the inputs of a backup leave out, as they say it. */
export function leftOutByInputs(filters: DumpFilters, dumpArguments: readonly string[]): NotIncluded[] {
  const leavingOut = dumpArguments.filter((word) => !LEAVES_OUT_NOTHING.has(word.split('=', 1)[0] ?? ''));
  const chosen: readonly (readonly [what: string, names: readonly string[], input: string])[] = [
    ['all but these schemas', filters.schemas, 'schemas'],
    ['schemas', filters.excludeSchemas, 'exclude-schemas'],
    ['all but these tables', filters.tables, 'tables'],
    ['tables', filters.excludeTables, 'exclude-tables'],
    ['rows of tables', filters.excludeTableData, 'exclude-table-data'],
    ['what these options leave out', leavingOut, 'pg-dump-args'],
  ];
  return chosen
    .filter(([, names]) => names.length > 0)
    .map(([what, names, why]) => ({ what, names, why, level: 'info' }));
}
