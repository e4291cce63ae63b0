import { describe, expect, test } from '@jest/globals';
import { unexpectedStatement } from '../../../src/archive/toc/entry-statements.ts';
import { tocEntry } from './toc-entry.ts';

function problemOf(kind: string, definition: string, dropStatement = ''): string | undefined {
  return unexpectedStatement(
    tocEntry({ kind, tag: 'f(integer)', schema: 'public', definition, dropStatement }),
  );
}

describe('a definition', () => {
  test.each([
    [
      'TABLE',
      "CREATE TABLE public.t (\n    a text DEFAULT '; COMMIT;'::text\n);\nALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE PLAIN;\n",
    ],
    ['TABLE', 'CREATE UNLOGGED TABLE public."; COMMIT; --" (\n);\n'],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS void\n    LANGUAGE sql\n    AS $_$ SELECT 1; COMMIT;\n\\! true\n $_$;\n',
    ],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f(a integer) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT CASE WHEN (a > 0) THEN 1 ELSE 2 END;\n SELECT 2;\nEND;\n',
    ],
    [
      'RULE',
      'CREATE RULE r AS\n    ON INSERT TO public.t DO ( INSERT INTO public.u VALUES (1);\n DELETE FROM public.u;\n);\n',
    ],
    ['PROCEDURAL LANGUAGE', 'CREATE OR REPLACE PROCEDURAL LANGUAGE plperl;\n'],
    ['SEQUENCE SET', "SELECT pg_catalog.setval('public.s', 1, false);\n"],
    ['SEARCHPATH', "SELECT pg_catalog.set_config('search_path', '', false);\n"],
    ['SCHEMA', '-- *not* creating schema, since initdb creates it\n'],
    [
      'ACL',
      'SET SESSION AUTHORIZATION lib;\nGRANT SELECT ON TABLE public.t TO app;\nRESET SESSION AUTHORIZATION;\n',
    ],
    ['BLOB METADATA', '16389\n16390\n'],
    [
      'STATISTICS DATA',
      "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000'::integer);\n",
    ],
    ['A KIND OF THE FUTURE', 'CREATE A KIND OF THE FUTURE x;\n'],
    ['TABLE DATA', ''],
    ['TABLE DATA', '-- load via partition root public.t'],
    ['FUNCTION', 'CREATE FUNCTION public.f() RETURNS void\n    LANGUAGE sql\n    BEGIN ATOMIC\nEND;\n'],
    ['USER MAPPING', 'CREATE USER MAPPING FOR app SERVER far;\n'],
    ['ENCODING', "SET client_encoding = 'WIN1252';\n"],
    ['STDSTRINGS', "SET standard_conforming_strings = 'off';\n"],
  ])('of kind %s can be %j', (kind, definition) => {
    expect(problemOf(kind, definition)).toBeUndefined();
  });

  test.each([
    ['TABLE', 'CREATE TABLE public.t ();\nCOMMIT;\n', /another kind \(COMMIT/],
    ['TABLE', 'CREATE TABLE public.t ();\nSET row_security = off;\n', /another kind \(SET ROW_SECURITY/],
    ['TABLE', "SELECT pg_catalog.lo_close(pg_catalog.lo_open('1', 1));\n", /another kind \(SELECT/],
    ['VIEW', 'CREATE VIEW public.v AS\n SELECT 1;\nGRANT postgres TO app;\n', /another kind \(GRANT/],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1; END; DROP TABLE public.t;\n',
      /another kind \(DROP/,
    ],
    ['FUNCTION', 'DO $$ BEGIN PERFORM 1; END $$;\n', /another kind \(DO/],
    [
      'SEQUENCE SET',
      "SELECT pg_catalog.setval('public.s', 1, false); SELECT public.f();\n",
      /another kind \(SELECT PUBLIC/,
    ],
    ['BLOB METADATA', '16389; SELECT 1', /a statement/],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x';ALTER ROLE app SUPERUSER;\n", /another kind \(ALTER ROLE/],
    ['A KIND OF THE FUTURE', 'ALTER SYSTEM SET x = 1;\n', /another kind \(ALTER SYSTEM/],
    ['TABLE', 'CREATE TABLE public.t ();\n\\! true\n', /command for psql/],
    ['TABLE', 'CREATE TABLE public.t () \\g |true\n;\n', /command for psql/],
    ['TABLE', 'CREATE TABLE public.t ()', /statement that does not end/],
    ['VIEW', 'CREATE VIEW public.v AS SELECT 1 --;\n', /statement that does not end/],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x;\n", /quote or a comment that does not end/],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x'; /*\n", /quote or a comment that does not end/],
    ['VIEW', 'CREATE VIEW public.v AS SELECT "a;\n', /quote or a comment that does not end/],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS void AS $_$ $$;\n',
      /quote or a comment that does not end/,
    ],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x' /* /* */ ' */ ; COMMIT; --';\n", /comment/],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x'; --\rCOMMIT; --\n", /a comment beside a statement/],
    ['COMMENT', "COMMENT ON TABLE public.t IS 'x'; --\n", /a comment beside a statement/],
    [
      'VIEW',
      'CREATE VIEW public.v AS SELECT t.begin atomic FROM public.t; COMMIT; END;\n',
      /another kind \(COMMIT/,
    ],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql RETURN (SELECT t.begin atomic FROM t); COMMIT;\n',
      /another kind \(COMMIT/,
    ],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1 case; END; COMMIT;\n',
      /another kind \(COMMIT/,
    ],
    [
      'FUNCTION',
      'CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; COMMIT; END;\n',
      /another kind \(COMMIT/,
    ],
    ['FUNCTION', 'CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1;\n', /body/],
    ['ENCODING', "SET client_encoding = 'SJIS';\n", /not one that the server can have/],
    [
      'ENCODING',
      "SET client_encoding = 'UTF8'; SET row_security = off;\n",
      /not one that the server can have/,
    ],
    ['STDSTRINGS', "SET standard_conforming_strings = 'maybe';\n", /not one that the server can have/],
    [
      'SEARCHPATH',
      "SELECT pg_catalog.set_config('search_path', 'x', false);\n",
      /not one that the server can have/,
    ],
    ['ROLE', 'ALTER ROLE app SUPERUSER;\n', /a kind that no archive contains/],
    ['ROLE APP', 'ALTER ROLE app SUPERUSER;\n', /a kind that no archive contains/],
    ['SYSTEM', 'ALTER SYSTEM SET work_mem = 64;\n', /a kind that no archive contains/],
    ['DATABASE SHOP', 'ALTER DATABASE shop OWNER TO app;\n', /a kind that no archive contains/],
  ])('of kind %s cannot be %j', (kind, definition, problem) => {
    expect(problemOf(kind, definition)).toMatch(problem);
  });

  test('is read as the archive says that strings are to be read', () => {
    const entry = tocEntry({
      kind: 'COMMENT',
      definition: "COMMENT ON TABLE t IS '\\''; COMMIT; SELECT ';\n",
      dropStatement: '',
    });
    expect(unexpectedStatement(entry, true)).toBeUndefined();
    expect(unexpectedStatement(entry, false)).toMatch(/does not end/);
  });
});

test('a definition of more statements than fit into memory is refused', () => {
  expect(problemOf('COMMENT', 'a;'.repeat(1_000_002))).toBe('contains too many statements');
});

describe('a drop statement', () => {
  const problemOfDrop = (kind: string, drop: string): string | undefined => problemOf(kind, '', drop);

  test.each([
    ['TABLE', 'DROP TABLE public.t;\n'],
    ['FUNCTION', 'DROP FUNCTION public.f(integer);\n'],
    ['CONSTRAINT', 'ALTER TABLE ONLY public.t DROP CONSTRAINT c;\n'],
    ['BLOB', "SELECT pg_catalog.lo_unlink('4711');\n"],
    ['SHELL TYPE', 'DROP TYPE public.t;\n'],
    ['TYPE', 'DROP TYPE public."f(integer)" CASCADE;\n'],
    ['AGGREGATE', 'DROP AGGREGATE public.f(integer, text);\n'],
    ['OPERATOR', 'DROP OPERATOR public.+ (integer, NONE);\n'],
    ['RULE', 'CREATE OR REPLACE VIEW public.v AS\nSELECT\n    NULL::integer AS a;\n'],
  ])('of kind %s can be %j', (kind, drop) => {
    expect(problemOfDrop(kind, drop)).toBeUndefined();
  });

  test.each([
    ['TABLE', 'DROP TABLE public.t; COMMIT;\n', /another kind \(COMMIT/],
    ['FUNCTION', 'DROP FUNCTION public.f(integer); ALTER ROLE app SUPERUSER;\n', /another kind \(ALTER ROLE/],
    ['FUNCTION', 'DROP OWNED BY app;\n', /another kind \(DROP OWNED/],
    ['FUNCTION', 'DROP FUNCTION public.f(integer) CASCADE;\n', /drops more/],
    ['FUNCTION', 'DROP FUNCTION public.f(integer), public.g();\n', /drops more/],
    ['FUNCTION', 'DROP FUNCTION public.g();\n', /drops another/],
    ['FUNCTION', 'DROP FUNCTION other.f(integer);\n', /drops another/],
    ['TABLE', 'DROP TABLE public.t', /does not end/],
  ])('of kind %s cannot be %j', (kind, drop, problem) => {
    expect(problemOfDrop(kind, drop)).toMatch(problem);
  });
});
