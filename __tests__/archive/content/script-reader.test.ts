import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ScriptReader } from '../../../src/archive/content/script-reader.ts';
import { CLOSING_COMMENT, contentsOf, readScript } from './read-script.ts';

const ROWS = 'COPY public.t (a) FROM stdin;\nx\n\\.\n\n\n';

describe('a script of data', () => {
  it.each([
    'SET statement_timeout = 0;',
    'SET idle_in_transaction_session_timeout = 0;',
    'SET transaction_timeout = 0;',
    "SET client_encoding = 'EUC_JIS_2004';",
    'SET standard_conforming_strings = on;',
    "SELECT pg_catalog.set_config('search_path', '', false);",
    "SELECT pg_catalog.set_config('search_path', 'a, \"it''s; \nb\"', false);",
    'SET search_path = public, pg_catalog;',
    'SET search_path = "a; \nb", pg_catalog;',
    'SET check_function_bodies = false;',
    'SET xmloption = content;',
    'SET client_min_messages = warning;',
    'SET escape_string_warning = off;',
    'SET row_security = off;',
    'BEGIN;',
    'COMMIT;',
    "SELECT pg_catalog.lo_create('4294967295');",
    'SELECT pg_catalog.lo_close(0);',
  ])('has no contents in this line: %j', (statement) => {
    const script = `${statement}\n\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual(['session']);
    expect(readScript(script, [1])).toEqual(['session']);
  });

  it('may have comments of any text, empty lines, and lines that restrict commands of psql', () => {
    const script = `--\n-- Data for Name: it's; "odd $$ /*; Type: TABLE DATA\n--\n\n\\restrict aB1\n\n${ROWS}\n\\unrestrict aB1\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual(['rows public.t (a): 1 rows, 2 bytes']);
  });

  it.each([
    '-- PostgreSQL database dump complete?',
    '-- PostgreSQL database dump complet',
    '--  PostgreSQL database dump complete',
    '--- PostgreSQL database dump complete',
  ])('does not end with this line: %j', (comment) => {
    expect(() => readScript(`${ROWS}${comment}\n`)).toThrow('without the closing comment');
    expect(() => readScript(`${ROWS}${comment}\n`, [1])).toThrow('without the closing comment');
  });
});

describe('a line that cannot be part of the data of an archive', () => {
  it.each([
    'SELECT 1;',
    'CREATE TABLE t ();',
    'DROP TABLE public.t;',
    'SET ROLE postgres;',
    'SET statement_timeout = 0; DROP TABLE t;',
    "SET client_encoding = 'UTF8'; SELECT '';",
    'SET search_path = public, pg_catalog; SELECT 1;',
    "SELECT pg_catalog.set_config('search_path', '', true);",
    "SELECT pg_catalog.set_config('role', 'postgres', false);",
    'BEGIN; DROP TABLE t;',
    'COMMIT',
    'ROLLBACK;',
    'SELECT pg_catalog.lo_close((SELECT evil()));',
    "SELECT pg_catalog.lo_create('1', evil());",
    "SELECT pg_catalog.lo_open('1', evil());",
    "SELECT pg_catalog.lo_unlink('1');",
    `SELECT pg_catalog.lowrite(0, '\\x00'); SELECT evil('');`,
    `SELECT pg_catalog.lowrite(0, '\\x00`,
    `SELECT pg_catalog.lowrite(0, '\\x00'::text);`,
    "SELECT pg_catalog.setval('s', now(), true);",
    "SELECT pg_catalog.setval('s', 1, true); DROP TABLE t;",
    "SELECT pg_catalog.setval('s', 1, true); SELECT pg_catalog.setval('t', 2, true);",
    "SELECT pg_catalog.setval('s''', 1, true);",
    "SELECT pg_catalog.setval('not a name', 1, true);",
    "SELECT pg_catalog.setval('a.b.c', 1, true);",
    "SELECT pg_catalog.setval('', 1, true);",
    'SELECT pg_catalog.setval(s, 1, true);',
    "COPY t FROM '/etc/passwd';",
    "COPY t  FROM PROGRAM 'true';",
    'COPY (SELECT 1) TO stdout;',
    'COPY t (a) FROM stdin; DROP TABLE t;',
    'COPY t (a FROM stdin;',
    'COPY t (a,b) FROM stdin;',
    'COPY t () FROM stdin;',
    'COPY a.b.c (a) FROM stdin;',
    'COPY "" (a) FROM stdin;',
    'COPY .t (a) FROM stdin;',
    'COPY  FROM stdin;',
    "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000');",
    'INSERT INTO public.t VALUES (1);',
    '- nonsense',
    ' BEGIN;',
    ';',
  ])('is refused: %j', (statement) => {
    const message = /cannot be part of the data of an archive|ends inside a line/;
    expect(() => readScript(`${statement}\n${CLOSING_COMMENT}`)).toThrow(message);
    expect(() => readScript(`${statement}\n${CLOSING_COMMENT}`, [1])).toThrow(message);
  });

  it.each(['\\! true', '\\connect x', '\\restrict', '\\restrict a b', '\\i file', '\\'])(
    'is refused: %j',
    (command) => {
      expect(() => readScript(`${command}\n${CLOSING_COMMENT}`)).toThrow('a command of psql');
    },
  );

  it('is refused after rows that seem to end early', () => {
    const rows = 'COPY public.t (a) FROM stdin;\nx\n\\.\nDROP TABLE public.t;\n\\.\n\n\n';
    expect(() => readScript(`${rows}${CLOSING_COMMENT}`)).toThrow('cannot be part of the data');
  });

  it('is refused without quoting it, because it may be part of a row', () => {
    expect(() => readScript(`secret value\n${CLOSING_COMMENT}`)).toThrow(/^(?!.*secret)/);
  });

  it('is refused before its end if it is longer than any statement', () => {
    const reader = new ScriptReader({ onRows: () => undefined, onStatement: () => undefined });
    const pieces = (): void => {
      for (let at = 0; at < 40; at += 1) reader.write(Buffer.alloc(65_536, at === 0 ? 'COPY "' : ' '));
    };
    expect(pieces).toThrow('more than 1 MiB');
  });
});

