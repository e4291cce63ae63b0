import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ScriptReader } from '../../../src/archive/content/script-reader.ts';
import { CLOSING_COMMENT, manifestOf, readScript } from './read-script.ts';

/** Each one is a single statement, whatever it looks like. */
const SINGLE_STATEMENTS = {
  'a semicolon in a string': `COMMENT ON TABLE t IS 'a;b';`,
  'a doubled quote': `COMMENT ON TABLE t IS 'it''s; ok''';`,
  'a backslash that ends a standard string': `COMMENT ON TABLE t IS 'C:\\';`,
  'an escape string with an escaped quote': String.raw`SELECT E'a\';b\\';`,
  'an escape string with a doubled quote before an escaped one': String.raw`SELECT e'a'';\';b';`,
  'a word that ends in e before a standard string': String.raw`SELECT type'a\' ;`,
  'a quoted identifier': `CREATE TABLE "a;""b;'" ();`,
  'a dollar-quoted body': `CREATE FUNCTION f() AS $$ don't; -- $$ LANGUAGE sql;`,
  'a tagged body with other tags within': `CREATE FUNCTION f() AS $_X$ $$;$_$;$_X;$_x$;$ $_X$;`,
  'a body whose end follows the beginning of its tag': `CREATE FUNCTION f() AS $ab$;$a$ab$;`,
  'a tag beyond ASCII': `CREATE FUNCTION f() AS $é$;$e$;$é$;`,
  'a body with a script in it':
    'CREATE FUNCTION f() AS $$\nCOPY t (a) FROM stdin;\n1\n\\.\n\\connect x\n--\n-- PostgreSQL database dump complete\n--\n$$;',
  'a dollar sign inside a name': `CREATE TABLE a$b$c (d$$ integer);`,
  'a parameter before a string': `SELECT $1,';$1';`,
  'a line comment': `CREATE VIEW v AS SELECT 1 -- it's; not\n+ 2;`,
  'nested block comments': `CREATE VIEW v AS SELECT 1 /* a; /* b;' */ c; **/ + 2 /*/;*/;`,
  'a comment whose opening is followed by a slash': `CREATE VIEW v AS SELECT 1 /* /*/ */ ;' */ + 2;`,
  'operators that are no comments': `SELECT 1 - -1 / 2 * 3, -(-(4)), 5/(*);`,
  'a rule of several commands': `CREATE RULE r AS ON DELETE TO t DO (DELETE FROM a; DELETE FROM b;);`,
  'a function body that opens with BEGIN ATOMIC':
    'CREATE FUNCTION f() RETURNS integer\n LANGUAGE sql\n BEGIN ATOMIC\n SELECT 1;\n SELECT 2;\nEND;',
  'a body with CASE in it':
    'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN a THEN CASE WHEN b THEN 1 END END; SELECT (CASE 1 WHEN 2 THEN 3 END); END;',
  'a body that reads a column called begin':
    'CREATE FUNCTION f() BEGIN ATOMIC SELECT t.begin; SELECT begin atomic; END;',
  'an argument called begin, of a type called atomic': 'CREATE FUNCTION f(begin atomic) AS $$;$$;',
  'a function that is called begin': 'CREATE FUNCTION public.begin() RETURNS void AS $$;$$;',
  'names in a body that contain END':
    'CREATE FUNCTION f() BEGIN ATOMIC SELECT "end", endless, the_end; SELECT 1; END;',
  'an unmatched closing parenthesis': `SELECT ) 'a;' (1);`,
};

