import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import { UserError } from '../../errors.ts';
import { someOf } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { ExpectedContents } from './compare-contents.ts';
import { identifiers, nameKey } from '../../archive/names.ts';
import type { VerificationRequest } from './verification-request.ts';

/** What the catalog says of those expected tables and sequences that exist. */
export interface CatalogFacts {
  /** The parts of each name, partitioned tables aside. */
  readonly names: readonly (readonly string[])[];
  /** Partitioned tables whose rows the archive contains under their own name, instead of under that of their partitions. */
  readonly roots: readonly (readonly string[])[];
  /** Whether rows of a partition itself are expected. */
  readonly hasPartitions: boolean;
}

const COLUMNS = 5;
const FACTS_SQL = `
SELECT n.nspname, c.relname, c.relkind, c.relispartition, c.relkind = 'r' AND pg_catalog.row_security_active(c.oid)
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
  const wanted = expectedKeys(expected);
  const there = rows
    .map(([schema = '', name = '', kind, partition, hidden]) => ({
      parts: [schema, name],
      isRoot: kind === 'p',
      isPartition: partition === 't',
      isHidden: hidden === 't',
    }))
    .filter(({ parts }) => wanted.has(nameKey(...parts)));
  const hidden = there.filter(({ isHidden }) => isHidden).map(({ parts }) => parts.join('.'));
  if (hidden.length > 0 && role === undefined) throw hiddenRows(hidden);
  return {
    names: there.filter(({ isRoot }) => !isRoot).map(({ parts }) => parts),
    roots: there.filter(({ isRoot }) => isRoot).map(({ parts }) => parts),
    hasPartitions: there.some(({ isPartition, isRoot }) => isPartition && !isRoot),
  };
}

function expectedKeys({ tables, sequences }: ExpectedContents): ReadonlySet<string> {
  return new Set([
    ...tables.map(({ schema, table }) => nameKey(schema, table)),
    ...sequences.map(({ name }) => nameKey(...identifiers(name))),
  ]);
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
