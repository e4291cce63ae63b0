import { FAMILY_MEMBERS, PART_SETTINGS, RELATION_SETTINGS } from './attached-settings.ts';
import { OBJECT_QUERIES, USER_SCHEMA, catalogOid, ofExtension } from './object-kinds.ts';

/** Catalogs of the parts that are named themselves. */
const NAMED_PARTS = [
  'pg_class',
  'pg_constraint',
  'pg_policy',
  'pg_rewrite',
  'pg_statistic_ext',
  'pg_trigger',
];

/** Texts about objects: the kind, and its catalog. */
const TEXTS = [
  ['comment', 'pg_description'],
  ['security label', 'pg_seclabel'],
] as const;

/** What has privileges: its catalog, their column and its owner's. The last have some for PUBLIC from the beginning. */
const PRIVILEGED = [
  ['pg_class', 'relacl', 'relowner'],
  ['pg_foreign_data_wrapper', 'fdwacl', 'fdwowner'],
  ['pg_foreign_server', 'srvacl', 'srvowner'],
] as const;
const OPEN_TO_PUBLIC = [
  ['pg_language', 'lanacl', 'lanowner'],
  ['pg_proc', 'proacl', 'proowner'],
  ['pg_type', 'typacl', 'typowner'],
] as const;

/**
 * The objects that a restore can replace, and what is dropped with each: whatever depends on it alone (`pg_depend`), and
 * what depends on that in turn. Other objects, such as partitions, are not among it: they stand for themselves.
 */
const PARTS = `
WITH RECURSIVE object (type, schema, name, class, id, owner) AS MATERIALIZED (
  SELECT 'relation', n.nspname::text, c.relname::text, ${catalogOid('pg_class')}, c.oid, c.relowner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND ${USER_SCHEMA} AND NOT ${ofExtension('pg_class', 'c')}
  ${OBJECT_QUERIES.map((sql) => `UNION ALL ${sql}`).join('\n  ')}
),
part (type, schema, object, class, id, own) AS MATERIALIZED (
  SELECT type, schema, name, class, id, true FROM object
  UNION
  SELECT p.type, p.schema, p.object, d.classid, d.objid, false
  FROM part p JOIN pg_catalog.pg_depend d ON d.refclassid = p.class AND d.refobjid = p.id AND d.deptype IN ('a', 'i', 'S')
  WHERE NOT EXISTS (SELECT FROM object o WHERE o.class = d.classid AND o.id = d.objid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c
                    WHERE d.classid = ${catalogOid('pg_class')} AND c.oid = d.objid AND c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f', 't'))
)`;

/** The name of a part `p`, from what `pg_identify_object_as_address` says of it. */
const PART_NAME = `CASE x.type WHEN 'domain constraint' THEN x.object_args[1]
  ELSE x.object_names[pg_catalog.array_upper(x.object_names, 1)] END`;

/** The rows about objects of every kind, but for large objects: one each, as `attachedSql` has them. */
const ROWS = [
  partRows(),
  `SELECT o.type, 'owner', o.schema, o.name, pg_catalog.pg_get_userbyid(o.owner), NULL FROM object o WHERE o.owner IS NOT NULL`,
  `SELECT p.type, 'subscription', p.schema, p.object, s.subname, NULL
FROM part p JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = p.id JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
WHERE p.class = ${catalogOid('pg_class')} AND p.own`,
  `SELECT p.type, 'parent', p.schema, p.object, c.relname, NULL
FROM part p JOIN pg_catalog.pg_inherits i ON i.inhrelid = p.id JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
WHERE p.class = ${catalogOid('pg_class')} AND p.own`,
  ...TEXTS.map(
    ([
      kind,
      catalog,
    ]) => `SELECT p.type, '${kind}', p.schema, p.object, CASE WHEN NOT p.own OR t.objsubid > 0 THEN ${PART_NAME} END,
  CASE WHEN t.objsubid > 0 THEN 'COLUMN' WHEN p.own THEN ''
       WHEN x.type = 'statistics object' THEN 'STATISTICS' WHEN x.type LIKE '%constraint' THEN 'CONSTRAINT' ELSE pg_catalog.upper(x.type) END
FROM part p JOIN pg_catalog.${catalog} t ON t.classoid = p.class AND t.objoid = p.id
CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(t.classoid, t.objoid, t.objsubid) x`,
  ),
  ...[...PRIVILEGED, ...OPEN_TO_PUBLIC].map(([catalog, acl, owner]) =>
    privilegeRows(
      `pg_catalog.${catalog} c ON c.oid = p.id AND p.class = ${catalogOid(catalog)}`,
      { acl: `c.${acl}`, owner: `c.${owner}`, privilege: 'a.privilege_type' },
      OPEN_TO_PUBLIC.some(([open]) => open === catalog) ? 'a.grantee <> 0' : 'true',
    ),
  ),
  privilegeRows(
    `pg_catalog.pg_class c ON c.oid = p.id AND p.class = ${catalogOid('pg_class')} JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid`,
    {
      acl: 't.attacl',
      owner: 'c.relowner',
      privilege: `a.privilege_type || '(' || pg_catalog.quote_ident(t.attname) || ')'`,
    },
    'true',
  ),
  ...OPEN_TO_PUBLIC.map(
    ([catalog, acl]) => `SELECT p.type, 'closed', p.schema, p.object, NULL, NULL
FROM part p JOIN pg_catalog.${catalog} c ON c.oid = p.id AND p.class = ${catalogOid(catalog)}
WHERE p.own AND c.${acl} IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.${acl}) a WHERE a.grantee = 0)`,
  ),
  ...RELATION_SETTINGS,
  ...PART_SETTINGS,
  ...FAMILY_MEMBERS,
];