describe('where a statement ends', () => {
  it.each(Object.entries(SINGLE_STATEMENTS))('is found in spite of %s', (_, statement) => {
    const script = `${statement}\nSELECT 'next';\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual([statement, `SELECT 'next';`]);
    expect(readScript(script, [1])).toEqual([statement, `SELECT 'next';`]);
  });

  it('follows the standard_conforming_strings that the script sets', () => {
    const script = String.raw`SET standard_conforming_strings = off;
SELECT 'a\';b';
SELECT lower('\\'), "\";
SET standard_conforming_strings = on;
SELECT 'a\';
SELECT 'b';
${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual([
      'session',
      String.raw`SELECT 'a\';b';`,
      String.raw`SELECT lower('\\'), "\";`,
      'session',
      String.raw`SELECT 'a\';`,
      `SELECT 'b';`,
    ]);
  });

  it('does not take the words BEGIN ATOMIC for a body where no function is created', () => {
    const statements = [
      'CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END;',
      'CREATE VIEW v AS SELECT 1 FROM public.begin atomic;',
      'CREATE FUNCTION g() BEGIN ATOMIC SELECT 2; END;',
    ];
    expect(readScript(`${statements.join('\n')}\n${CLOSING_COMMENT}`)).toEqual(statements);
  });
});

describe('between statements', () => {
  it('comments, meta-commands, white space and lone semicolons are passed over', () => {
    const script = `--\n-- it's; "odd $$ /*\n--\n\n\\restrict ab'c;\n;\n\\connect -reuse-previous=on "dbname='a;b'"\n SELECT 1;\n\\unrestrict ab'c\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual(['SELECT 1;']);
  });

  it.each([
    '-- PostgreSQL database dump complete?',
    '-- PostgreSQL database dump complet',
    '--  PostgreSQL database dump complete',
  ])('the comment %j is not the closing one', (comment) => {
    expect(() => readScript(`SELECT 1;\n${comment}\n`)).toThrow('without the closing comment');
    expect(() => readScript(`SELECT 1;\n${comment}\n`, [1])).toThrow('without the closing comment');
  });
});

describe('rows', () => {
  it('are counted up to the line that is only a backslash and a dot', () => {
    const script = `COPY public.t (a, b) FROM stdin;\n1\t\\\\.\n\\.x\n\\N\t\\n\n\\\n\\.\n\n\nSELECT 1;\n${CLOSING_COMMENT}`;
    const expected = ['rows public.t (a, b): 4 rows, 18 bytes', 'SELECT 1;'];
    expect(readScript(script)).toEqual(expected);
    for (const size of [1, 2, 3, 5]) expect(readScript(script, [size])).toEqual(expected);
  });

  it('of a table without columns are empty lines', () => {
    expect(readScript(`COPY public.z  FROM stdin;\n\n\n\n\\.\n\n\n${CLOSING_COMMENT}`)).toEqual([
      'rows public.z (): 3 rows, 3 bytes',
    ]);
  });

  it('may be none', () => {
    expect(readScript(`COPY public.e (a) FROM stdin;\n\\.\n\n\n${CLOSING_COMMENT}`)).toEqual([
      'rows public.e (a): 0 rows, 0 bytes',
    ]);
  });

  it('may look like anything', () => {
    const rows = `it's\n"\n$$\n-- x\n/*\nCREATE TABLE x (\n\\\\connect\n-- PostgreSQL database dump complete\n`;
    const script = `COPY t (a) FROM stdin;\n${rows}\\.\n${CLOSING_COMMENT}`;
    expect(readScript(script)).toEqual([`rows t (a): 8 rows, ${rows.length} bytes`]);
  });

  it.each([
    ['"Odd;".\"a.b (c) FROM stdin;\"', 'Odd;', 'a.b (c) FROM stdin;'],
    ['public."new\nline ""q"""', 'public', 'new\nline "q"'],
    ['"émoji 😀".täble', 'émoji 😀', 'täble'],
    ['bare', '', 'bare'],
  ])('belong to the table %j', (name, schema, table) => {
    const columns = 'a, "b, c)", "d ""FROM stdin;\n"';
    const { tables } = manifestOf(`COPY ${name} (${columns}) FROM stdin;\nx\n\\.\n${CLOSING_COMMENT}`);
    expect(tables).toMatchObject([{ name, schema, table, columns, rows: 1 }]);
  });

  it('keep names apart that are not UTF-8', () => {
    const block = (byte: number): Buffer =>
      Buffer.concat([Buffer.from('COPY t'), Buffer.of(byte), Buffer.from(' (a) FROM stdin;\n1\n\\.\n')]);
    const { tables } = manifestOf(Buffer.concat([block(0xe9), block(0xe8), Buffer.from(CLOSING_COMMENT)]));
    expect(tables.map(({ table }) => table)).toEqual(['tè', 'té']);
  });
});

describe('a script that is not whole', () => {
  it.each([
    ['', 'is empty'],
    ['SELECT 1;\n', 'without the closing comment'],
    ["SELECT 'PostgreSQL database dump complete\n--\n", 'ends inside a statement'],
    [`COPY t (a) FROM stdin;\n1\n-- PostgreSQL database dump complete\n`, 'ends inside the rows of t'],
    [`COPY t (a) FROM stdin;\n1\n\\.`, 'ends inside the rows of t'],
    [`COPY t (a) FROM stdin;`, 'ends inside the rows of t'],
    [`COPY t (a) FROM stdin; 1\n\\.\n${CLOSING_COMMENT}`, 'text after COPY'],
    [`COPY t FROM '/etc/passwd';\n${CLOSING_COMMENT}`, 'that pg_dump does not write'],
    [`SELECT pg_catalog.setval('s', now(), true);\n${CLOSING_COMMENT}`, 'that pg_dump does not write'],
    [`${CLOSING_COMMENT}SELECT 1;\n`, 'goes on after the closing comment'],
    [`SELECT 'a\0b';\n${CLOSING_COMMENT}`, 'a zero byte'],
    [`-SELECT 1;\n${CLOSING_COMMENT}`, 'where a statement should begin'],
  ])('is refused: %j', (script, message) => {
    expect(() => readScript(script)).toThrow(message);
    expect(() => readScript(script, [1])).toThrow(message);
  });

  it('is refused wherever it is cut', () => {
    const whole = `CREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\nx\ny\n\\.\n\n${CLOSING_COMMENT}`;
    const end = whole.lastIndexOf('complete\n') + 'complete'.length;
    for (let length = 0; length <= end; length += 1) {
      expect(() => readScript(whole.slice(0, length))).toThrow(/script (is empty|ends)/);
    }
    expect(readScript(whole.slice(0, end + 1))).toHaveLength(2);
  });
});

describe('a statement of several megabytes', () => {
  const long = (ending: string): string =>
    `CREATE FUNCTION f() AS $$ ${"it's; ".repeat(500_000)}${ending} $$;`;
  const scriptOf = (statement: string): string => `${statement}\nCREATE TABLE t ();\n${CLOSING_COMMENT}`;

  it('is passed on in pieces, and what follows is read as usual', () => {
    const script = scriptOf(long('')).replace(
      'CREATE TABLE',
      () => 'COPY t  FROM stdin;\n\n\\.\nCREATE TABLE',
    );
    expect(readScript(script, [65_536])).toEqual([
      long(''),
      'rows t (): 1 rows, 1 bytes',
      'CREATE TABLE t ();',
    ]);
  });

  it('is never held in memory as a whole', () => {
    const lengths: number[] = [];
    const reader = new ScriptReader({
      onRows: () => undefined,
      onStatement: () => undefined,
      onSchema: (piece) => lengths.push(piece.length),
    });
    for (let at = 0; at < 400; at += 1) reader.write(Buffer.alloc(65_536, at === 0 ? "SELECT '" : ' '));
    expect(lengths.length).toBeGreaterThan(10);
    expect(Math.max(...lengths)).toBeLessThan(1.2 * 1024 * 1024);
  });

  it('gives the same digest however it comes, and another when its end is another', () => {
    const digest = manifestOf(scriptOf(long('a'))).contentDigest;
    expect(manifestOf(scriptOf(long('a')), [65_536]).contentDigest).toBe(digest);
    expect(manifestOf(scriptOf(long('b')), [65_536]).contentDigest).not.toBe(digest);
  });
});

describe('however the script is cut into chunks', () => {
  const statement = fc.constantFrom(
    ...Object.values(SINGLE_STATEMENTS),
    `COPY public.t (a, "b\n;") FROM stdin;\nx\ty\n\\\\.\n\\.z\n\\N\t\\N\n\\.\n\n`,
    'COPY public.z  FROM stdin;\n\n\n\\.\n\n',
    'COPY public.e (a) FROM stdin;\n\\.\n\n',
    String.raw`SELECT pg_catalog.setval('public."a''b"', 42, true);`,
    String.raw`SELECT pg_catalog.lo_open('16385', 131072);`,
    String.raw`SELECT pg_catalog.lowrite(0, '\x00ff27');`,
    'SELECT pg_catalog.lo_close(0);',
    "SET client_encoding = 'UTF8';",
    'SET statement_timeout = 0;',
    '\\restrict abc',
    '--\n-- Name: a; Type: TABLE\n--',
  );

  it('the manifest is the same', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (statements, pieces) => {
          const script = [...statements, CLOSING_COMMENT].join('\n');
          expect(manifestOf(script, pieces)).toEqual(manifestOf(script));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('dollar-quoted and other strings of any text are read as one statement', () => {
    const piece = fc.constantFrom(
      '$',
      '$a',
      'a$',
      '$$',
      '$ab$',
      'ab',
      '\\',
      ';',
      '\n',
      '--',
      '/*',
      '*/',
      'é',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((parts) => parts.join('')),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 9 }),
        (text, pieces) => {
          fc.pre(!`${text}$`.includes('$abc$'));
          for (const quoted of [`$abc$${text}$abc$`, `'${text}'`, `"${text}"`]) {
            const sql = `SELECT ${quoted};`;
            expect(readScript(`${sql}\nSELECT 2;\n${CLOSING_COMMENT}`, pieces)).toEqual([sql, 'SELECT 2;']);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
