/** SQL: whether `n` is a schema of the user. */
export const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** SQL: the OID of a catalog. */
export function catalogOid(catalog: string): string {
  return `'pg_catalog.${catalog}'::pg_catalog.regclass::pg_catalog.oid`;
}

/** SQL: it belongs to an extension, and contains nothing of the user's. */
export function ofExtension(catalog: string, alias: string, types = `'e'`): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
    AND e.objid = ${alias}.oid AND e.deptype IN (${types}))`;
}

/** SQL: it was created with something else: an extension, or a table its row type, a type its array, a range its functions. */
function isDependent(catalog: string, alias: string): string {
  return ofExtension(catalog, alias, `'e', 'i'`);
}

/** A kind of object: the catalog it is in, and how the archive calls it. */
interface ObjectKind {
  readonly kind: string;
  readonly catalog: string;
  /** SQL: what the archive calls it within its schema. */
  readonly name: string;
  /** The beginning of the names of the catalog's columns; of something without a schema undefined. */
  readonly prefix?: string;
  /** SQL: its owner; undefined where the kind has none. */
  readonly owner?: string;
  readonly join?: string;
  /** SQL, of something without a schema: whether the role would lose something with it; a provider makes such things too. */
  readonly isLoss?: string;
}

/** The types of a routine's arguments, as pg_dump's `format_function_signature` writes them. */
const ARGUMENTS = `(SELECT pg_catalog.string_agg(pg_catalog.format_type(a.type, NULL), ', ' ORDER BY a.place)
  FROM pg_catalog.unnest(o.proargtypes::pg_catalog.oid[]) WITH ORDINALITY a (type, place))`;

const OPERANDS = ['oprleft', 'oprright'].map(
  (side) => `CASE o.${side} WHEN 0 THEN 'NONE' ELSE pg_catalog.format_type(o.${side}, NULL) END`,
);

const TRANSFORM_NAME = `'TRANSFORM FOR ' || pg_catalog.format_type(o.trftype, NULL) || ' LANGUAGE ' ||
  (SELECT pg_catalog.quote_ident(l.lanname) FROM pg_catalog.pg_language l WHERE l.oid = o.trflang)`;

const CAST_NAME = `'CAST (' || pg_catalog.format_type(o.castsource, NULL) || ' AS ' || pg_catalog.format_type(o.casttarget, NULL) || ')'`;

function isOwn(owner: string): string {
  return `pg_catalog.pg_has_role(${owner}, 'USAGE')`;
}

/** Casts and transforms have no owner: the owner of the type may drop them. */
function isOfOwnType(...columns: readonly string[]): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid IN (${columns.join(', ')}) AND ${isOwn('t.typowner')})`;
}

const IS_SUPERUSER = '(SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)';

/** A provider may have made one that publishes nothing yet, and one for some tables means that there are tables. */
const IS_OWN_AND_PUBLISHES = `${isOwn('o.pubowner')} AND o.puballtables`;

function withMethod(kind: string, catalog: string, prefix: string): ObjectKind {
  const name = `o.${prefix}name || ' USING ' || pg_catalog.quote_ident(m.amname)`;
  return {
    kind,
    catalog,
    prefix,
    name,
    owner: `o.${prefix}owner`,
    join: `JOIN pg_catalog.pg_am m ON m.oid = o.${prefix}method`,
  };
}

