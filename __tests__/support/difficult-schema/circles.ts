/** Objects that need each other, or that PostgreSQL records in an unusual way: each alone ends `pg_restore --clean`. */
export interface Circle {
  /** Its statements; they run in a schema of its own, which is the only one of the search path. */
  readonly sql: string;
  /** Whether only a superuser can make it. */
  readonly privileged?: boolean;
}

const TABLES: Readonly<Record<string, Circle>> = {
  check_of_own_row: {
    sql: `CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE FUNCTION ok(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.n > 0';
ALTER TABLE t ADD CONSTRAINT positive CHECK (ok(t.*)); INSERT INTO t VALUES (1, 1);`,
  },
  default_of_own_row: {
    sql: `CREATE TABLE t (id int, n int); CREATE FUNCTION nothing() RETURNS t LANGUAGE sql AS 'SELECT NULL::int, NULL::int';
ALTER TABLE t ALTER n SET DEFAULT coalesce((nothing()).n, 5); INSERT INTO t VALUES (1);`,
  },
  trigger_of_own_row: {
    sql: `CREATE TABLE t (id int); CREATE FUNCTION big(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.id > 9';
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (big(NEW)) EXECUTE FUNCTION noop(); INSERT INTO t VALUES (99);`,
  },
  index_of_own_row: {
    sql: `CREATE TABLE t (id int); CREATE FUNCTION size(t) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 4';
CREATE INDEX sized ON t ((id + size(NULL::t))); CREATE STATISTICS sizes ON (id + size(NULL::t)), id FROM t;
ALTER TABLE t ADD EXCLUDE USING btree ((id - size(NULL::t)) WITH =); INSERT INTO t VALUES (1);`,
  },
  policy_reads_view: {
    sql: `CREATE TABLE t (a int, b text); CREATE VIEW v AS SELECT * FROM t WHERE a > 0; INSERT INTO t VALUES (1, 'x');
CREATE POLICY p ON t USING (a IN (SELECT a FROM v)); ALTER TABLE t ENABLE ROW LEVEL SECURITY;`,
  },
  policies_of_each_other: {
    sql: `CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE POLICY p ON a USING (id IN (SELECT id FROM b));
CREATE MATERIALIZED VIEW m AS SELECT id FROM a; CREATE POLICY q ON b USING (id IN (SELECT id FROM m)); INSERT INTO b VALUES (1);`,
  },
  rule_reads_view: {
    sql: `CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; INSERT INTO t VALUES (3);
CREATE RULE r AS ON UPDATE TO t DO ALSO SELECT count(*) FROM v;
CREATE RULE i AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.a);`,
  },
  sequences_of_each_other: {
    sql: `CREATE TABLE a (id int, n bigint); CREATE TABLE b (id int, n bigint);
CREATE SEQUENCE sa OWNED BY a.id; CREATE SEQUENCE sb OWNED BY b.id;
ALTER TABLE a ALTER n SET DEFAULT nextval('sb'); ALTER TABLE b ALTER n SET DEFAULT nextval('sa');
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);`,
  },
  keys_of_each_other: {
    sql: `CREATE TABLE a (id int PRIMARY KEY, b int) PARTITION BY RANGE (id); CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (10);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
INSERT INTO b VALUES (1); INSERT INTO a VALUES (1, 1);`,
  },
  inherited_by_two: {
    sql: `CREATE TABLE a (id int, n int DEFAULT 1 CHECK (n > 0)); CREATE TABLE b (id int, x int);
CREATE TABLE c (y int) INHERITS (a, b); CREATE TABLE d () INHERITS (c); ALTER TABLE d ALTER n SET DEFAULT 7;
CREATE FUNCTION f(d) RETURNS a LANGUAGE sql AS 'SELECT $1.id, $1.n'; INSERT INTO d (id) VALUES (1);`,
  },
  indexes_of_partitions: {
    sql: `CREATE TABLE p (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k); CREATE TABLE p1 (k int NOT NULL, id int NOT NULL);
CREATE UNIQUE INDEX p1_i ON p1 (id, k); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p DEFAULT PARTITION BY RANGE (id); CREATE TABLE p21 PARTITION OF p2 DEFAULT;
CREATE INDEX i ON ONLY p (k); CREATE INDEX i1 ON p1 (k); ALTER INDEX i ATTACH PARTITION i1;
CREATE VIEW v AS SELECT id, k FROM p21 GROUP BY id, k; CREATE POLICY y ON p USING (id IN (SELECT id FROM v));
CREATE FUNCTION f(p21) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE INDEX p21_f ON p21 ((id + f(NULL::p21)));
INSERT INTO p VALUES (1, 1), (2, 2);`,
  },
};

