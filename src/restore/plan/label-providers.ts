import { quotedIdentifier } from '../../postgres/sql-text.ts';
import type { PgSession } from '../../postgres/session.ts';
import { SqlReader, sqlStatements } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** `security label provider "anon" is not loaded` (`ExecSecLabelStmt` in seclabel.c). */
const NOT_LOADED = '22023';

/** The providers of the security labels of an archive; none of a statement that `pg_dump` does not write. */
export function labelProviders(entries: readonly TocEntry[]): ReadonlySet<string> {
  return new Set(entries.flatMap((entry) => (entry.kind === 'SECURITY LABEL' ? providersOf(entry) : [])));
}

/**
 * Which of these providers the server has not loaded. No catalog lists them: the server is told to remove the label of
 * something that never exists, and looks for the provider first.
 *
 * @throws PsqlError when the server cannot be asked; the signal's reason.
 */
export async function missingProviders(
  session: PgSession,
  providers: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const names = [...providers];
  if (names.length === 0) return new Set();
  const rows = await session.query(
    names
      .map(
        (name, at) => `\\set ON_ERROR_STOP 0
SECURITY LABEL FOR ${quotedIdentifier(name)} ON LARGE OBJECT 0 IS NULL;
\\set ON_ERROR_STOP 1
SELECT '${at}', :'SQLSTATE';
`,
      )
      .join(''),
    2,
  );
  return new Set(rows.flatMap(([at, state]) => (state === NOT_LOADED ? (names[Number(at)] ?? []) : [])));
}

/** The providers of the labels of an entry. */
export function providersOf({ definition }: TocEntry): string[] {
  return sqlStatements(definition).flatMap((sql) => {
    const reader = new SqlReader(sql);
    const isLabel = reader.accept('SECURITY') && reader.accept('LABEL') && reader.accept('FOR');
    return isLabel ? [reader.identifier()] : [];
  });
}
