const RELATIONS = 'pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace';

/** Catalogs of what depends on a relation and is dropped with it. */
const PARTS = ['pg_class', 'pg_constraint', 'pg_policy', 'pg_rewrite', 'pg_statistic_ext', 'pg_trigger'];

/** Texts about objects: the kind, and its catalog. */
const TEXTS = [
  ['comment', 'pg_description'],
  ['security label', 'pg_seclabel'],
] as const;

/**
 * What vanishes from the target with an object that is dropped, because it is attached to it: one row each, with the
 * kind of object (`relation`, `routine` or `type`), the kind, the object's schema and name, its own name, and more.
 * Works on PostgreSQL 13 to 18.
 *
 * @param userSchema SQL: whether `n` is a schema of the user.
 * @param routine SQL: the name of the routine `o` with the types of its arguments.
 */
export function attachedSql(userSchema: string, routine: string): string {
  const isRelation = `c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND ${userSchema}`;
  const routines = { on: 'routine', catalog: 'pg_proc', prefix: 'pro', name: routine };
  const types = { on: 'type', catalog: 'pg_type', prefix: 'typ', name: 'o.typname' };
  return [
    ...partsSql(isRelation),
    ...relationRightsSql(isRelation),
    ...settingsSql(isRelation),
    publicationsSql(isRelation),
    ...[routines, types].flatMap((kind) => objectSql(userSchema, kind)),
  ].join('\n');
}

function oid(catalog: string): string {
  return `'pg_catalog.${catalog}'::pg_catalog.regclass`;
}

/** Whatever depends on the relation alone; and what the relation is a member of. */
function partsSql(isRelation: string): string[] {
  return [
    `
SELECT DISTINCT 'attached relation', x.type, n.nspname, c.relname, x.object_names[pg_catalog.array_upper(x.object_names, 1)], NULL
FROM ${RELATIONS} JOIN pg_catalog.pg_depend d ON d.refclassid = ${oid('pg_class')} AND d.refobjid = c.oid
CROSS JOIN LATERAL pg_catalog.pg_identify_object_as_address(d.classid, d.objid, 0) x
WHERE ${isRelation} AND d.deptype IN ('a', 'i') AND d.classid IN (${PARTS.map(oid).join(', ')})
  AND x.type IN ('trigger', 'rule', 'policy', 'statistics object', 'index', 'table constraint')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r
                  WHERE d.classid = ${oid('pg_rewrite')} AND r.oid = d.objid AND r.rulename = '_RETURN')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                  WHERE d.classid = ${oid('pg_trigger')} AND t.oid = d.objid
                    AND (t.tgisinternal OR t.tgrelid <> c.oid OR t.tgparentid <> 0))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE d.classid = ${oid('pg_constraint')} AND k.oid = d.objid
                    AND (k.contype IN ('n', 't') OR k.conparentid <> 0 OR NOT k.conislocal))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
                  WHERE d.classid = ${oid('pg_class')} AND k.conindid = d.objid AND k.contype IN ('p', 'u', 'x'));`,
    `
SELECT 'attached relation', 'subscription', n.nspname, c.relname, s.subname, NULL
FROM ${RELATIONS} JOIN pg_catalog.pg_subscription_rel r ON r.srrelid = c.oid JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
WHERE ${isRelation};`,
    `
SELECT 'attached relation', 'parent', n.nspname, c.relname, p.relname, NULL
FROM ${RELATIONS} JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
WHERE ${isRelation};`,
    ...TEXTS.map(
      ([kind, catalog]) => `
SELECT 'attached relation', '${kind}', n.nspname, c.relname,
  (SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = x.objsubid AND x.objsubid > 0), NULL
FROM ${RELATIONS} JOIN pg_catalog.${catalog} x ON x.classoid = ${oid('pg_class')} AND x.objoid = c.oid
WHERE ${isRelation};`,
    ),
  ];
}