const VIEWS: Readonly<Record<string, Circle>> = {
  views_of_each_other: {
    sql: `CREATE COLLATION "My Coll" FROM "C"; CREATE DOMAIN d AS text COLLATE "My Coll";
CREATE VIEW a AS SELECT 'x'::d AS x, 'y' COLLATE "My Coll" AS "Odd "" name";
CREATE VIEW b WITH (security_barrier) AS SELECT * FROM a; CREATE OR REPLACE VIEW a AS SELECT x, "Odd "" name" FROM b;`,
  },
  view_of_function_of_view: {
    sql: `CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION f(int) RETURNS v LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE OR REPLACE VIEW v AS SELECT (f(2)).a; ALTER VIEW v ALTER a SET DEFAULT (f(1)).a;
CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER i INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION tg();`,
  },
  materialized_view_of_own_row: {
    sql: `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
CREATE FUNCTION f(m) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.id'; CREATE INDEX ON m ((id + f(NULL::m)));
CREATE MATERIALIZED VIEW n AS SELECT m.f FROM m;`,
  },
  default_arguments: {
    sql: `CREATE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE VIEW v AS SELECT one() AS x;
CREATE FUNCTION g(a int DEFAULT one(), b v DEFAULT NULL::v) RETURNS SETOF v LANGUAGE sql BEGIN ATOMIC SELECT * FROM v; END;
CREATE TABLE t (a int DEFAULT one()); CREATE PROCEDURE p(INOUT a t) LANGUAGE plpgsql AS 'BEGIN END';`,
  },
  function_reads_its_table: {
    sql: `CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM t; END;
ALTER TABLE t ALTER n SET DEFAULT f(); CREATE VIEW v AS SELECT id, n, f() AS all_of FROM t GROUP BY id; INSERT INTO t VALUES (1);`,
  },
};

const TYPES: Readonly<Record<string, Circle>> = {
  domain_checked_by_function: {
    sql: `CREATE TYPE c AS (a int, b int); CREATE DOMAIN d AS c;
CREATE FUNCTION ok(d) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a > 0';
ALTER DOMAIN d ADD CONSTRAINT positive CHECK (ok(VALUE)); CREATE TABLE t (x d);`,
  },
  types_of_arguments: {
    sql: `CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (x e, y e[]); CREATE TYPE r AS RANGE (SUBTYPE = e);
CREATE FUNCTION f(c, VARIADIC e[] DEFAULT '{}', OUT o c) LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE agg(e) (SFUNC = array_append, STYPE = e[]); CREATE TABLE t OF c; ALTER TABLE t ADD CHECK (x = 'a');
CREATE FUNCTION g(e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE CAST (e AS int) WITH FUNCTION g(e);
CREATE TABLE u (a r, c t, d int DEFAULT 'a'::e::int);`,
  },
  unmade_operator: {
    sql: `CREATE TYPE p AS (a int); CREATE FUNCTION lt(p, p) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a < ($2).a';
CREATE OPERATOR <# (LEFTARG = p, RIGHTARG = p, FUNCTION = lt, COMMUTATOR = >#); CREATE TABLE t (x p, CHECK (x <# ROW(9)::p));
CREATE VIEW v AS SELECT * FROM t WHERE x <# ROW(0)::p; INSERT INTO t VALUES (ROW(1));`,
  },
  read_by_own_functions: {
    privileged: true,
    sql: `CREATE TYPE word; CREATE FUNCTION word_in(cstring) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, LIKE = text); CREATE CAST (word AS text) WITHOUT FUNCTION;
CREATE FUNCTION same(word, word) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'texteq';
CREATE OPERATOR === (LEFTARG = word, RIGHTARG = word, FUNCTION = same, COMMUTATOR = ===, HASHES);
CREATE TABLE t (a word, b word[], EXCLUDE ((a::text) WITH =)); INSERT INTO t VALUES ('x', '{y}');`,
  },
  range_with_canonical_function: {
    privileged: true,
    sql: `CREATE TYPE r; CREATE FUNCTION canon(r) RETURNS r LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE r AS RANGE (SUBTYPE = int4, CANONICAL = canon); CREATE TABLE t (x r, EXCLUDE USING gist (x WITH &&)); INSERT INTO t VALUES ('[1,3]');`,
  },
};

