import { describe, expect, it } from '@jest/globals';
import { notValidCheck, tableChecks, withoutCheck } from '../../../src/archive/toc/table-checks.ts';
import { tocEntry } from './toc-entry.ts';

const HEAD = 'CREATE TABLE public."Or(ders" (';
const COLUMN = `\n    note text DEFAULT 'CONSTRAINT x CHECK (true)'::text`;
const FIRST = `CONSTRAINT "a ""b""" CHECK ((note <> ')'::text)) NO INHERIT`;
const SECOND = `CONSTRAINT other CHECK (
CASE
    WHEN (id > 0) THEN public.f(id)
    ELSE false
END)`;
const TAIL = '\n);\n';

describe('the CHECK constraints of a table', () => {
  const definition = `${HEAD}${COLUMN},\n    ${FIRST},\n    ${SECOND}${TAIL}`;
  const checks = tableChecks(definition);

  it('are found by name, with the words of their expressions', () => {
    expect(checks.map(({ name }) => name)).toEqual(['a "b"', 'other']);
    expect(checks.map(({ at, end }) => definition.slice(at, end))).toEqual([FIRST, SECOND]);
    expect(checks[1]?.words.map(({ text }) => text)).toContain('f');
    expect(checks[0]?.words.map(({ text }) => text)).not.toContain('f');
    expect(tableChecks('CREATE VIEW v AS SELECT 1;\n')).toEqual([]);
    expect(tableChecks(`${HEAD}\n    CONSTRAINT x CHECK ((1`)).toEqual([]);
  });

  it('are taken out as pg_dump leaves them out', () => {
    const without = (from: string, index: number): string => {
      const check = tableChecks(from)[index];
      return check === undefined ? '' : withoutCheck(from, check);
    };
    expect(without(definition, 0)).toBe(`${HEAD}${COLUMN},\n    ${SECOND}${TAIL}`);
    expect(without(definition, 1)).toBe(`${HEAD}${COLUMN},\n    ${FIRST}${TAIL}`);
    expect(without(`${HEAD}\n    ${FIRST}${TAIL}`, 0)).toBe(`${HEAD}${TAIL}`);
    expect(without(`${HEAD}\n    ${FIRST},\n    ${SECOND}${TAIL}`, 0)).toBe(`${HEAD}\n    ${SECOND}${TAIL}`);
  });

  it('are entries of their own where they are NOT VALID', () => {
    const plain = tocEntry({
      kind: 'TABLE',
      schema: 'public',
      tag: 't',
      definition: `CREATE TABLE public.t (\n    id integer,\n    ${SECOND}${TAIL}`,
    });
    const [check] = tableChecks(plain.definition);
    expect(check && notValidCheck(plain, check)).toMatchObject({
      kind: 'CHECK CONSTRAINT',
      tag: 't other',
      definition: `ALTER TABLE public.t\n    ADD ${SECOND} NOT VALID;\n`,
    });
  });
});