/**
 * What vanishes from the target with an object that is dropped, because it is attached to it: one row each, with the
 * object's type (as `identityOf` has it), the kind, the object's schema and name, its own name, and more. Works on
 * PostgreSQL 13 to 18.
 */
export function attachedSql(): string {
  const rows = ROWS.join('\nUNION ALL ');
  return [
    `${PARTS}
SELECT DISTINCT 'attached ' || r.type, r.kind, r.schema, r.object, r.name, r.detail
FROM (${rows}) r (type, kind, schema, object, name, detail) ORDER BY 1, 2, 3, 4, 5, 6;`,
    LARGE_OBJECTS,
    PUBLICATIONS,
  ].join('\n');
}

/** Triggers, rules and the like that have a name of their own; not what comes with something else of it. */
function partRows(): string {
  const not = (catalog: string, condition: string): string =>
    `NOT EXISTS (SELECT FROM pg_catalog.${catalog} k WHERE p.class = ${catalogOid(catalog)} AND k.oid = p.id AND (${condition}))`;
  return `SELECT p.type, x.type, p.schema, p.object, ${PART_NAME},
  CASE WHEN x.type = 'trigger' AND x.object_names[1:2] <> ARRAY[p.schema, p.object] THEN x.object_names[2] || ' ' || x.object_names[3] END
FROM part p CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(p.class, p.id, 0) x
WHERE NOT p.own AND p.class IN (${NAMED_PARTS.map(catalogOid).join(', ')})
  AND x.type IN ('trigger', 'rule', 'policy', 'statistics object', 'index', 'table constraint', 'domain constraint')
  AND ${not('pg_rewrite', `k.rulename = '_RETURN'`)}
  AND ${not('pg_trigger', 'k.tgisinternal OR k.tgparentid <> 0')}
  AND ${not('pg_constraint', `k.contype IN ('n', 't') OR k.conparentid <> 0 OR (k.conrelid <> 0 AND NOT k.conislocal)`)}
  AND ${not('pg_class', 'k.relispartition')}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE p.class = ${catalogOid('pg_class')} AND k.conindid = p.id AND k.contype IN ('p', 'u', 'x'))`;
}

function privilegeRows(
  join: string,
  { acl, owner, privilege }: { readonly acl: string; readonly owner: string; readonly privilege: string },
  condition: string,
): string {
  return `SELECT p.type, 'privilege', p.schema, p.object, g.rolname, ${privilege}
FROM part p JOIN ${join} CROSS JOIN LATERAL pg_catalog.aclexplode(${acl}) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE p.own AND a.grantee <> ${owner} AND ${condition}`;
}

/** There may be millions of large objects: their owners only where it is another role. */
const LARGE_OBJECTS = [
  ...TEXTS.map(
    ([kind, catalog]) => `SELECT 'attached large object', '${kind}', NULL, x.objoid, NULL, NULL
FROM pg_catalog.${catalog} x WHERE x.classoid = ${catalogOid('pg_largeobject')};`,
  ),
  `SELECT 'attached large object', 'privilege', NULL, l.oid, g.rolname, a.privilege_type
FROM pg_catalog.pg_largeobject_metadata l CROSS JOIN LATERAL pg_catalog.aclexplode(l.lomacl) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee WHERE a.grantee <> l.lomowner;`,
  `SELECT 'attached large object', 'owner', NULL, l.oid, g.rolname, NULL
FROM pg_catalog.pg_largeobject_metadata l JOIN pg_catalog.pg_roles g ON g.oid = l.lomowner WHERE g.rolname <> current_user;`,
].join('\n');

/** Memberships of tables in publications, each with its columns and its row filter, where the role may restore it; and of schemas. */
const PUBLICATIONS = publications();

function publications(): string {
  const memberships = (more: string): string => `
SELECT 'attached relation', 'publication', n.nspname, c.relname, p.pubname,
  CASE WHEN pg_catalog.pg_has_role(p.pubowner, 'USAGE') THEN ' '${more} END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_publication_rel r ON r.prrelid = c.oid JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
WHERE ${USER_SCHEMA};`;
  // PostgreSQL 15 added the columns of the catalog, and schemas.
  return `
SELECT pg_catalog.current_setting('server_version_num')::int >= 150000 AS has_filters \\gset
\\if :has_filters${memberships(`
    || coalesce('(' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.place)
                        FROM pg_catalog.unnest(r.prattrs::int2[]) WITH ORDINALITY k (number, place)
                        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) || ')', '')
    || coalesce(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', '')`)}
SELECT 'attached PUBLICATION', 'schema of a publication', NULL, p.pubname, n.nspname, NULL
FROM pg_catalog.pg_publication_namespace m JOIN pg_catalog.pg_publication p ON p.oid = m.pnpubid JOIN pg_catalog.pg_namespace n ON n.oid = m.pnnspid;
\\else${memberships('')}
\\endif`;
}