const OTHERS: Readonly<Record<string, Circle>> = {
  operator_class_of_index: {
    privileged: true,
    sql: `CREATE FUNCTION eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR =%= (LEFTARG = int, RIGHTARG = int, FUNCTION = eq, COMMUTATOR = =%=);
CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)'; CREATE OPERATOR FAMILY fam USING btree;
CREATE OPERATOR CLASS int_ops2 FOR TYPE int USING btree FAMILY fam AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =%=, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp(int, int);
CREATE TABLE t (id int, n int, EXCLUDE USING btree (n int_ops2 WITH =%=)); CREATE INDEX ON t (id int_ops2); INSERT INTO t VALUES (1, 1);
CREATE TYPE p AS (a int); CREATE FUNCTION eq(p, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a = $2';
CREATE OPERATOR =% (LEFTARG = p, RIGHTARG = int, FUNCTION = eq); CREATE FUNCTION h(p) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE OPERATOR FAMILY loose USING hash; ALTER OPERATOR FAMILY loose USING hash ADD OPERATOR 1 =% (p, int), FUNCTION 1 (p) h(p);`,
  },
  text_search: {
    privileged: true,
    sql: `CREATE TEXT SEARCH PARSER prs (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE tmpl (LEXIZE = dsimple_lexize, INIT = dsimple_init); CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = tmpl);
CREATE TEXT SEARCH CONFIGURATION conf (PARSER = prs); ALTER TEXT SEARCH CONFIGURATION conf ADD MAPPING FOR word WITH dict;
CREATE TABLE t (a text, v tsvector GENERATED ALWAYS AS (to_tsvector('text_search.conf', a)) STORED);
CREATE INDEX ON t USING gin (to_tsvector('text_search.conf', a)); INSERT INTO t VALUES ('x');`,
  },
  foreign_table: {
    privileged: true,
    sql: `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s;
CREATE FOREIGN TABLE t (id int) SERVER s; CREATE FUNCTION f(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER FOREIGN TABLE t ADD CONSTRAINT c CHECK (f(t.*)); CREATE VIEW v AS SELECT * FROM t;`,
  },
  access_method: {
    privileged: true,
    sql: `CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING heap2; INSERT INTO t VALUES (1);
CREATE MATERIALIZED VIEW m USING heap2 AS SELECT * FROM t;`,
  },
  published: {
    privileged: true,
    sql: `CREATE TABLE t (id int PRIMARY KEY, n int); CREATE PUBLICATION one FOR TABLE t (id, n) WHERE (n > 1);
CREATE PUBLICATION everything FOR ALL TABLES; INSERT INTO t VALUES (1, 1);`,
  },
  event_trigger: {
    privileged: true,
    sql: `CREATE TABLE log (what text); CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql
  AS $$ BEGIN INSERT INTO event_trigger.log VALUES (TG_TAG); END $$;
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION note(); CREATE EVENT TRIGGER d ON sql_drop EXECUTE FUNCTION note();`,
  },
};

const CIRCLES: Readonly<Record<string, Circle>> = { ...TABLES, ...VIEWS, ...TYPES, ...OTHERS };

/**
 * A script that makes one schema for each circle, of that name. For PostgreSQL 15 and newer.
 *
 * @param options.privileged whether also those that only a superuser can make.
 */
export function circlesSql({ privileged }: { readonly privileged: boolean }): string {
  return Object.entries(CIRCLES)
    .filter(([, circle]) => privileged || circle.privileged !== true)
    .map(([name, { sql }]) => `CREATE SCHEMA ${name}; SET LOCAL search_path = ${name};\n${sql}`)
    .join('\n');
}
