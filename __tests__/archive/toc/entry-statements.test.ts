import { describe, expect, test } from '@jest/globals';
import { unexpectedStatement } from '../../../src/archive/toc/entry-statements.ts';

function problemOf(kind: string, definition: string, dropStatement = ''): string | undefined {
  return unexpectedStatement({ kind, definition, dropStatement });
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
    [
      'COMMENT',
      "COMMENT ON TABLE public.t IS 'x';/* ; */ALTER ROLE app SUPERUSER;\n",
      /another kind \(ALTER ROLE/,
    ],
    ['A KIND OF THE FUTURE', 'ALTER SYSTEM SET x = 1;\n', /another kind \(ALTER SYSTEM/],
    ['TABLE', 'CREATE TABLE public.t ();\n\\! true\n', /command for psql/],
    ['TABLE', 'CREATE TABLE public.t () \\g |true\n;\n', /command for psql/],
  ])('of kind %s cannot be %j', (kind, definition, problem) => {
    expect(problemOf(kind, definition)).toMatch(problem);
  });

  test('can have a drop statement, but no other statement after it', () => {
    expect(problemOf('TABLE', 'CREATE TABLE public.t ();\n', 'DROP TABLE public.t;\n')).toBeUndefined();
    expect(problemOf('TABLE', 'CREATE TABLE public.t ();\n', 'DROP TABLE public.t; COMMIT;\n')).toMatch(
      /another kind \(COMMIT/,
    );
  });
});
