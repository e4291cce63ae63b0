import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import { largeObjectsOf } from '../../archive/toc/identity.ts';
import type { PrivilegeStatement } from '../../archive/toc/privileges.ts';
import { plainLine } from '../../runner/plain-text.ts';
import {
  type CatalogPrivilege,
  privilegeDifferences,
  privilegesAfter,
  privilegesInCatalog,
} from './privilege-state.ts';
import type { SchemaExpectation } from './schema-expectation.ts';

/** An owner and privileges that large objects of the target share. */
interface SharedRights {
  readonly owner: string;
  readonly items: readonly CatalogPrivilege[];
}

const COLUMNS = 7;
/** A row for each privilege of the large objects that have the same owner and the same privileges. */
const RIGHTS_SQL = `
SELECT g.place, g.oids, pg_catalog.pg_get_userbyid(g.lomowner), coalesce(pg_catalog.pg_get_userbyid(nullif(a.grantee, 0)), ''),
       pg_catalog.pg_get_userbyid(a.grantor), a.privilege_type, a.is_grantable
FROM (SELECT pg_catalog.row_number() OVER () AS place, l.lomowner, l.lomacl::text::pg_catalog.aclitem[] AS acl,
             pg_catalog.string_agg(l.oid::text, ' ') AS oids
      FROM pg_catalog.pg_largeobject_metadata l GROUP BY l.lomowner, l.lomacl::text) g
LEFT JOIN LATERAL pg_catalog.aclexplode(coalesce(g.acl, pg_catalog.acldefault('L', g.lomowner))) a ON true;`;

/**
 * Compares owners and privileges of the large objects that were restored.
 *
 * @throws UserError when the server cannot be asked.
 */
export async function compareLargeObjects(
  expectation: SchemaExpectation,
  { session, serverMajor }: { readonly session: PgSession; readonly serverMajor: number },
): Promise<{ readonly differences: readonly string[]; readonly objects: number }> {
  const expected = new Map(
    expectation.owned.flatMap(({ entry, owner }) =>
      largeObjectsOf(entry).map((oid) => [oid, owner] as const),
    ),
  );
  if (expected.size === 0) return { differences: [], objects: 0 };
  const found = await rightsInTarget(session);
  const statements = statementsByObject(expectation);
  const dumpMajor = expectation.contents.dumpMajor;
  const object = { tag: 'LARGE OBJECT ', schema: '', serverMajor, dumpMajor, initial: 'known' as const };
  const differences = [...expected].flatMap(([oid, owner]) => {
    const rights = found.get(oid);
    if (rights === undefined) return [`large object ${oid} is missing`];
    const belongs =
      rights.owner === owner
        ? []
        : [`large object ${oid} belongs to ${plainLine(rights.owner)} instead of ${plainLine(owner)}`];
    if (statements === undefined) return belongs;
    const differ = privilegeDifferences(
      privilegesAfter(statements.get(oid) ?? [], { ...object, owner }),
      privilegesInCatalog(rights.items, rights.owner),
      { scope: 'all', initial: 'known', owner: rights.owner },
    );
    if (differ.length === 0) return belongs;
    return [...belongs, `the privileges on large object ${oid} differ (${differ.join(', ')})`];
  });
  return { differences, objects: expected.size };
}

/** The planned statements about each; undefined when none were restored. */
function statementsByObject({
  privileges,
}: SchemaExpectation): ReadonlyMap<string | undefined, readonly PrivilegeStatement[]> | undefined {
  if (privileges === undefined) return undefined;
  return Map.groupBy(
    privileges.flatMap(({ applied }) => applied),
    ({ sql }) => / ON LARGE OBJECT (\d+) /.exec(sql)?.[1],
  );
}

async function rightsInTarget(session: PgSession): Promise<ReadonlyMap<string, SharedRights>> {
  const rows = await session.query(RIGHTS_SQL, COLUMNS).catch((error: unknown) => {
    throw error instanceof PsqlError
      ? diagnosedError('verification-failed', 'The restored database could not be verified', error.stderr)
      : error;
  });
  const groups = new Map<string, { owner: string; oids: string; items: CatalogPrivilege[] }>();
  for (const [
    place = '',
    oids = '',
    owner = '',
    grantee = '',
    grantor = '',
    privilege = '',
    option,
  ] of rows) {
    const group = groups.get(place) ?? { owner, oids, items: [] };
    groups.set(place, group);
    if (privilege !== '') group.items.push({ grantee, grantor, privilege, grantable: option === 't' });
  }
  return new Map(
    [...groups.values()].flatMap(({ oids, ...rights }) => oids.split(' ').map((oid) => [oid, rights])),
  );
}
