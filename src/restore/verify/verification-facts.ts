import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { identifiers, nameKey } from '../../archive/names.ts';
import type { VerificationRequest } from './verification-request.ts';

/** What the catalog says of those expected tables and sequences that exist. */
export interface CatalogFacts {
  /** The parts of the name of each table, partitioned ones aside. */
  readonly names: readonly (readonly string[])[];
  /** Partitioned tables whose rows the archive contains under their own name, instead of under that of their partitions. */
  readonly roots: readonly (readonly string[])[];
  /** Whether rows of a partition itself are expected. */
  readonly hasPartitions: boolean;
  /** Sequences, as the manifest has them. */
  readonly sequences: readonly string[];
  /** Tables, expected or not; those of extensions only if they are expected. */
  readonly tables: readonly (readonly string[])[];
  /** Tables and sequences of extensions that are not expected: their contents are the extension's, and may not be read. */
  readonly ofExtensions: readonly (readonly string[])[];
}

const COLUMNS = 6;
const FACTS_SQL = `
SELECT n.nspname, c.relname, c.relkind, c.relispartition, c.relkind = 'r' AND pg_catalog.row_security_active(c.oid),
       EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND d.objid = c.oid AND d.deptype = 'e')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';`;

/**
 * Asks the catalog about what is expected.
 *
 * @throws UserError when row-level security hides rows from the user: nothing can be verified then.
 */
export async function catalogFacts({ expected, session, role }: VerificationRequest): Promise<CatalogFacts> {
  const rows = await session.query(FACTS_SQL, COLUMNS).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  const wantedTables = new Set(expected.tables.map(({ schema, table }) => nameKey(schema, table)));
  const all = rows.map(([schema = '', name = '', kind, partition, hidden, ofExtension]) => ({
    parts: [schema, name],
    key: nameKey(schema, name),
    kind,
    isPartition: partition === 't',
    isHidden: hidden === 't',
    ofExtension: ofExtension === 't',
  }));
  const isExpected = ({ key }: { readonly key: string }): boolean => wantedTables.has(key);
  const tables = all.filter(({ kind }) => kind !== 'S');
  const there = tables.filter(isExpected);
  const hidden = there.filter(({ isHidden }) => isHidden).map(({ parts }) => parts.join('.'));
  if (hidden.length > 0 && role === undefined) throw hiddenRows(hidden);
  const found = new Set(all.map(({ key }) => key));
  const sequences = expected.sequences.map(({ name }) => name);
  const wanted = new Set([...wantedTables, ...sequences.map(sequenceKey)]);
  return {
    names: there.filter(({ kind }) => kind === 'r').map(({ parts }) => parts),
    roots: there.filter(({ kind }) => kind === 'p').map(({ parts }) => parts),
    hasPartitions: there.some(({ isPartition, kind }) => isPartition && kind === 'r'),
    sequences: sequences.filter((name) => found.has(sequenceKey(name))),
    tables: tables
      .filter((table) => table.kind === 'r' && (!table.ofExtension || isExpected(table)))
      .map(({ parts }) => parts),
    ofExtensions: all
      .filter(({ key, ofExtension }) => ofExtension && !wanted.has(key))
      .map(({ parts }) => parts),
  };
}

function sequenceKey(name: string): string {
  return nameKey(...identifiers(name));
}

function hiddenRows(tables: readonly string[]): UserError {
  return new UserError(
    'verification-failed',
    `The restored database could not be verified: row-level security hides rows from this user in ${someOf(tables.map(plainLine))}.`,
    'FORCE ROW LEVEL SECURITY applies to the owner of a table too. Use a role with BYPASSRLS; or set "verify: false", and check the rows yourself.',
    {
      silent: {
        message: 'The restored database could not be verified: row-level security hides rows from this user.',
      },
    },
  );
}
