import type { PgSession } from '../../postgres/session.ts';
import { differsFromTarget } from '../plan/compare-database.ts';
import { type DatabasePlan, describeStatement } from '../plan/plan-database.ts';
import { TARGET_COLUMNS } from '../plan/target-query.ts';
import { DATABASE_SQL, targetDatabase } from '../plan/target-database.ts';
import { differencesError } from './compare-contents.ts';

const HINT =
  'Make sure that nothing else changes the database while it is restored, and restore again; or set it yourself (ALTER DATABASE).';

/**
 * Makes sure that the database itself is as the plan says.
 *
 * @throws UserError that names what is not; the signal's reason when it was aborted.
 */
export async function verifyDatabase(session: PgSession, expected: DatabasePlan['applied']): Promise<void> {
  if (expected.length === 0) return;
  const rows = await session.query(`BEGIN TRANSACTION READ ONLY;\n${DATABASE_SQL}\nCOMMIT;`, TARGET_COLUMNS);
  const found = targetDatabase((kind) => rows.filter(([first]) => first === kind).map((row) => row.slice(1)));
  const differing = expected.filter((statement) => differsFromTarget(statement, expected, found));
  if (differing.length === 0) return;
  throw differencesError(
    [...new Set(differing.map((statement) => `${describeStatement(statement)} is not as in the backup`))],
    HINT,
  );
}
