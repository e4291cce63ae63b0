import { catalogOid } from './object-kinds.ts';

// SELECTs for `attachedSql`, of its table `part p`: settings, each in the words by which an archive would set it, and
// those of an index with its name.

const RELATION = `part p JOIN pg_catalog.pg_class c ON c.oid = p.id AND p.class = ${catalogOid('pg_class')}`;
const SETTING = `SELECT p.type, 'setting', p.schema, p.object, s.words, NULL`;
const OF_RELATION = `SELECT p.type, CASE WHEN p.own THEN 'setting' ELSE 'index setting' END, p.schema, p.object,
  CASE WHEN p.own THEN s.words ELSE c.relname END, CASE WHEN NOT p.own THEN s.words END`;

function whenItFires(state: string): string {
  return `CASE ${state} WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END`;
}

/** Of tables and views, their columns and their indexes. */
export const RELATION_SETTINGS: readonly string[] = [
  `${OF_RELATION}
FROM ${RELATION} LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL (VALUES
  (CASE c.relreplident WHEN 'f' THEN 'REPLICA IDENTITY FULL' WHEN 'n' THEN CASE WHEN p.own AND c.relkind IN ('r', 'p') THEN 'REPLICA IDENTITY NOTHING' END END),
  (CASE WHEN c.relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END),
  (CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END),
  ('TABLESPACE ' || t.spcname),
  (CASE WHEN c.relkind IN ('r', 'p', 'm') AND m.amname <> 'heap' THEN 'ACCESS METHOD ' || m.amname END)) s (words)
WHERE s.words IS NOT NULL`,
  `${SETTING}
FROM ${RELATION} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
CROSS JOIN LATERAL (VALUES
  (CASE WHEN i.indisreplident AND c.relreplident = 'i' THEN 'REPLICA IDENTITY USING INDEX ' || pg_catalog.quote_ident(x.relname) END),
  (CASE WHEN i.indisclustered THEN 'CLUSTER ON ' || pg_catalog.quote_ident(x.relname) END)) s (words)
WHERE p.own AND s.words IS NOT NULL`,
  `${OF_RELATION}
FROM ${RELATION} LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
CROSS JOIN LATERAL (SELECT o FROM pg_catalog.unnest(c.reloptions) o UNION ALL SELECT 'toast.' || o FROM pg_catalog.unnest(t.reloptions) o) r (option)
CROSS JOIN LATERAL (VALUES (CASE WHEN r.option LIKE 'check_option=%'
  THEN pg_catalog.upper(pg_catalog.split_part(r.option, '=', 2)) || ' CHECK OPTION' ELSE r.option END)) s (words)`,
  `${OF_RELATION}
FROM ${RELATION} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
CROSS JOIN LATERAL (SELECT 'ALTER COLUMN ' || CASE WHEN p.own THEN pg_catalog.quote_ident(a.attname) ELSE a.attnum::text END || ' SET ' || v.value FROM (VALUES
  (CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN 'STATISTICS ' || a.attstattarget END),
  (CASE WHEN p.own AND a.attstorage <> t.typstorage
        THEN 'STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END),
  -- PostgreSQL 14 added the column.
  (CASE WHEN p.own THEN 'COMPRESSION ' || CASE pg_catalog.to_jsonb(a)->>'attcompression' WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END END),
  ('(' || pg_catalog.array_to_string(a.attoptions, ', ') || ')')) v (value)) s (words)
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I') AND s.words IS NOT NULL`,
];

/** Of triggers, rules, statistics objects, and of what depends on an extension. */
export const PART_SETTINGS: readonly string[] = [
  `${SETTING}
FROM part p JOIN pg_catalog.pg_trigger t ON t.oid = p.id AND p.class = ${catalogOid('pg_trigger')}
LEFT JOIN pg_catalog.pg_trigger m ON m.oid = t.tgparentid LEFT JOIN pg_catalog.pg_constraint k ON k.oid = t.tgconstraint
CROSS JOIN LATERAL (VALUES (${whenItFires('t.tgenabled')} || ' TRIGGER ' || CASE WHEN t.tgisinternal
  THEN 'of ' || pg_catalog.quote_ident(k.conname) ELSE pg_catalog.quote_ident(t.tgname) END)) s (words)
WHERE s.words IS NOT NULL AND t.tgenabled IS DISTINCT FROM m.tgenabled`,
  `${SETTING}
FROM part p JOIN pg_catalog.pg_rewrite r ON r.oid = p.id AND p.class = ${catalogOid('pg_rewrite')}
CROSS JOIN LATERAL (VALUES (${whenItFires('r.ev_enabled')} || ' RULE ' || pg_catalog.quote_ident(r.rulename))) s (words)
WHERE s.words IS NOT NULL`,
  `${SETTING}
FROM part p JOIN pg_catalog.pg_event_trigger e ON e.oid = p.id AND p.class = ${catalogOid('pg_event_trigger')}
CROSS JOIN LATERAL (VALUES ('ALTER EVENT TRIGGER ' || pg_catalog.quote_ident(e.evtname) || ' ' ||
  ${whenItFires('e.evtenabled')})) s (words)
WHERE s.words IS NOT NULL`,
  `${SETTING}
FROM part p JOIN pg_catalog.pg_statistic_ext x ON x.oid = p.id AND p.class = ${catalogOid('pg_statistic_ext')}
JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace CROSS JOIN LATERAL (VALUES
  ('ALTER STATISTICS ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(x.stxname) || ' SET STATISTICS ' || x.stxstattarget)) s (words)
WHERE x.stxstattarget >= 0`,
  `${SETTING}
FROM part p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.id AND d.deptype = 'x'
JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid CROSS JOIN LATERAL (VALUES ('DEPENDS ON EXTENSION ' || pg_catalog.quote_ident(e.extname))) s (words)
WHERE d.refclassid = ${catalogOid('pg_extension')}`,
];

/** The operators and functions of an operator family that belong to no class of it, as `dumpOpfamily` in pg_dump.c writes them. */
export const FAMILY_MEMBERS: readonly string[] = [
  `SELECT p.type, 'family member', p.schema, p.object, 'OPERATOR ' || m.amopstrategy || ' ' || m.amopopr::pg_catalog.regoperator ||
  coalesce(' FOR ORDER BY ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(f.opfname), ''), NULL
FROM part p JOIN pg_catalog.pg_amop m ON m.oid = p.id AND p.class = ${catalogOid('pg_amop')}
LEFT JOIN pg_catalog.pg_opfamily f ON f.oid = m.amopsortfamily LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
WHERE p.type = 'OPERATOR FAMILY'`,
  `SELECT p.type, 'family member', p.schema, p.object, 'FUNCTION ' || m.amprocnum || ' (' || pg_catalog.format_type(m.amproclefttype, NULL) ||
  ', ' || pg_catalog.format_type(m.amprocrighttype, NULL) || ') ' || m.amproc::pg_catalog.regprocedure, NULL
FROM part p JOIN pg_catalog.pg_amproc m ON m.oid = p.id AND p.class = ${catalogOid('pg_amproc')}
WHERE p.type = 'OPERATOR FAMILY'`,
];
