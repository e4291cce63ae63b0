/**
 * Questions to the catalogs, each answered in lines that do not depend on OIDs, on the order of creation, or on the
 * server's version; together they say what is in a database. They are asked with an empty search path.
 */

/** What extensions brought is told by the extension itself. */
const isOwn = (catalog: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend own WHERE own.classid = '${catalog}'::regclass AND own.objid = ${oid} AND own.deptype = 'e')`;
const isUser = (namespace: string): string =>
  `${namespace} NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')`;
const IDENTITY = `i.type || ' ' || i.identity`;

/** The catalogs whose objects have a name of their own, and their column for the schema. */
const NAMED = [
  ...['pg_class relnamespace', 'pg_proc pronamespace', 'pg_type typnamespace', 'pg_operator oprnamespace'],
  ...[
    'pg_collation collnamespace',
    'pg_conversion connamespace',
    'pg_opclass opcnamespace',
    'pg_opfamily opfnamespace',
  ],
  ...[
    'pg_ts_config cfgnamespace',
    'pg_ts_dict dictnamespace',
    'pg_ts_parser prsnamespace',
    'pg_ts_template tmplnamespace',
  ],
  ...[
    'pg_statistic_ext stxnamespace',
    'pg_namespace oid',
    'pg_extension',
    'pg_cast',
    'pg_event_trigger',
    'pg_publication',
  ],
  ...[
    'pg_policy',
    'pg_rewrite',
    'pg_trigger',
    'pg_constraint',
    'pg_foreign_data_wrapper',
    'pg_foreign_server',
    'pg_am',
  ],
];

/** Every object there is, by its kind and name. */
const OBJECTS = NAMED.map((entry) => {
  const [catalog = '', namespace] = entry.split(' ');
  const conditions = [
    'o.oid >= 16384',
    isOwn(catalog, 'o.oid'),
    ...(namespace === undefined ? [] : [isUser(`o.${namespace}`)]),
    // Made with something else, under names that the server thinks up; 18 counts NOT NULL among the constraints.
    ...(catalog === 'pg_class' ? [`relkind <> 't'`] : []),
    ...(catalog === 'pg_type' ? [`typcategory <> 'A'`] : []),
    ...(catalog === 'pg_trigger' ? ['NOT tgisinternal'] : []),
    ...(catalog === 'pg_constraint' ? [`contype <> 'n'`, 'conparentid = 0', isUser('connamespace')] : []),
  ];
  return `SELECT ${IDENTITY} FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i WHERE ${conditions.join(' AND ')}`;
}).join(' UNION ALL ');

const TYPES = `
SELECT t.oid::regtype || ' is an enum: ' || (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)
FROM pg_type t WHERE typtype = 'e' AND ${isUser('typnamespace')}
UNION ALL
SELECT concat_ws(' ', t.oid::regtype, 'is a domain:', format_type(typbasetype, typtypmod), CASE WHEN typnotnull THEN 'not null' END,
  'default ' || typdefault, nullif(typcollation::regcollation::text, '-'))
FROM pg_type t WHERE typtype = 'd' AND ${isUser('typnamespace')} AND ${isOwn('pg_type', 't.oid')}
UNION ALL
SELECT concat_ws(' ', t.oid::regtype, 'has the attribute', row_number() OVER (PARTITION BY t.oid ORDER BY attnum), attname,
  format_type(atttypid, atttypmod), nullif(attcollation::regcollation::text, '-'))
FROM pg_type t JOIN pg_class c ON c.oid = typrelid AND relkind = 'c' JOIN pg_attribute a ON attrelid = c.oid AND NOT attisdropped
WHERE ${isUser('typnamespace')}
UNION ALL
SELECT concat_ws(' ', rngtypid::regtype, 'is a range:', rngsubtype::regtype, rngcollation::regcollation, rngmultitypid::regtype, rngsubdiff)
FROM pg_range WHERE rngtypid >= 16384
UNION ALL
SELECT concat_ws(' ', t.oid::regtype, 'is a type:', typisdefined, typlen, typinput, typoutput, typcategory, typstorage, typcollation::regcollation)
FROM pg_type t WHERE typtype IN ('b', 'p') AND typelem = 0 AND ${isUser('typnamespace')} AND ${isOwn('pg_type', 't.oid')}
UNION ALL
SELECT concat_ws(' ', collnamespace::regnamespace || '.' || collname, 'is a collation:', collprovider, collisdeterministic,
  to_jsonb(c) ->> 'collcollate', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'))
FROM pg_collation c WHERE ${isUser('collnamespace')}`;

