/** What only a superuser can make. */
export const PRIVILEGED = String.raw`
CREATE PUBLICATION of_everything FOR ALL TABLES;
CREATE PUBLICATION of_a_schema FOR TABLES IN SCHEMA "Odd ""schema""; ☃";
CREATE SUBSCRIPTION never_connected CONNECTION 'host=db.example.com dbname=shop user=u password=subscription_secret'
  PUBLICATION p, "Q r" WITH (connect = false, slot_name = NONE, enabled = false);
COMMENT ON SUBSCRIPTION never_connected IS 'From elsewhere';

CREATE EXTENSION bloom WITH SCHEMA extensions;
CREATE INDEX bloomed ON app.hashed USING bloom (id) WITH (length = 80, col1 = 2);

CREATE TYPE types.unfinished;
CREATE TYPE types.own_text;
CREATE FUNCTION types.own_in(cstring) RETURNS types.own_text LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION types.own_out(types.own_text) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE types.own_text (INPUT = types.own_in, OUTPUT = types.own_out, LIKE = text, COLLATABLE = true, CATEGORY = 'S');
CREATE FUNCTION types.own_lt(types.own_text, types.own_text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_lt';
CREATE FUNCTION types.own_eq(types.own_text, types.own_text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'texteq';
CREATE FUNCTION types.own_gt(types.own_text, types.own_text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'text_gt';
CREATE FUNCTION types.own_cmp(types.own_text, types.own_text) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'bttextcmp';
CREATE OPERATOR types.<< (FUNCTION = types.own_lt, LEFTARG = types.own_text, RIGHTARG = types.own_text, COMMUTATOR = OPERATOR(types.>>));
CREATE OPERATOR types.>> (FUNCTION = types.own_gt, LEFTARG = types.own_text, RIGHTARG = types.own_text, COMMUTATOR = OPERATOR(types.<<));
CREATE OPERATOR types.== (FUNCTION = types.own_eq, LEFTARG = types.own_text, RIGHTARG = types.own_text, MERGES);
CREATE OPERATOR FAMILY types.own_family USING btree;
CREATE OPERATOR CLASS types.own_ops DEFAULT FOR TYPE types.own_text USING btree FAMILY types.own_family AS
  OPERATOR 1 types.<<, OPERATOR 3 types.==, OPERATOR 5 types.>>, FUNCTION 1 types.own_cmp(types.own_text, types.own_text);
CREATE CAST (types.own_text AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE TABLE app.of_own_type (id integer, own types.own_text COLLATE "C" DEFAULT 'd');
INSERT INTO app.of_own_type VALUES (1, 'it''s'), (2, DEFAULT), (3, NULL);
CREATE INDEX own_index ON app.of_own_type (own types.own_ops);
CREATE AGGREGATE app.percent(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE TEXT SEARCH PARSER app.own_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE app.own_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE FUNCTION app.leakproof(integer) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT true';
CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE app.in_own_heap (id integer) USING own_heap;
INSERT INTO app.in_own_heap VALUES (1);

CREATE FOREIGN DATA WRAPPER "wrapper ""without"" library" OPTIONS (note 'it''s');
CREATE SERVER far_away TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER "wrapper ""without"" library" OPTIONS (host 'db.example.com');
CREATE USER MAPPING FOR difficult_reader SERVER far_away OPTIONS (password 'mapping_secret');
CREATE USER MAPPING FOR PUBLIC SERVER far_away;
CREATE FOREIGN TABLE app.far_table (id integer OPTIONS (name 'Id') NOT NULL, note text DEFAULT 'far') SERVER far_away OPTIONS (name 'x');
GRANT USAGE ON FOREIGN SERVER far_away TO difficult_reader;
GRANT USAGE ON FOREIGN DATA WRAPPER "wrapper ""without"" library" TO difficult_reader;
COMMENT ON SERVER far_away IS 'Nobody answers';
COMMENT ON FOREIGN TABLE app.far_table IS 'Far';
`;