describe('rows', () => {
  it('are counted up to the line with only a backslash and a dot', () => {
    const script = `COPY public.t (a, b) FROM stdin;\n1\t\\\\.\n\\.x\n\\N\t\\n\n\\\n\\.\n\n\nBEGIN;\n${CLOSING_COMMENT}`;
    const expected = ['rows public.t (a, b): 4 rows, 18 bytes', 'session'];
    expect(readScript(script)).toEqual(expected);
    for (const size of [1, 2, 3, 5]) expect(readScript(script, [size])).toEqual(expected);
  });

  it('are empty lines in a table without columns', () => {
    expect(readScript(`COPY public.z  FROM stdin;\n\n\n\n\\.\n\n\n${CLOSING_COMMENT}`)).toEqual([
      'rows public.z (): 3 rows, 3 bytes',
    ]);
  });

  it('may be absent', () => {
    expect(readScript(`COPY public.e (a) FROM stdin;\n\\.\n\n\n${CLOSING_COMMENT}`)).toEqual([
      'rows public.e (a): 0 rows, 0 bytes',
    ]);
  });

  it('may look like any other line', () => {
    const rows = `it's\n"\n$$\n-- x\n/*\nCREATE TABLE x (\n\\\\connect\n-- PostgreSQL database dump complete\n`;
    const script = `COPY t (a) FROM stdin;\n${rows}\\.\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual([`rows t (a): 8 rows, ${rows.length} bytes`]);
  });

  it.each([
    ['"Odd;".\"a.b (c) FROM stdin;\"', 'Odd;', 'a.b (c) FROM stdin;'],
    ['public."new\nline ""q"""', 'public', 'new\nline "q"'],
    [`public."it's\n-- x"`, 'public', `it's\n-- x`],
    ['"émoji 😀".täble', 'émoji 😀', 'täble'],
    ['public."à"', 'public', 'à'],
    ['public.à', 'public', 'à'],
    ['bare', '', 'bare'],
  ])('belong to the table of the COPY statement: %j', (name, schema, table) => {
    const columns = 'a, "b, c)", "d ""FROM stdin;\n"';
    const script = `COPY ${name} (${columns}) FROM stdin;\nx\ty\tz\n\\.\n${CLOSING_COMMENT}`;
    for (const pieces of [[], [1]]) {
      expect(contentsOf(script, pieces).tables).toMatchObject([{ name, schema, table, columns, rows: 1 }]);
    }
  });

  it.each([
    ['(a, b)', 'x\n'],
    ['(a, b)', 'x\ty\tz\n'],
    ['(a)', '\\N\t\\N\n\\N\n'],
    ['', '\t\n'],
  ])('are refused where the first one has other columns than the statement: %j %j', (columns, rows) => {
    const script = `COPY public.t ${columns} FROM stdin;\n${rows}\\.\n${CLOSING_COMMENT}`;
    for (const pieces of [[], [1]]) {
      expect(() => readScript(script, pieces)).toThrow(
        'its rows of public.t have other columns than the table',
      );
    }
  });

  it.each([
    ['(a, b)', ''],
    ['(a, "b, c")', '\ty\n'],
    ['', '\n\n'],
  ])('may have no columns, or not be there: %j %j', (columns, rows) => {
    const script = `COPY public.t ${columns} FROM stdin;\n${rows}\\.\n${CLOSING_COMMENT}`;
    for (const pieces of [[], [1]]) expect(readScript(script, pieces)).toHaveLength(1);
  });

  it('have different tables for different names that are not UTF-8', () => {
    const block = (byte: number): Buffer =>
      Buffer.concat([Buffer.from('COPY t'), Buffer.of(byte), Buffer.from(' (a) FROM stdin;\n1\n\\.\n')]);
    const { tables } = contentsOf(Buffer.concat([block(0xe9), block(0xe8), Buffer.from(CLOSING_COMMENT)]));
    expect(tables.map(({ table }) => table)).toEqual(['tè', 'té']);
  });
});