const TABLES = `
SELECT concat_ws(' ', c.oid::regclass, CASE relkind WHEN 'p' THEN 'is partitioned' WHEN 'f' THEN 'is foreign' ELSE 'is a table' END,
  CASE relpersistence WHEN 'u' THEN 'unlogged' END, CASE WHEN reloftype <> 0 THEN 'like the type ' || reloftype::regtype END,
  CASE WHEN relrowsecurity THEN 'with row security' END, CASE WHEN relforcerowsecurity THEN 'forced' END,
  'replica identity ' || relreplident::text, 'using ' || amname, reloptions, (SELECT reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid),
  'by ' || pg_get_partkeydef(c.oid), CASE WHEN relispartition THEN pg_get_expr(relpartbound, c.oid) END,
  'inherits ' || (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid))
FROM pg_class c LEFT JOIN pg_am m ON m.oid = relam WHERE relkind IN ('r', 'p', 'f') AND ${isUser('relnamespace')}`;

/** The place of a column counts where it is to stay: pg_dump gives inherited columns the order of the parents. */
const COLUMNS = `
SELECT concat_ws(' ', c.oid::regclass || '.' || quote_ident(attname),
  CASE WHEN relispartition OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
    THEN '#' || row_number() OVER (PARTITION BY c.oid ORDER BY attnum) END,
  format_type(atttypid, atttypmod), nullif(attcollation::regcollation::text, '-'), CASE WHEN attnotnull THEN 'not null' END,
  CASE attgenerated WHEN '' THEN 'default ' ELSE 'generated ' || attgenerated::text || ' ' END || pg_get_expr(adbin, adrelid),
  'identity ' || nullif(attidentity::text, ''), 'storage ' || attstorage::text, attcompression,
  'statistics ' || nullif(attstattarget, -1)::text, attoptions, attfdwoptions)
FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND ${isUser('relnamespace')}`;

const CONSTRAINTS = `
SELECT concat_ws(' ', CASE conrelid WHEN 0 THEN contypid::regtype::text ELSE conrelid::regclass::text END,
  CASE conparentid WHEN 0 THEN conname ELSE 'has from its parent' END, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype NOT IN ('n', 't') AND ${isUser('connamespace')} AND ${isOwn('pg_type', 'contypid')}`;

const INDEXES = `
SELECT concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT indisvalid THEN 'invalid' END, CASE WHEN indisclustered THEN 'clustered' END,
  CASE WHEN indisreplident THEN 'replica identity' END, 'attached to ' || (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.indexrelid),
  (SELECT 'statistics ' || string_agg(attnum || '=' || attstattarget, ' ' ORDER BY attnum) FROM pg_attribute
   WHERE attrelid = i.indexrelid AND attstattarget >= 0))
FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE ${isUser('relnamespace')}
UNION ALL
SELECT pg_get_statisticsobjdef(oid) || ' statistics ' || coalesce(stxstattarget, -1) FROM pg_statistic_ext`;

const VIEWS = `
SELECT concat_ws(' ', c.oid::regclass, reloptions, CASE WHEN relispopulated THEN 'filled' END, pg_get_viewdef(c.oid))
FROM pg_class c WHERE relkind IN ('v', 'm') AND ${isUser('relnamespace')}`;

const ROUTINES = `
SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE prokind IN ('f', 'p', 'w') AND ${isUser('pronamespace')} AND ${isOwn('pg_proc', 'p.oid')}
UNION ALL
SELECT concat_ws(' ', aggfnoid, aggkind, aggtransfn, aggfinalfn, aggcombinefn, aggtranstype::regtype, agginitval, aggfinalextra)
FROM pg_aggregate WHERE aggfnoid >= 16384
UNION ALL
SELECT concat_ws(' ', o.oid::regoperator, oprcode, oprcom::regoperator, oprnegate::regoperator, oprcanmerge, oprcanhash)
FROM pg_operator o WHERE ${isUser('oprnamespace')} AND ${isOwn('pg_operator', 'o.oid')}
UNION ALL
SELECT concat_ws(' ', castsource::regtype, castfunc::regprocedure, casttarget::regtype, castcontext, castmethod) FROM pg_cast WHERE oid >= 16384
UNION ALL
SELECT concat_ws(' ', amopfamily, amopstrategy, amopopr::regoperator) FROM (SELECT f.opfname AS amopfamily, amopstrategy, amopopr
  FROM pg_amop a JOIN pg_opfamily f ON f.oid = a.amopfamily WHERE f.oid >= 16384 AND ${isOwn('pg_opfamily', 'f.oid')}) q
UNION ALL
SELECT concat_ws(' ', mapcfg::regconfig, maptokentype, mapseqno, mapdict::regdictionary) FROM pg_ts_config_map WHERE mapcfg >= 16384
UNION ALL
SELECT concat_ws(' ', d.oid::regdictionary, dictinitoption) FROM pg_ts_dict d WHERE ${isUser('dictnamespace')}`;

