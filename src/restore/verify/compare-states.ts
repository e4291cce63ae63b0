import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import { displayName } from '../../archive/toc/entry-names.ts';
import { isRelation } from '../../archive/toc/toc-index.ts';
import { nameKey } from '../../archive/names.ts';
import type { SchemaExpectation } from './schema-expectation.ts';

const COLUMNS = 4;
/**
 * What no dump of the definitions shows: triggers of constraints that are switched off, materialized views without rows, and
 * indexes of partitioned tables that are invalid although each partition has a valid one.
 */
const STATES_SQL = `
SELECT 'constraint', n.nspname, c.relname, coalesce(o.conname, t.tgname)
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_constraint o ON o.oid = t.tgconstraint
WHERE t.tgisinternal AND t.tgenabled = 'D' GROUP BY 1, 2, 3, 4
UNION ALL
SELECT 'materialized view', n.nspname, c.relname, NULL
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND NOT c.relispopulated
UNION ALL
SELECT 'index', n.nspname, c.relname, x.relname
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE x.relkind = 'I' AND NOT i.indisvalid AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_inherits p WHERE p.inhparent = i.indrelid AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_inherits a JOIN pg_catalog.pg_index j ON j.indexrelid = a.inhrelid
    WHERE a.inhparent = i.indexrelid AND j.indrelid = p.inhrelid AND j.indisvalid))
ORDER BY 1, 2, 3, 4;`;

/**
 * Asks the catalog for the state of what was restored, which must be that of something new: what is enforced, filled and valid.
 *
 * @returns the differences.
 * @throws UserError when the server cannot be asked.
 */
export async function compareStates(
  { restored }: Pick<SchemaExpectation, 'restored'>,
  { session }: { readonly session: PgSession },
): Promise<readonly string[]> {
  const rows = await session.query(STATES_SQL, COLUMNS).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  const keysOf = (isOne: (entry: (typeof restored)[number]) => boolean): ReadonlySet<string> =>
    new Set(restored.filter(isOne).map(({ schema, tag }) => nameKey(schema, tag)));
  const relations = keysOf(isRelation);
  const filled = keysOf(({ kind }) => kind === 'MATERIALIZED VIEW DATA');
  return rows.flatMap(([kind = '', schema = '', table = '', name = '']) => {
    const key = nameKey(schema, table);
    const relation = displayName({ kind: '', schema, tag: table });
    const part = displayName({ kind: '', schema, tag: `${table} ${name}` });
    if (kind === 'materialized view')
      return filled.has(key) ? [`the materialized view ${relation} is not filled`] : [];
    if (!relations.has(key)) return [];
    return [
      kind === 'index'
        ? `the index ${part} is invalid`
        : `the constraint ${part} is not enforced: its triggers are disabled`,
    ];
  });
}
