import { literal } from '../../postgres/sql-text.ts';
import type { ObjectAddress } from './target.ts';

/** Something that is dropped. */
export interface Drop {
  /** Without CASCADE; empty for what goes with something else. */
  readonly statement: string;
  /** Where the target has it; undefined of a large object or a user mapping, which nothing depends on. */
  readonly address: ObjectAddress | undefined;
}

/** As many as the server lists itself. */
const MOST_NAMED = 100;

/**
 * What is dropped with each chosen object that is still there: itself and its parts, and theirs. Of a table they are its row type, columns'
 * defaults, constraints, indexes, rules, triggers, policies, partitions and sequences.
 */
const PARTS = `
WITH RECURSIVE chosen AS MATERIALIZED (
  SELECT c.number, c.class, c.id FROM ROWS FROM (pg_catalog.unnest(catalogs), pg_catalog.unnest(oids)) WITH ORDINALITY c (class, id, number)
  WHERE c.number = ANY (waiting)
),
part AS MATERIALIZED (
  SELECT c.number, c.class, c.id FROM chosen c
  UNION
  SELECT p.number, d.classid, d.objid
  FROM part p JOIN pg_catalog.pg_depend d ON d.refclassid = p.class AND d.refobjid = p.id AND d.deptype IN ('a', 'i', 'P', 'S')
)`;

/** SQL: rows of one catalog among the parts to take away. */
function ofCatalog(catalog: string, alias: string): string {
  return `FROM edge e JOIN pg_catalog.${catalog} ${alias} ON ${alias}.oid = e.id AND e.class = 'pg_catalog.${catalog}'::pg_catalog.regclass`;
}

/** A view of the same columns that needs nothing else, as `createDummyViewAsClause` in pg_dump.c writes it. */
const VIEW_OF_NOTHING = `pg_catalog.format('CREATE OR REPLACE VIEW %s AS SELECT %s', r.ev_class::pg_catalog.regclass,
  (SELECT pg_catalog.string_agg(pg_catalog.format('NULL::%s%s AS %I', pg_catalog.format_type(a.atttypid, a.atttypmod),
     CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::pg_catalog.regcollation END, a.attname), ', ' ORDER BY a.attnum)
   FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = r.ev_class AND a.attnum > 0))`;

const WITHOUT_CONSTRAINT = `pg_catalog.format('ALTER %s %s DROP CONSTRAINT %I',
  CASE k.contypid WHEN 0 THEN 'TABLE' ELSE 'DOMAIN' END,
  CASE k.contypid WHEN 0 THEN k.conrelid::pg_catalog.regclass::text ELSE k.contypid::pg_catalog.regtype::text END, k.conname)`;

/**
 * Takes away the parts by which what is still there needs itself: a constraint that calls a function of its table's row
 * type, a policy that reads a view of its table, views of each other. They would go anyway.
 */
const OPEN_CIRCLES = `${PARTS},
edge AS MATERIALIZED (
  SELECT DISTINCT p.class, p.id
  FROM part p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.id AND d.deptype = 'n'
  JOIN part q ON q.class = d.refclassid AND q.id = d.refobjid
)
SELECT pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP %s', a.attrelid::pg_catalog.regclass, a.attname,
  CASE a.attgenerated WHEN '' THEN 'DEFAULT' ELSE 'EXPRESSION' END)
${ofCatalog('pg_attrdef', 'f')} JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
UNION ALL SELECT ${WITHOUT_CONSTRAINT} ${ofCatalog('pg_constraint', 'k')}
UNION ALL SELECT CASE WHEN k.oid IS NULL THEN pg_catalog.format('DROP INDEX %s', i.oid::pg_catalog.regclass) ELSE ${WITHOUT_CONSTRAINT} END
${ofCatalog('pg_class', 'i')} AND i.relkind IN ('i', 'I')
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')
UNION ALL SELECT CASE WHEN r.rulename <> '_RETURN' THEN pg_catalog.format('DROP RULE %I ON %s', r.rulename, r.ev_class::pg_catalog.regclass)
  WHEN c.relkind = 'v' THEN ${VIEW_OF_NOTHING} END
${ofCatalog('pg_rewrite', 'r')} JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
UNION ALL SELECT pg_catalog.format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::pg_catalog.regclass) ${ofCatalog('pg_trigger', 't')} AND NOT t.tgisinternal
UNION ALL SELECT pg_catalog.format('DROP POLICY %I ON %s', y.polname, y.polrelid::pg_catalog.regclass) ${ofCatalog('pg_policy', 'y')}
UNION ALL SELECT pg_catalog.format('DROP STATISTICS %I.%I', n.nspname, s.stxname)
${ofCatalog('pg_statistic_ext', 's')} JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
-- Another operator once named it as its commutator or negator, and nobody ever made it: no archive has it.
UNION ALL SELECT pg_catalog.format('DROP OPERATOR %s', o.oid::pg_catalog.regoperator)
FROM part p JOIN pg_catalog.pg_depend d ON d.refclassid = p.class AND d.refobjid = p.id AND d.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass
JOIN pg_catalog.pg_operator o ON o.oid = d.objid AND o.oprcode = 0`;