const REACTIONS = `
SELECT concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled, CASE WHEN tgparentid <> 0 THEN 'of the parent' END)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT pg_get_ruledef(r.oid) || ' ' || ev_enabled::text FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class
WHERE rulename <> '_RETURN' AND ${isUser('relnamespace')}`;

const POLICIES = `
SELECT concat_ws(' ', polname, polrelid::regclass, polcmd, polpermissive,
  (SELECT string_agg(coalesce(rolname, 'public'), ', ' ORDER BY rolname) FROM unnest(polroles) r LEFT JOIN pg_roles ON oid = r),
  pg_get_expr(polqual, polrelid), 'check ' || pg_get_expr(polwithcheck, polrelid)) FROM pg_policy`;

const FOREIGN = `
SELECT concat_ws(' ', fdwname, fdwhandler, fdwoptions) FROM pg_foreign_data_wrapper
UNION ALL SELECT concat_ws(' ', srvname, srvtype, srvversion, srvoptions) FROM pg_foreign_server
UNION ALL SELECT concat_ws(' ', srvname, 'for', usename, umoptions) FROM pg_user_mappings
UNION ALL SELECT concat_ws(' ', ftrelid::regclass, ftoptions) FROM pg_foreign_table`;

const PUBLICATIONS = `
SELECT concat_ws(' ', pubname, puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot) FROM pg_publication
UNION ALL
SELECT concat_ws(' ', pubname, prrelid::regclass, pg_get_expr(prqual, prrelid),
  (SELECT string_agg(attname, ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs::smallint[])))
FROM pg_publication_rel r JOIN pg_publication p ON p.oid = prpubid
UNION ALL
SELECT concat_ws(' ', pubname, 'schema', pnnspid::regnamespace) FROM pg_publication_namespace JOIN pg_publication p ON p.oid = pnpubid`;

const SUBSCRIPTIONS = `
SELECT concat_ws(' ', subname, subenabled, subconninfo, subslotname, subpublications) FROM pg_subscription
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const EVENT_TRIGGERS = `
SELECT concat_ws(' ', evtname, evtevent, evtfoid::regprocedure, evtenabled, evttags) FROM pg_event_trigger`;

/** DROP SUBSCRIPTION leaves its comment behind, which is then a comment on nothing. */
const COMMENTS = `
SELECT ${IDENTITY} || ': ' || description FROM pg_description d, pg_identify_object(classoid, objoid, objsubid) i
WHERE i.identity IS NOT NULL AND (objoid >= 16384 OR classoid = 'pg_namespace'::regclass AND objoid = 2200)
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = classoid AND e.objid = objoid AND e.deptype = 'e')`;

/** The superuser who made the cluster is not among them: the server keeps no record of what belongs to it. */
const OWNERS = `
SELECT ${IDENTITY} || ' belongs to ' || r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = refobjid, pg_identify_object(classid, objid, 0) i
WHERE deptype = 'o' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
  AND i.type NOT IN ('index', 'toast table')`;

/** Catalog, OID, owner, the kind of object for acldefault(), the list, and the number of the column. */
const WITH_PRIVILEGES = `
SELECT 'pg_class'::regclass AS class, oid, relowner AS owner, CASE relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END AS kind, relacl AS acl, 0 AS part
FROM pg_class WHERE ${isUser('relnamespace')} AND relkind NOT IN ('i', 'I', 'c', 't')
UNION ALL SELECT 'pg_class'::regclass, attrelid, relowner, 'c', attacl, attnum FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE attacl IS NOT NULL AND ${isUser('relnamespace')}
UNION ALL SELECT 'pg_proc'::regclass, p.oid, proowner, 'f', proacl, 0 FROM pg_proc p WHERE ${isUser('pronamespace')} AND ${isOwn('pg_proc', 'p.oid')}
UNION ALL SELECT 'pg_type'::regclass, t.oid, typowner, 'T', typacl, 0 FROM pg_type t WHERE typcategory <> 'A' AND ${isUser('typnamespace')} AND ${isOwn('pg_type', 't.oid')}
UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, 'n', nspacl, 0 FROM pg_namespace WHERE ${isUser('oid')}
UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, 'L', lomacl, 0 FROM pg_largeobject_metadata
UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner, 'F', fdwacl, 0 FROM pg_foreign_data_wrapper
UNION ALL SELECT 'pg_foreign_server'::regclass, oid, srvowner, 'S', srvacl, 0 FROM pg_foreign_server`;

/** All privileges of one role together are called ALL, and MAINTAIN does not count: 16 does not have it. */
const PRIVILEGES = `
WITH given AS (SELECT class, oid, part, kind, owner, (aclexplode(coalesce(acl, acldefault(kind, owner)))).* FROM (${WITH_PRIVILEGES}) w)
SELECT concat_ws(' ', ${IDENTITY}, 'grants', CASE WHEN count(*) >= (SELECT count(*) FROM aclexplode(acldefault(kind, owner)) WHERE grantee = owner AND privilege_type <> 'MAINTAIN')
    AND kind <> 'c' AND NOT bool_or(is_grantable) THEN 'ALL'
    ELSE string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type) END,
  'to', CASE grantee WHEN owner THEN 'its owner' WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
  CASE WHEN grantor <> owner THEN 'by ' || pg_get_userbyid(grantor) END)