const KINDS: readonly ObjectKind[] = [
  { kind: 'type', catalog: 'pg_type', prefix: 'typ', owner: 'o.typowner', name: 'o.typname' },
  {
    kind: 'routine',
    catalog: 'pg_proc',
    prefix: 'pro',
    owner: 'o.proowner',
    name: `o.proname || '(' || coalesce(${ARGUMENTS}, '') || ')'`,
  },
  { kind: 'COLLATION', catalog: 'pg_collation', prefix: 'coll', owner: 'o.collowner', name: 'o.collname' },
  { kind: 'CONVERSION', catalog: 'pg_conversion', prefix: 'con', owner: 'o.conowner', name: 'o.conname' },
  {
    kind: 'TEXT SEARCH CONFIGURATION',
    catalog: 'pg_ts_config',
    prefix: 'cfg',
    owner: 'o.cfgowner',
    name: 'o.cfgname',
  },
  {
    kind: 'TEXT SEARCH DICTIONARY',
    catalog: 'pg_ts_dict',
    prefix: 'dict',
    owner: 'o.dictowner',
    name: 'o.dictname',
  },
  { kind: 'TEXT SEARCH PARSER', catalog: 'pg_ts_parser', prefix: 'prs', name: 'o.prsname' },
  { kind: 'TEXT SEARCH TEMPLATE', catalog: 'pg_ts_template', prefix: 'tmpl', name: 'o.tmplname' },
  {
    kind: 'OPERATOR',
    catalog: 'pg_operator',
    prefix: 'opr',
    owner: 'o.oprowner',
    name: `o.oprname || ' (' || ${OPERANDS.join(` || ', ' || `)} || ')'`,
  },
  withMethod('OPERATOR CLASS', 'pg_opclass', 'opc'),
  withMethod('OPERATOR FAMILY', 'pg_opfamily', 'opf'),
  { kind: 'CAST', catalog: 'pg_cast', name: CAST_NAME, isLoss: isOfOwnType('o.castsource', 'o.casttarget') },
  { kind: 'TRANSFORM', catalog: 'pg_transform', name: TRANSFORM_NAME, isLoss: isOfOwnType('o.trftype') },
  {
    kind: 'PROCEDURAL LANGUAGE',
    catalog: 'pg_language',
    name: 'o.lanname',
    owner: 'o.lanowner',
    isLoss: isOwn('o.lanowner'),
  },
  { kind: 'ACCESS METHOD', catalog: 'pg_am', name: 'o.amname', isLoss: IS_SUPERUSER },
  {
    kind: 'FOREIGN DATA WRAPPER',
    catalog: 'pg_foreign_data_wrapper',
    name: 'o.fdwname',
    owner: 'o.fdwowner',
    isLoss: isOwn('o.fdwowner'),
  },
  {
    kind: 'SERVER',
    catalog: 'pg_foreign_server',
    name: 'o.srvname',
    owner: 'o.srvowner',
    isLoss: isOwn('o.srvowner'),
  },
  {
    kind: 'EVENT TRIGGER',
    catalog: 'pg_event_trigger',
    name: 'o.evtname',
    owner: 'o.evtowner',
    isLoss: isOwn('o.evtowner'),
  },
  {
    kind: 'PUBLICATION',
    catalog: 'pg_publication',
    name: 'o.pubname',
    owner: 'o.pubowner',
    isLoss: IS_OWN_AND_PUBLISHES,
  },
];

/** SQL, of something without a schema: its OID is not one of those that every database starts with. */
function isMade(catalog: string): string {
  return `o.oid >= 16384 AND NOT ${isDependent(catalog, 'o')}`;
}

/** SQL: kind and name of what the role would lose with the database and what is in no schema. */
export const LOSS_QUERY = [
  ...KINDS.flatMap(({ kind, catalog, name, isLoss }) =>
    isLoss === undefined
      ? []
      : [
          `SELECT '${kind}', (${name})::text FROM pg_catalog.${catalog} o WHERE ${isMade(catalog)} AND ${isLoss}`,
        ],
  ),
  `SELECT 'SUBSCRIPTION', s.subname::text FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  AND ${isOwn('s.subowner')}`,
].join('\nUNION ALL ');

/** SQL for each kind, relations aside: kind, schema, name, catalog, OID and owner of the user's objects. */
export const OBJECT_QUERIES: readonly string[] = KINDS.map(
  ({ kind, catalog, prefix, name, owner = 'NULL::pg_catalog.oid', join = '' }) =>
    `SELECT '${kind}', ${prefix === undefined ? 'NULL' : 'n.nspname::text'}, (${name})::text, ${catalogOid(catalog)}, o.oid, ${owner}
FROM pg_catalog.${catalog} o ${
      prefix === undefined
        ? `WHERE ${isMade(catalog)}`
        : `JOIN pg_catalog.pg_namespace n ON n.oid = o.${prefix}namespace ${join} WHERE ${USER_SCHEMA} AND NOT ${isDependent(catalog, 'o')}`
    }`,
);
