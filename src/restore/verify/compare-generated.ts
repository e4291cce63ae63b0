import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { identifiers, nameKey } from '../../archive/names.ts';
import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { generatedSumSql } from '../../postgres/generated-sums.ts';
import { PsqlError } from '../../postgres/psql.ts';
import { quotedIdentifier } from '../../postgres/sql-text.ts';
import type { RecordedGeneratedValues } from '../../storage/record.ts';
import { differencesError } from './compare-contents.ts';
import type { VerificationRequest } from './verification-request.ts';

const HINT =
  'A restore computes these values anew: what a column uses, such as a function, has changed since they were stored. In the database that was backed up, compute them again (UPDATE … SET column = DEFAULT) and make a new backup; or set "verify: false", and check the rows yourself.';

/** What is said where nothing is known of them. */
export const GENERATED_NOT_COMPARED =
  'the values of generated columns, which a restore computes anew (nothing tells what they were)';

/**
 * Compares the values of generated columns, which no archive has, with those in the database that was backed up.
 *
 * @param recorded what they were, as far as it is known.
 * @param restored the tables whose rows were restored.
 * @param entries what was restored.
 * @returns whether all of them were compared.
 * @throws UserError naming the tables whose values differ, or when the server cannot be asked.
 */
export async function compareGenerated(
  recorded: readonly RecordedGeneratedValues[],
  restored: VerificationRequest['expected']['tables'],
  entries: readonly TocEntry[],
  { session, role }: Pick<VerificationRequest, 'session' | 'role'>,
): Promise<boolean> {
  const keys = new Set(restored.map(({ schema, table }) => nameKey(schema, table)));
  const compared = recorded.flatMap(({ name, columns, sum }) => {
    const [schema = '', table = ''] = identifiers(name);
    return keys.has(nameKey(schema, table)) ? [{ name, schema, table, columns, sum }] : [];
  });
  const known = new Set(compared.map(({ schema, table }) => nameKey(schema, table)));
  const all = entries
    .filter(hasGeneratedColumns)
    .every(({ schema, tag }) => known.has(nameKey(schema, tag)) || !keys.has(nameKey(schema, tag)));
  if (compared.length === 0) return all;
  const sql = [
    "BEGIN TRANSACTION READ ONLY; SET LOCAL search_path = ''; SET LOCAL row_security = off;",
    ...(role === undefined ? [] : [`SET LOCAL ROLE ${quotedIdentifier(role)};`]),
    ...compared.map(generatedSumSql),
    'COMMIT;',
  ];
  const rows = await session.query(sql.join('\n'), 1).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  const differences = compared.flatMap(({ name, columns, sum }, at) =>
    rows[at]?.[0] === sum
      ? []
      : [`${name} has other values in its generated columns (${columns.join(', ')})`],
  );
  if (differences.length > 0) throw differencesError(differences, HINT);
  return all;
}

/** Whether a table has stored generated columns; virtual ones are computed whenever they are read. */
function hasGeneratedColumns({ kind, definition }: TocEntry): boolean {
  return kind === 'TABLE' && /\bGENERATED ALWAYS AS \([^]*?\) STORED\b/.test(definition);
}
