import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { attachedSql } from './attached-query.ts';
import { DATABASE_SQL } from './target-database.ts';
import { LOSS_QUERY, OBJECT_QUERIES, USER_SCHEMA, ofExtension } from './object-kinds.ts';

/** How many values each row has. The first says what the row is about. */
export const TARGET_COLUMNS = 6;

/**
 * What the target is and contains. One read-only transaction, because through a pooler a plain SET would stay behind; the
 * empty search path makes the names of types as pg_dump writes them. Works on PostgreSQL 13 to 18.
 *
 * @param role whom the user acts as, if as another.
 * @param attached whether to ask for what vanishes with the objects that are dropped.
 */
export function targetSql(role: string | undefined, attached: boolean): string {
  return [
    'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;',
    ...(role === undefined ? [] : [`SET LOCAL ROLE ${quotedIdentifier(role)};`]),
    FACTS_SQL,
    DATABASE_SQL,
    ...(attached ? [attachedSql()] : []),
    'COMMIT;',
  ].join('\n');
}

const FACTS_SQL = `
SET LOCAL lock_timeout = '10s';
SET LOCAL search_path = '';
SELECT 'server', pg_catalog.current_setting('server_version_num'), pg_catalog.current_database(), current_user,
       r.rolsuper, pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user;
SELECT 'role', r.rolname, NULL,
       pg_catalog.pg_has_role(r.oid, CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000
                                          THEN 'SET' ELSE 'MEMBER' END)
         AND pg_catalog.pg_has_role(r.oid, 'USAGE'), r.rolsuper,
       pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CREATE')
FROM pg_catalog.pg_roles r;
SELECT 'default privileges', n.nspname, d.defaclobjtype, g.rolname, NULL, NULL
FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a ON true LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE d.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user);
SELECT 'schema', n.nspname, NULL, pg_catalog.pg_has_role(n.nspowner, 'USAGE'),
       pg_catalog.has_schema_privilege(n.oid, 'CREATE'), NULL
FROM pg_catalog.pg_namespace n WHERE ${USER_SCHEMA};
SELECT 'granted on schema', n.nspname, g.rolname, a.privilege_type, NULL, NULL
FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE ${USER_SCHEMA};
SELECT 'wrapper', w.fdwname, r.rolname, NULL, NULL, NULL FROM pg_catalog.pg_foreign_data_wrapper w
LEFT JOIN pg_catalog.pg_roles r ON pg_catalog.has_foreign_data_wrapper_privilege(r.oid, w.oid, 'USAGE');
SELECT 'tablespace', t.spcname, NULL, NULL, NULL, NULL FROM pg_catalog.pg_tablespace t;
SELECT 'extension', coalesce(x.extname, a.name),
       CASE WHEN x.oid IS NULL THEN a.comment ELSE pg_catalog.obj_description(x.oid, 'pg_extension') END,
       x.oid IS NOT NULL AND pg_catalog.pg_has_role(x.extowner, 'USAGE'), NULL, NULL
FROM pg_catalog.pg_available_extensions() a FULL JOIN pg_catalog.pg_extension x ON x.extname = a.name;
SELECT 'relation', n.nspname, c.relname, c.relkind, c.oid,
       CASE WHEN c.relispartition OR c.relkind = 'S' THEN
         (SELECT pg_catalog.min(d.refobjid::int8) FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
            AND d.refclassid = d.classid AND d.deptype IN ('a', 'i')) END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND ${USER_SCHEMA} AND NOT ${ofExtension('pg_class', 'c')}
ORDER BY n.nspname, c.relname;
SELECT 'object', 'EXTENSION', NULL, x.extname, NULL, NULL FROM pg_catalog.pg_extension x;
SELECT 'object', 'relation of an extension', n.nspname, c.relname, NULL, NULL
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND ${ofExtension('pg_class', 'c')};
${OBJECT_QUERIES.map((sql) => `SELECT 'object', o.kind, o.schema, o.name, o.catalog, o.oid FROM (${sql}) o (kind, schema, name, catalog, oid, owner);`).join('\n')}
SELECT 'loss', o.kind, NULL, o.name, NULL, NULL FROM (${LOSS_QUERY}) o (kind, name);
SELECT 'object', 'USER MAPPING', NULL, 'USER MAPPING ' || u.usename || ' SERVER ' || u.srvname, NULL, NULL
FROM pg_catalog.pg_user_mappings u;
SELECT 'large objects', pg_catalog.string_agg(l.oid::text, ' '), NULL, NULL, NULL, NULL
FROM pg_catalog.pg_largeobject_metadata l HAVING pg_catalog.count(*) > 0;
`;
