/** The columns of each row: the kind of fact, the schema, the name, and up to three details. */
export const FACT_COLUMNS = 6;

/** Of a user: not of the system, nor a temporary one of a session. */
const OF_USERS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
/** The first OID of what is not made by initdb (`FirstNormalObjectId`). */
const FIRST_OF_USERS = 16_384;

function memberOf(catalogue: string, oid: string): string {
  return `d.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND d.objid = ${oid} AND d.deptype = 'e'`;
}

/** Parts of the query, each with the first version of a server that can answer it. */
const PARTS: readonly (readonly [number, string])[] = [
  [
    9,
    `SELECT 'relation', n.nspname, c.relname, c.relkind, c.relpersistence, NULL
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'f') AND ${OF_USERS}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE ${memberOf('pg_class', 'c.oid')});`,
  ],
  [
    9,
    `SELECT 'extension table', n.nspname, c.relname, e.extname, c.oid = ANY (COALESCE(e.extconfig, '{}')),
  COALESCE((SELECT e.extcondition[i] FROM pg_catalog.generate_subscripts(e.extconfig, 1) i WHERE e.extconfig[i] = c.oid), '')
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON ${memberOf('pg_class', 'c.oid')}
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND pg_catalog.pg_relation_size(c.oid) > 0;`,
  ],
  [9, membersOfOthers('relation', 'pg_class', 'rel', `m.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`)],
  [9, membersOfOthers('function', 'pg_proc', 'pro', 'true')],
  [
    9,
    `SELECT 'invalid index', n.nspname, c.relname, t.relname, NULL, NULL
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready) AND t.relkind <> 'p' AND ${OF_USERS};`,
  ],
  [
    12,
    `SELECT 'generated column', n.nspname, c.relname, a.attname, NULL, NULL
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE a.attgenerated = 's' AND NOT a.attisdropped AND c.relkind = 'r' AND ${OF_USERS};`,
  ],
  [
    9,
    `SELECT 'large objects', '', pg_catalog.count(*)::text, NULL, NULL, NULL FROM pg_catalog.pg_largeobject_metadata;`,
  ],
  [
    9,
    `SELECT 'extension', '', e.extname, e.extversion, NULL, NULL FROM pg_catalog.pg_extension e ORDER BY e.extname;`,
  ],
  [9, ofDatabase('EXTENSION', 'pg_extension', 'ext')],
  [9, ofDatabase('EVENT TRIGGER', 'pg_event_trigger', 'evt')],
  [9, ofDatabase('FOREIGN DATA WRAPPER', 'pg_foreign_data_wrapper', 'fdw')],
  [9, ofDatabase('SERVER', 'pg_foreign_server', 'srv')],
  [9, ofDatabase('PROCEDURAL LANGUAGE', 'pg_language', 'lan')],
  [10, ofDatabase('PUBLICATION', 'pg_publication', 'pub')],
  [
    10,
    `SELECT 'object', '', s.subname, 'SUBSCRIPTION', NULL, NULL FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database());`,
  ],
  [
    9,
    // As the view decides it.
    `SELECT 'hidden mapping', '', u.usename, u.srvname, NULL, NULL
FROM pg_catalog.pg_user_mappings u JOIN pg_catalog.pg_foreign_server s ON s.oid = u.srvid
WHERE u.umoptions IS NULL AND NOT (u.umuser <> 0 AND u.usename = current_user AND pg_catalog.has_server_privilege(s.oid, 'USAGE')
  OR u.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE')
  OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user));`,
  ],
  [
    9,
    `SELECT 'replication slot', '', slot_name, NULL, NULL, NULL FROM pg_catalog.pg_replication_slots
WHERE database = pg_catalog.current_database() AND NOT COALESCE((pg_catalog.to_jsonb(pg_replication_slots) ->> 'temporary')::boolean, false);`,
  ],
  [9, inSystemSchemas('relation', 'pg_class', 'rel', `o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')`)],
  [9, inSystemSchemas('function', 'pg_proc', 'pro', 'true')],
  [
    9,
    `SELECT DISTINCT 'in system schema', n.nspname, c.cfgname || ' (text search configuration)', NULL, NULL, NULL
FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_config c ON c.oid = m.mapcfg
JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
WHERE c.oid < ${FIRST_OF_USERS} AND m.mapdict >= ${FIRST_OF_USERS};`,
  ],
  [
    9,
    // A member that belongs to an operator class is dumped with it.
    `SELECT DISTINCT 'in system schema', n.nspname, f.opfname || ' (operator family)', NULL, NULL, NULL
FROM pg_catalog.pg_amop a JOIN pg_catalog.pg_opfamily f ON f.oid = a.amopfamily
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
WHERE f.oid < ${FIRST_OF_USERS} AND a.oid >= ${FIRST_OF_USERS} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend c
  WHERE c.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass AND c.objid = a.oid AND c.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE ${memberOf('pg_operator', 'a.amopopr')});`,
  ],
];

/** Members of extensions whose owner is not that of the other members. */
function membersOfOthers(what: string, catalogue: string, prefix: string, condition: string): string {
  const owner = `m.${prefix}owner`;
  return `SELECT 'member of another', n.nspname, m.${prefix}name, e.extname, '${what}', NULL
FROM pg_catalog.pg_depend d JOIN pg_catalog.${catalogue} m ON ${memberOf(catalogue, 'm.oid')}
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = m.${prefix}namespace
WHERE ${condition} AND ${owner} <> 10 AND (${owner} <> e.extowner OR EXISTS (
  SELECT FROM pg_catalog.pg_depend o JOIN pg_catalog.pg_proc p ON p.oid = o.objid
  WHERE o.refclassid = d.refclassid AND o.refobjid = e.oid AND o.deptype = 'e'
    AND o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.proowner = 10 AND e.extowner <> 10));`;
}

/** What is in no schema, and is no member of an extension. */
function ofDatabase(kind: string, catalogue: string, prefix: string): string {
  return `SELECT 'object', '', o.${prefix}name, '${kind}', NULL, NULL FROM pg_catalog.${catalogue} o
WHERE o.oid >= ${FIRST_OF_USERS} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE ${memberOf(catalogue, 'o.oid')});`;
}

function inSystemSchemas(what: string, catalogue: string, prefix: string, condition: string): string {
  return `SELECT 'in system schema', n.nspname, o.${prefix}name, '${what}', NULL, NULL
FROM pg_catalog.${catalogue} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${prefix}namespace
WHERE o.oid >= ${FIRST_OF_USERS} AND n.nspname IN ('pg_catalog', 'information_schema') AND ${condition}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE ${memberOf(catalogue, 'o.oid')});`;
}

/** The query for a server of this version. */
export function catalogueQuery(major: number): string {
  return PARTS.flatMap(([since, sql]) => (major >= since ? [sql] : [])).join('\n');
}