FROM given, pg_identify_object(class, oid, part) i WHERE privilege_type <> 'MAINTAIN' GROUP BY i.type, i.identity, kind, owner, grantee, grantor
UNION ALL
SELECT concat_ws(' ', 'new', defaclobjtype, 'of', pg_get_userbyid(defaclrole), 'in', CASE WHEN defaclnamespace <> 0 THEN defaclnamespace::regnamespace END, 'grant',
  string_agg(privilege_type || CASE WHEN is_grantable THEN '*' ELSE '' END, ', ' ORDER BY privilege_type), 'to', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END)
FROM pg_default_acl d, aclexplode(defaclacl) GROUP BY d.oid, defaclobjtype, defaclrole, defaclnamespace, grantee`;

const LARGE_OBJECTS = `
SELECT concat_ws(' ', oid, length(lo_get(oid)), md5(lo_get(oid))) FROM pg_largeobject_metadata`;

/** The questions by the section of the answer. */
export const CATALOG_FACTS = {
  schemas: `SELECT nspname FROM pg_namespace WHERE ${isUser('oid')}`,
  extensions: `SELECT extname || ' in ' || extnamespace::regnamespace FROM pg_extension`,
  objects: OBJECTS,
  types: TYPES,
  tables: TABLES,
  columns: COLUMNS,
  constraints: CONSTRAINTS,
  indexes: INDEXES,
  views: VIEWS,
  routines: ROUTINES,
  reactions: REACTIONS,
  policies: POLICIES,
  foreign: FOREIGN,
  publications: PUBLICATIONS,
  subscriptions: SUBSCRIPTIONS,
  'event triggers': EVENT_TRIGGERS,
  comments: COMMENTS,
  owners: OWNERS,
  privileges: PRIVILEGES,
  'large objects': LARGE_OBJECTS,
} as const;

/**
 * The relations that hold rows, each with its columns in the order of their names. A table partitioned by hash is one of
 * them, and its partitions are not: which of them a row is in depends on OIDs when the key is an enum.
 */
export const ROW_HOLDERS = `
SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || c.oid::regclass AS source,
  (SELECT coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attname COLLATE "C"), '') FROM pg_attribute
   WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
FROM pg_class c LEFT JOIN pg_partitioned_table ON partrelid = c.oid
WHERE (relkind = 'r' OR relkind = 'm' AND relispopulated OR partstrat = 'h')
  AND NOT EXISTS (SELECT FROM pg_inherits JOIN pg_partitioned_table ON partrelid = inhparent WHERE inhrelid = c.oid AND partstrat = 'h')
  AND ${isUser('relnamespace')} AND ${isOwn('pg_class', 'c.oid')}`;

export const SEQUENCES = `
SELECT c.oid::regclass::text AS name, concat_ws(' ', format_type(seqtypid, NULL), seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
  relpersistence, (SELECT deptype::text || ' ' || refobjid::regclass || '.' || attname FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)) AS facts
FROM pg_class c JOIN pg_sequence ON seqrelid = c.oid WHERE ${isUser('relnamespace')} AND ${isOwn('pg_class', 'c.oid')}`;
