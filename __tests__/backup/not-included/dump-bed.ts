import { type DumpInputs, type DumpedDatabase, dumpDatabase } from '../../../src/backup/dump-database.ts';
import type { DumpFilters } from '../../../src/backup/dump/dump-filters.ts';
import type { NotIncluded } from '../../../src/backup/not-included/not-included.ts';
import { runPreflight } from '../../../src/postgres/preflight.ts';
import type { Environment } from '../../../src/process/run.ts';
import type { TestClientTools } from '../../support/client-tools.ts';

const NO_FILTERS: DumpFilters = {
  ...{ schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] },
};

/** Dumps a database of a real server as a backup does, into nothing. */
export async function dumpOf(
  tools: TestClientTools & { readonly major?: number },
  environment: Environment,
  {
    filters = {},
    ...changes
  }: Partial<Omit<DumpInputs, 'filters'>> & { readonly filters?: Partial<DumpFilters> } = {},
): Promise<DumpedDatabase> {
  const inputs: DumpInputs = {
    allowPooler: false,
    compression: { method: 'none', name: 'none', spec: '0' },
    connectionAttempts: 1,
    dumpArguments: [],
    encryption: undefined,
    jobs: 1,
    ...changes,
    filters: { ...NO_FILTERS, ...filters },
  };
  const database = await runPreflight({
    input: 'connection-string',
    connection: {
      ...{
        environment,
        address: 'here',
        failureHints: [],
        mayBePooled: true,
        limit: undefined,
        failure: () => undefined,
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    tools: { major: 17, environment: {}, ...tools },
    attempts: 1,
    allowPooler: undefined,
    signal: new AbortController().signal,
  });
  return dumpDatabase(inputs, database, [], { spool: undefined, workFolder: 'none' });
}

/** What is not in the dump, as `warning tables of extensions: public.conf (citext)`. */
export function saidOf({ notIncluded }: { readonly notIncluded: readonly NotIncluded[] }): string[] {
  return notIncluded.slice(1).map(({ level, what, names }) => `${level} ${what}: ${names.join(', ')}`);
}
