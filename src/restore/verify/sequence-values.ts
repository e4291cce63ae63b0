import type { SequenceValue } from '../../archive/content/script-statement.ts';
import { identifiers } from '../../archive/names.ts';
import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import { qualified, quotedIdentifier } from '../../postgres/sql-text.ts';
import type { VerificationRequest } from './verification-request.ts';

/** How many are read in one transaction, which has a lock on each of them until its end. */
const AT_ONCE = 50;

/**
 * Asks the target for the values of sequences. `pg_dump` leaves out some that it was told the names of: that of an identity
 * column of a partitioned table, unless it dumps that table too (`getOwnedSeqs` in pg_dump.c).
 *
 * @param names of sequences that exist, as the manifest has them.
 */
export async function sequenceValues(
  { session, role }: Pick<VerificationRequest, 'session' | 'role'>,
  names: readonly string[],
): Promise<readonly SequenceValue[]> {
  if (names.length === 0) return [];
  const begin = `BEGIN TRANSACTION READ ONLY;${role === undefined ? '' : ` SET LOCAL ROLE ${quotedIdentifier(role)};`}`;
  const statements = names.map((name, at) => {
    const [schema = '', sequence = ''] = identifiers(name);
    const select = `SELECT ${at}, last_value, is_called FROM ${qualified(schema, sequence)};`;
    return at % AT_ONCE === 0 ? `${at === 0 ? '' : 'COMMIT;'}${begin}\n${select}` : select;
  });
  const rows = await session.query([...statements, 'COMMIT;'].join('\n'), 3).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  return rows.map(([at, value = '', called]) => ({
    name: names[Number(at)] ?? '',
    value,
    called: called === 't',
  }));
}
