import { plainLine } from '../../runner/plain-text.ts';
import { quotedIdentifier } from '../../postgres/sql-text.ts';
import type { PgSession } from '../../postgres/session.ts';
import { type DatabaseChange, type Refusals, refusalKey } from './plan-database.ts';

const SUCCESS = '00000';

/**
 * Why the server refuses changes of the database itself: it makes them all, in a transaction that is rolled back. What a
 * role may set depends on the setting, the version, the libraries that are loaded and the server's own grants.
 *
 * @param changes those that can be made.
 * @throws PsqlError when the server cannot be asked; the signal's reason.
 */
export async function refusedChanges(
  session: PgSession,
  changes: readonly DatabaseChange[],
  { user, major, role }: { readonly user: string; readonly major: number; readonly role: string | undefined },
): Promise<Refusals> {
  const refusals = new Map<string, string>();
  if (changes.length === 0) return refusals;
  const rows = await session.query(
    [
      'BEGIN;',
      "SET LOCAL lock_timeout = '10s';",
      ...(role === undefined ? [] : [`SET LOCAL ROLE ${quotedIdentifier(role)};`]),
      ...changes.map(({ script }, at) => attempt(script, at)),
      'ROLLBACK;',
      '',
    ].join('\n'),
    2,
  );
  for (const [at, state = ''] of rows) {
    const change = changes[Number(at)];
    if (change !== undefined && state !== SUCCESS)
      refusals.set(refusalKey(change), reason(state, user, major));
  }
  return refusals;
}

/** The statements at once, so that an error in one is the error of all. */
function attempt(script: readonly string[], at: number): string {
  return `SAVEPOINT change;
\\set ON_ERROR_STOP 0
${script.join(' \\; ')};
\\set state :SQLSTATE
\\if :ERROR
ROLLBACK TO SAVEPOINT change;
\\endif
\\set ON_ERROR_STOP 1
RELEASE SAVEPOINT change;
SELECT '${at}', :'state';`;
}

/** Never the server's own text, which may contain the value. */
function reason(state: string, user: string, major: number): string {
  switch (state) {
    case '42501':
      return `${plainLine(user)} may not set it`;
    case '42704':
      return `PostgreSQL ${major} does not know it`;
    case '22023':
      return 'the server does not accept the value';
    case '55P02':
      return 'it can only be set for the whole server';
    default:
      return `the server refuses it (SQLSTATE ${plainLine(state)})`;
  }
}