function relationRightsSql(isRelation: string): string[] {
  const grantees = (acl: string): string =>
    `CROSS JOIN LATERAL pg_catalog.aclexplode(${acl}) a LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE ${isRelation} AND a.grantee <> c.relowner;`;
  return [
    `
SELECT 'attached relation', 'privilege', n.nspname, c.relname, g.rolname, a.privilege_type
FROM ${RELATIONS} ${grantees('c.relacl')}`,
    `
SELECT 'attached relation', 'privilege', n.nspname, c.relname, g.rolname,
  a.privilege_type || '(' || pg_catalog.quote_ident(t.attname) || ')'
FROM ${RELATIONS} JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid ${grantees('t.attacl')}`,
  ];
}

/** Settings, each with the words by which an archive would set it. */
function settingsSql(isRelation: string): string[] {
  return [
    `
SELECT 'attached relation', 'setting', n.nspname, c.relname, s.name, s.name
FROM ${RELATIONS} CROSS JOIN LATERAL (VALUES
  (CASE WHEN c.relreplident IN ('f', 'i', 'n') THEN 'REPLICA IDENTITY' END),
  (CASE WHEN c.relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END),
  (CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END)) s (name)
WHERE ${isRelation} AND c.relkind IN ('r', 'p') AND s.name IS NOT NULL;`,
    `
SELECT 'attached relation', 'setting', n.nspname, c.relname, s.name, CASE s.name WHEN 'check_option' THEN ' CHECK OPTION' ELSE s.name || '=' END
FROM ${RELATIONS} CROSS JOIN LATERAL (SELECT pg_catalog.split_part(o, '=', 1) FROM pg_catalog.unnest(c.reloptions) o) s (name)
WHERE ${isRelation};`,
    `
SELECT 'attached relation', 'setting', n.nspname, c.relname, s.name, s.name
FROM ${RELATIONS} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (SELECT 'ALTER COLUMN ' || pg_catalog.quote_ident(a.attname) || ' SET ' || v.word FROM (VALUES
  (CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN 'STATISTICS' END),
  (CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE' END),
  (CASE WHEN a.attoptions IS NOT NULL THEN '(' END)) v (word)) s (name)
WHERE ${isRelation} AND c.relkind IN ('r', 'p', 'm', 'f') AND s.name IS NOT NULL;`,
  ];
}

/** Memberships of tables in publications, each with its columns and its row filter, where the role may restore it. */
function publicationsSql(isRelation: string): string {
  const memberships = (more: string): string => `
SELECT 'attached relation', 'publication', n.nspname, c.relname, p.pubname,
  CASE WHEN pg_catalog.pg_has_role(p.pubowner, 'USAGE') THEN ' '${more} END
FROM ${RELATIONS} JOIN pg_catalog.pg_publication_rel r ON r.prrelid = c.oid JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
WHERE ${isRelation};`;
  // PostgreSQL 15 added the columns of the catalog.
  return `
SELECT pg_catalog.current_setting('server_version_num')::int >= 150000 AS has_filters \\gset
\\if :has_filters${memberships(`
    || coalesce('(' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.place)
                        FROM pg_catalog.unnest(r.prattrs::int2[]) WITH ORDINALITY k (number, place)
                        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) || ')', '')
    || coalesce(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', '')`)}
\\else${memberships('')}
\\endif`;
}

/** What is said of objects that are no relations, and granted on them; PUBLIC has its privileges from the beginning. */
function objectSql(
  userSchema: string,
  { on, catalog, prefix, name }: Readonly<Record<'on' | 'catalog' | 'prefix' | 'name', string>>,
): string[] {
  const objects = `pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${prefix}namespace`;
  return [
    ...TEXTS.map(
      ([kind, texts]) => `
SELECT 'attached ${on}', '${kind}', n.nspname, ${name}, NULL, NULL
FROM ${objects} JOIN pg_catalog.${texts} x ON x.classoid = ${oid(catalog)} AND x.objoid = o.oid
WHERE ${userSchema} AND x.objsubid = 0;`,
    ),
    `
SELECT 'attached ${on}', 'privilege', n.nspname, ${name}, g.rolname, a.privilege_type
FROM ${objects} CROSS JOIN LATERAL pg_catalog.aclexplode(o.${prefix}acl) a JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE ${userSchema} AND a.grantee <> o.${prefix}owner;`,
  ];
}
