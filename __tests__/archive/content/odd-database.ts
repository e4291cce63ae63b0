/**
 * A database with everything in it that could mislead a reader of `pg_restore`'s script: names, values and
 * bodies that look like the end of a statement, of a string or of the rows.
 */
export const ODD_DATABASE = String.raw`
CREATE SCHEMA "Odd.Schema;";
COMMENT ON SCHEMA "Odd.Schema;" IS E'it''s odd;\nCOPY public.fake (id) FROM stdin;\n1\n\\.\n-- \\connect nowhere\n';

CREATE TABLE public.users (id serial PRIMARY KEY, name text, note text);
INSERT INTO public.users (name, note)
  SELECT 'user ' || n, CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note' END FROM generate_series(1, 500) n;

CREATE TABLE public.hostile_values (value text);
INSERT INTO public.hostile_values VALUES
  ('\.'), ('\N'), (NULL), (''), ('\'), ('\\.'), (E'a\n\\.\nb'), (E'\n'), (E'\r\n\t\x0b\x08'), ('-- '), ('$$;'),
  ('COPY public.users (id) FROM stdin;'), (E'\\.\n\n\n--\n-- PostgreSQL database dump complete\n--\n'), ('é😀');

CREATE TABLE public."new
line" (id integer); INSERT INTO public."new
line" VALUES (1), (2);
CREATE TABLE public."quo""te'd; -- \." (id integer); INSERT INTO public."quo""te'd; -- \." VALUES (1);
CREATE TABLE "Odd.Schema;"."Dotted.Name (x) FROM stdin;" (id integer);
INSERT INTO "Odd.Schema;"."Dotted.Name (x) FROM stdin;" SELECT generate_series(1, 7);
CREATE TABLE public."émoji 😀" (id integer); INSERT INTO public."émoji 😀" VALUES (1), (2), (3);
CREATE TABLE public."select" ("from" integer, "a
b" text, "c, d" text, "e)" text, "UPPER" text, "$$" text);
INSERT INTO public."select" VALUES (1, 'x', 'y', 'z', 'u', 'd'), (2, NULL, NULL, NULL, NULL, NULL);

CREATE TABLE public.empty_table (id integer, note text);
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns DEFAULT VALUES; INSERT INTO public.no_columns DEFAULT VALUES;
INSERT INTO public.no_columns DEFAULT VALUES;
CREATE TABLE public.only_generated (one integer GENERATED ALWAYS AS (1) STORED);
INSERT INTO public.only_generated DEFAULT VALUES; INSERT INTO public.only_generated DEFAULT VALUES;
CREATE TABLE public.some_generated (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT ';''$$');
INSERT INTO public.some_generated (a) SELECT generate_series(1, 11);

CREATE TABLE public.events (day date NOT NULL, what text) PARTITION BY RANGE (day);
CREATE TABLE public.events_2025 PARTITION OF public.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.events_2026 (what text, day date NOT NULL);
ALTER TABLE public.events ATTACH PARTITION public.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.events_default PARTITION OF public.events DEFAULT;
INSERT INTO public.events SELECT date '2025-06-01' + n, 'event ' || n FROM generate_series(1, 400) n;

CREATE SEQUENCE public."Odd '"" seq" START 5;
CREATE SEQUENCE public.big_seq; SELECT setval('public.big_seq', 9223372036854775807, false);
CREATE SEQUENCE public.falling INCREMENT -1 MINVALUE -100; SELECT setval('public.falling', -42);

CREATE VIEW public.hostile_view AS
  SELECT id, E'\\.;''' || name AS "a ""b"";", $q$ $$ -- ; $q$ AS body FROM public.users WHERE name <> E'\\'';';
CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) AS users FROM public.users;

CREATE FUNCTION public.hostile_body() RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
  -- an apostrophe in a comment: don't; /* unclosed
  EXECUTE 'SELECT ''$$;''';
/*
COPY public.users (id) FROM stdin;
\.
--
-- PostgreSQL database dump complete
--
*/
  PERFORM '$$nested ; $_$ text$$';
END;
$body$;
CREATE FUNCTION public."begin"() RETURNS integer LANGUAGE sql
  BEGIN ATOMIC
    SELECT CASE WHEN count(*) > 1 THEN CASE WHEN true THEN 1 END ELSE 2 END FROM public.users;
    SELECT 3;
  END;
CREATE PROCEDURE public.atomic_procedure("case" integer) LANGUAGE sql
  BEGIN ATOMIC INSERT INTO public.empty_table VALUES ("case", ';'); DELETE FROM public.empty_table; END;
CREATE TABLE public.rule_target (id integer, "begin" integer);
CREATE RULE two_commands AS ON DELETE TO public.rule_target
  DO ALSO (INSERT INTO public.rule_target VALUES (1, 2); NOTIFY "odd;channel", 'a;b'; DELETE FROM public.empty_table);
CREATE FUNCTION public.reads_begin() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT t.begin FROM public.rule_target t; END;
COMMENT ON TABLE public.users IS E'\\.\n;''"$$--/*\n\\connect evil\nCREATE FUNCTION x() BEGIN ATOMIC';
CREATE TYPE public."mood;" AS ENUM ('sad;', 'o''k', '$$', '\');

SELECT lo_from_bytea(1001, decode(repeat('00ff27', 20000), 'hex'));
SELECT lo_from_bytea(1002, 'one'::bytea);
SELECT lo_from_bytea(1003, ''::bytea);
`;
