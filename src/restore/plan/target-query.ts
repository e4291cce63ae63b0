import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { attachedSql } from './attached-query.ts';

/** How many values each row has. The first says what the row is about. */
export const TARGET_COLUMNS = 6;

const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** It belongs to an extension, and contains nothing of the user's. */
function ofExtension(catalog: string, alias: string, types = `'e'`): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
    AND e.objid = ${alias}.oid AND e.deptype IN (${types}))`;
}

/** It was created with something else: an extension, or a table its row type, a type its array, a range its functions. */
function isDependent(catalog: string, alias: string): string {
  return ofExtension(catalog, alias, `'e', 'i'`);
}

/** Something that has a schema: the catalog it is in, and how the archive calls it. */
interface ObjectKind {
  readonly catalog: string;
  /** The beginning of the names of the catalog's columns. */
  readonly prefix: string;
  readonly kind: string;
  /** SQL, where the archive calls it by more than its name. */
  readonly name?: string;
  readonly join?: string;
}

function objects({ catalog, prefix, kind, name, join = '' }: ObjectKind): string {
  return `
SELECT 'object', '${kind}', n.nspname, ${name ?? `o.${prefix}name`}, NULL, NULL
FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${prefix}namespace ${join}
WHERE ${USER_SCHEMA} AND NOT ${isDependent(catalog, 'o')};`;
}

/** Something without a schema that the user made: its OID is not one of those that every database starts with. */
function globals(catalog: string, kind: string, name: string): string {
  return `
SELECT 'object', '${kind}', NULL, ${name}, NULL, NULL FROM pg_catalog.${catalog} o
WHERE o.oid >= 16384 AND NOT ${isDependent(catalog, 'o')};`;
}

/** The types of a routine's arguments, as pg_dump's `format_function_signature` writes them. */
const ARGUMENTS = `(SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', ' ORDER BY a.place)
  FROM pg_catalog.unnest(o.proargtypes::pg_catalog.oid[]) WITH ORDINALITY a (type, place))`;

const ROUTINE = `o.proname || '(' || coalesce(${ARGUMENTS}, '') || ')'`;

const OPERANDS = ['oprleft', 'oprright'].map(
  (side) => `CASE o.${side} WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(o.${side}, NULL) END`,
);

function accessMethod(prefix: string): Pick<ObjectKind, 'name' | 'join'> {
  return {
    name: `o.${prefix}name || ' USING ' || pg_catalog.quote_ident(m.amname)`,
    join: `JOIN pg_catalog.pg_am m ON m.oid = o.${prefix}method`,
  };
}

const OBJECT_KINDS: readonly ObjectKind[] = [
  { catalog: 'pg_type', prefix: 'typ', kind: 'type' },
  {
    catalog: 'pg_proc',
    prefix: 'pro',
    kind: 'routine',
    name: ROUTINE,
  },
  { catalog: 'pg_collation', prefix: 'coll', kind: 'COLLATION' },
  { catalog: 'pg_conversion', prefix: 'con', kind: 'CONVERSION' },
  { catalog: 'pg_ts_config', prefix: 'cfg', kind: 'TEXT SEARCH CONFIGURATION' },
  { catalog: 'pg_ts_dict', prefix: 'dict', kind: 'TEXT SEARCH DICTIONARY' },
  { catalog: 'pg_ts_parser', prefix: 'prs', kind: 'TEXT SEARCH PARSER' },
  { catalog: 'pg_ts_template', prefix: 'tmpl', kind: 'TEXT SEARCH TEMPLATE' },
  {
    catalog: 'pg_operator',
    prefix: 'opr',
    kind: 'OPERATOR',
    name: `o.oprname || ' (' || ${OPERANDS.join(` || ', ' || `)} || ')'`,
  },
  { catalog: 'pg_opclass', prefix: 'opc', kind: 'OPERATOR CLASS', ...accessMethod('opc') },
  { catalog: 'pg_opfamily', prefix: 'opf', kind: 'OPERATOR FAMILY', ...accessMethod('opf') },
];

const CAST_NAME = `'CAST (' || pg_catalog.format_type(o.castsource, NULL) || ' AS ' || pg_catalog.format_type(o.casttarget, NULL) || ')'`;

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
    ...(attached ? [attachedSql(USER_SCHEMA, ROUTINE)] : []),
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
         AND pg_catalog.pg_has_role(r.oid, 'USAGE'), r.rolsuper, NULL
FROM pg_catalog.pg_roles r;
SELECT 'default privileges', n.nspname, d.defaclobjtype, g.rolname, NULL, NULL
FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a ON true LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE d.defaclrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user);
SELECT 'schema', n.nspname, NULL, pg_catalog.pg_has_role(n.nspowner, 'USAGE'),
       pg_catalog.has_schema_privilege(n.oid, 'CREATE'), NULL
FROM pg_catalog.pg_namespace n WHERE ${USER_SCHEMA};
SELECT 'creator', n.nspname, g.rolname, NULL, NULL, NULL
FROM pg_catalog.pg_namespace n CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE a.privilege_type = 'CREATE' AND ${USER_SCHEMA};
SELECT 'tablespace', t.spcname, NULL, NULL, NULL, NULL FROM pg_catalog.pg_tablespace t;
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
${OBJECT_KINDS.map(objects).join('')}
${globals('pg_cast', 'CAST', CAST_NAME)}
${globals('pg_language', 'PROCEDURAL LANGUAGE', 'o.lanname')}
${globals('pg_am', 'ACCESS METHOD', 'o.amname')}
${globals('pg_foreign_data_wrapper', 'FOREIGN DATA WRAPPER', 'o.fdwname')}
${globals('pg_foreign_server', 'SERVER', 'o.srvname')}
${globals('pg_event_trigger', 'EVENT TRIGGER', 'o.evtname')}
${globals('pg_publication', 'PUBLICATION', 'o.pubname')}
SELECT 'object', 'USER MAPPING', NULL, 'USER MAPPING ' || u.usename || ' SERVER ' || u.srvname, NULL, NULL
FROM pg_catalog.pg_user_mappings u;
SELECT 'large objects', pg_catalog.string_agg(l.oid::text, ' '), NULL, NULL, NULL, NULL
FROM pg_catalog.pg_largeobject_metadata l HAVING pg_catalog.count(*) > 0;
`;
