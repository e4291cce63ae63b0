import { describe, expect, it } from '@jest/globals';
import { isSameDefinition } from '../../../src/restore/verify/same-definition.ts';
import { tocEntry } from '../../archive/toc/toc-entry.ts';

function isSame(one: string, other: string, kind: string): boolean {
  return isSameDefinition(tocEntry({ kind, definition: one }), tocEntry({ kind, definition: other }));
}

describe('two definitions', () => {
  it.each<[what: string, one: string, other: string, kind?: string]>([
    [
      'a list of values that was read back',
      `CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))`,
      `CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))`,
    ],
    ['casts with modifiers', `SELECT (a)::numeric(5,2), (b)::timestamp(3) with time zone[]`, 'SELECT a, b'],
    ['casts to types of a schema', `SELECT (a)::types."Odd ""type"""[]`, 'SELECT a'],
    ['quotes that a name does not need', 'CREATE VIEW "public"."v" AS', 'CREATE VIEW public.v AS'],
    [
      'the order of columns',
      'CREATE TABLE t (\n    a integer,\n    b text\n);\n',
      'CREATE TABLE t (\n    b text,\n    a integer\n);\n',
      'TABLE',
    ],
    [
      'the name of a NOT NULL constraint',
      'CREATE TABLE t (\n    id integer NOT NULL\n);\n',
      'CREATE TABLE t (\n    id integer CONSTRAINT "t id not null" NOT NULL\n);\n',
      'TABLE',
    ],
  ])('are the same whatever %s', (_, one, other, kind = 'VIEW') => {
    expect(isSame(one, other, kind)).toBe(true);
  });

  it.each<[what: string, one: string, other: string, kind?: string]>([
    ['another value', `CHECK (s = 'a'::text)`, `CHECK (s = 'b'::text)`],
    ['another name', 'SELECT a FROM t', 'SELECT b FROM t'],
    ['a name in other letters', 'SELECT "A" FROM t', 'SELECT a FROM t'],
    ['parentheses in a body', 'AS $$ (a + b) * c $$', 'AS $$ a + b * c $$', 'FUNCTION'],
    ['a cast in a body', `AS 'SELECT 1::text'`, `AS 'SELECT 1'`, 'FUNCTION'],
    ['quotes in a string', `COMMENT ON TABLE t IS 'a "b"'`, `COMMENT ON TABLE t IS 'a b'`, 'COMMENT'],
    ['NULL that is allowed', '(\n id integer NOT NULL\n)', '(\n id integer\n)', 'TABLE'],
  ])('are not the same with %s', (_, one, other, kind = 'VIEW') => {
    expect(isSame(one, other, kind)).toBe(false);
  });
});
