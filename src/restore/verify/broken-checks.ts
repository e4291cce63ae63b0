import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import type { BrokenCheck } from '../plan/plan-broken-checks.ts';

const COLUMNS = 4;
const BROKEN_CHECKS_SQL = `
SELECT n.nspname, c.relname, k.conname, k.conislocal
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND NOT k.convalidated
ORDER BY 1, 2, 3;`;

/**
 * Asks the catalog which CHECK constraints are NOT VALID: those that were so in the origin as well.
 *
 * @throws UserError when the server cannot be asked.
 */
export async function findBrokenChecks(session: PgSession): Promise<readonly BrokenCheck[]> {
  const rows = await session.query(BROKEN_CHECKS_SQL, COLUMNS).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  return rows.map(([schema = '', table = '', name = '', isLocal]) => {
    return { schema, table, name, isLocal: isLocal === 't' };
  });
}