describe('an incomplete script', () => {
  it.each([
    ['', 'is empty'],
    ['BEGIN;\n', 'without the closing comment'],
    ["SELECT pg_catalog.setval('PostgreSQL database dump complete\n--\n", 'ends inside a line'],
    [`COPY t (a) FROM stdin;\n1\n-- PostgreSQL database dump complete\n`, 'ends inside the rows of t'],
    [`COPY t (a) FROM stdin;\n1\n\\.`, 'ends inside the rows of t'],
    [`COPY t (a) FROM stdin;`, 'ends inside a line'],
    [`${CLOSING_COMMENT}BEGIN;\n`, 'continues after the closing comment'],
    [`COPY "a\0b" (a) FROM stdin;\n\\.\n${CLOSING_COMMENT}`, 'a zero byte'],
  ])('is refused: %j', (script, message) => {
    expect(() => readScript(script)).toThrow(message);
    expect(() => readScript(script, [1])).toThrow(message);
  });

  it('is refused at whatever position it is cut', () => {
    const whole = `BEGIN;\nCOPY t (a) FROM stdin;\nx\ny\n\\.\n\n${CLOSING_COMMENT}`;
    const end = whole.lastIndexOf('complete\n') + 'complete'.length;
    for (let length = 0; length <= end; length += 1) {
      expect(() => readScript(whole.slice(0, length))).toThrow(/script (is empty|ends)/);
    }
    expect(readScript(whole.slice(0, end + 1))).toHaveLength(2);
  });
});

describe('a script in chunks', () => {
  const statement = fc.constantFrom(
    `COPY public.t (a, "b\n;") FROM stdin;\nx\ty\n\\\\.\n\\.z\n\\N\t\\N\n\\.\n\n`,
    'COPY public.z  FROM stdin;\n\n\n\\.\n\n',
    'COPY public.e (a) FROM stdin;\n\\.\n\n',
    String.raw`SELECT pg_catalog.setval('public."a''b"', 42, true);`,
    `SELECT pg_catalog.setval('public."a\n;''"', -7, false);`,
    String.raw`SELECT pg_catalog.lo_open('16385', 131072);`,
    String.raw`SELECT pg_catalog.lowrite(0, '\x00ff27');`,
    'SELECT pg_catalog.lo_close(0);',
    "SET client_encoding = 'UTF8';",
    'SET statement_timeout = 0;',
    'SET standard_conforming_strings = off;',
    '\\restrict abc',
    '--\n-- Name: a; Type: TABLE\n--',
  );

  it('has the same contents for every division into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (statements, pieces) => {
          const isSetting = (text: string): boolean => text.startsWith('SET ');
          const others = statements.filter((text) => !isSetting(text));
          const script = [...statements.filter(isSetting), ...others, CLOSING_COMMENT].join('\n');
          expect(contentsOf(script, pieces)).toEqual(contentsOf(script));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keeps a name of any text', () => {
    const piece = fc.constantFrom(
      '$',
      '"',
      "'",
      '\\',
      ';',
      '\n',
      '--',
      '/*',
      ', ',
      ' (',
      ') FROM stdin;',
      'é',
      ' ',
      'a',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1 }).map((parts) => parts.join('')),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 9 }),
        (name, standard, pieces) => {
          const quoted = `"${name.replaceAll('"', '""')}"`;
          const escaped = (standard ? quoted : quoted.replaceAll('\\', '\\\\')).replaceAll("'", "''");
          const script =
            `SET standard_conforming_strings = ${standard ? 'on' : 'off'};\n` +
            `COPY s.${quoted} (${quoted}, b) FROM stdin;\nx\ty\n\\.\n\n` +
            `SELECT pg_catalog.setval('s.${escaped}', 1, true);\n${CLOSING_COMMENT}`;
          expect(contentsOf(script, pieces)).toMatchObject({
            tables: [{ schema: 's', table: name, columns: `${quoted}, b`, rows: 1 }],
            sequences: [{ name: `s.${quoted}` }],
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