/**
 * A type and the functions that read and write it need each other, and no other statement drops them (`dumpBaseType` in
 * pg_dump.c). Only where all that needs the type, and all that needs that, is chosen or a part of what is chosen.
 */
const DROP_TYPES = `${PARTS}
SELECT DISTINCT pg_catalog.format('DROP TYPE IF EXISTS %s CASCADE', t.oid::pg_catalog.regtype)
FROM chosen c JOIN pg_catalog.pg_type t ON t.oid = c.id AND c.class = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.typtype IN ('b', 'r')
WHERE NOT EXISTS (
  WITH RECURSIVE gone AS (
    SELECT c.class, c.id
    UNION
    SELECT d.classid, d.objid FROM gone g JOIN pg_catalog.pg_depend d ON d.refclassid = g.class AND d.refobjid = g.id
  )
  SELECT g.class, g.id FROM gone g EXCEPT SELECT p.class, p.id FROM part p)`;

/** What nobody has chosen and needs something that is to be dropped, in the server's own words. */
const OUTSIDE = `${PARTS}
SELECT pg_catalog.min(o.needed), pg_catalog.string_agg(o.dependent || ' depends on ' || o.needed, pg_catalog.chr(10) ORDER BY o.needed, o.dependent)
FROM (
  SELECT DISTINCT pg_catalog.pg_describe_object(c.class, c.id, 0), CASE WHEN r.oid IS NULL
    THEN pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    ELSE pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, 0) END
  FROM part p JOIN chosen c ON c.number = p.number
  JOIN pg_catalog.pg_depend d ON d.refclassid = p.class AND d.refobjid = p.id AND d.deptype = 'n'
  LEFT JOIN part q ON q.class = d.classid AND q.id = d.objid
  LEFT JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.rulename = '_RETURN'
  WHERE q.id IS NULL LIMIT ${MOST_NAMED}) o (needed, dependent)`;

const BLOCK = `
DECLARE
  statements text[] := ARRAY[{statements}]::text[];
  catalogs oid[] := ARRAY[{catalogs}]::oid[];
  oids oid[] := ARRAY[{oids}]::oid[];
  waiting int[] := ARRAY(SELECT s.number FROM pg_catalog.unnest(statements) WITH ORDINALITY s (sql, number) WHERE s.sql <> '');
  blocked int[];
  opened text[] := ARRAY[]::text[];
  statement text;
  number int;
  stuck boolean;
  needed text;
  dependents text;
BEGIN
  -- They often go round in circles, which this spares the search for.
  FOR statement IN
    SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname)
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY (ARRAY(
      SELECT c.id FROM ROWS FROM (pg_catalog.unnest(catalogs), pg_catalog.unnest(oids)) c (class, id) WHERE c.class = 'pg_catalog.pg_class'::pg_catalog.regclass))
  LOOP
    EXECUTE statement;
  END LOOP;
  LOOP
    blocked := ARRAY[]::int[];
    FOREACH number IN ARRAY waiting LOOP
      BEGIN
        EXECUTE statements[number];
      EXCEPTION WHEN dependent_objects_still_exist THEN
        blocked := blocked || number;
      END;
    END LOOP;
    EXIT WHEN pg_catalog.cardinality(blocked) = 0;
    stuck := pg_catalog.cardinality(blocked) = pg_catalog.cardinality(waiting);
    waiting := blocked;
    CONTINUE WHEN NOT stuck;
    FOR statement IN ${OPEN_CIRCLES}
    LOOP
      CONTINUE WHEN statement IS NULL OR statement = ANY (opened);
      BEGIN
        EXECUTE statement;
        opened := opened || statement;
        stuck := false;
      -- A part of a part, or of something that is gone meanwhile.
      EXCEPTION WHEN dependent_objects_still_exist OR invalid_table_definition OR undefined_object OR undefined_table OR undefined_column THEN
      END;
    END LOOP;
    CONTINUE WHEN NOT stuck;
    FOR statement IN ${DROP_TYPES}
    LOOP
      EXECUTE statement;
      stuck := false;
    END LOOP;
    CONTINUE WHEN NOT stuck;
    ${OUTSIDE} INTO needed, dependents;
    IF needed IS NOT NULL THEN
      RAISE EXCEPTION 'cannot drop % because other objects depend on it', needed
        USING ERRCODE = 'dependent_objects_still_exist', DETAIL = dependents;
    END IF;
    EXECUTE statements[waiting[1]];
  END LOOP;
END
`;

/** A `DO` block that drops all of them and nothing else, or fails. */
export function dropBlock(drops: readonly Drop[]): string {
  const values: Readonly<Record<string, () => string>> = {
    statements: () => drops.map(({ statement }) => literal(statement)).join(',\n'),
    catalogs: () => drops.map(({ address }) => address?.catalog ?? 0).join(','),
    oids: () => drops.map(({ address }) => address?.oid ?? 0).join(','),
  };
  const block = BLOCK.replace(/\{(statements|catalogs|oids)\}/g, (_, name: string) => values[name]?.() ?? '');
  return `DO LANGUAGE plpgsql ${literal(block)};\n`;
}
