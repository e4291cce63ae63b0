import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countLineFeeds } from '../../../src/archive/content/line-feeds.ts';
import { type ManifestParts, contentDigest } from '../../../src/archive/content/manifest.ts';
import { CLOSING_COMMENT, manifestOf } from './read-script.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const copy = (name: string, rows: string, columns = 'a, b'): string =>
  `COPY ${name} (${columns}) FROM stdin;\n${rows}\\.\n\n\n`;

const largeObject = (id: number, ...hex: readonly string[]): string =>
  [
    `SELECT pg_catalog.lo_open('${id}', 131072);`,
    ...hex.map((digits) => `SELECT pg_catalog.lowrite(0, '\\x${digits}');`),
    'SELECT pg_catalog.lo_close(0);\n',
  ].join('\n');

/** The smallest script with something of everything; each part can be replaced. */
function script(parts: Partial<Record<keyof typeof PARTS, string>> = {}): string {
  return [...Object.values({ ...PARTS, ...parts }), CLOSING_COMMENT].join('\n');
}

const PARTS = {
  header: '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 17.10',
  encoding: "SET client_encoding = 'UTF8';",
  session: 'SET statement_timeout = 0;\nSET xmloption = content;',
  tables:
    "SET default_tablespace = '';\nCREATE TABLE public.a (a integer);\nCREATE TABLE public.b (a integer);",
  rows: copy('public.b', '1\t2\n3\t4\n') + copy('public.a', '5\t6\n'),
  sequences:
    "SELECT pg_catalog.setval('public.s', 42, true);\nSELECT pg_catalog.setval('public.r', 1, false);",
  objects: `BEGIN;\n${largeObject(7, '00ff', '27')}${largeObject(8, '61')}COMMIT;`,
  view: 'CREATE VIEW public.v AS SELECT 1;',
};

const digestOf = (parts: Parameters<typeof script>[0]): string => manifestOf(script(parts)).contentDigest;
const DIGEST = digestOf({});

describe('a manifest', () => {
  const manifest = manifestOf(script());

  it('lists tables by name, with the number, the length and the SHA-256 of their rows', () => {
    expect(manifest.tables).toEqual([
      {
        name: 'public.a',
        schema: 'public',
        table: 'a',
        columns: 'a, b',
        rows: 1,
        bytes: 4,
        sha256: sha256('5\t6\n'),
      },
      {
        name: 'public.b',
        schema: 'public',
        table: 'b',
        columns: 'a, b',
        rows: 2,
        bytes: 8,
        sha256: sha256('1\t2\n3\t4\n'),
      },
    ]);
    expect(manifest).toMatchObject({ rows: 3, bytes: 12 });
  });

  it('tells where each sequence stands, to the last digit', () => {
    const sequences = `SELECT pg_catalog.setval('public."It''s ""odd"""', 9223372036854775807, false);\nSELECT pg_catalog.setval('public.a', -42, true);`;
    expect(manifestOf(script({ sequences })).sequences).toEqual([
      { name: `public."It's ""odd"""`, value: '9223372036854775807', called: false },
      { name: 'public.a', value: '-42', called: true },
    ]);
  });

  it('reads the name of a sequence where backslashes are doubled', () => {
    const sequences = String.raw`SET standard_conforming_strings = off;
SELECT pg_catalog.setval('public."a\\b"', 1, true);`;
    expect(manifestOf(script({ sequences })).sequences[0]?.name).toBe(String.raw`public."a\b"`);
  });

  it('counts large objects and their bytes', () => {
    expect(manifest.largeObjects).toMatchObject({ count: 2, bytes: 4 });
  });

  it('survives a journey as JSON', () => {
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  });

  it('joins the blocks of a table that was dumped through its root', () => {
    const rows = copy('public.b', '1\t2\n') + copy('public.a', '5\t6\n') + copy('public.b', '2\t1\n', 'b, a');
    const [, joined] = manifestOf(script({ rows })).tables;
    expect(joined).toMatchObject({ name: 'public.b', columns: 'a, b', rows: 2, bytes: 8 });
    for (const other of ['a, b', 'b, c']) {
      expect(digestOf({ rows: rows.replace('b, a', other) })).not.toBe(digestOf({ rows }));
    }
  });
});

describe('the content digest stays the same when', () => {
  it.each<[string, Parameters<typeof script>[0]]>([
    ['comments and tokens differ', { header: '-- Dumped by 17.11\n\\restrict xyz\n-- Started on a Sunday' }],
    [
      'the settings of the session differ',
      { session: 'SET transaction_timeout = 0;\nSET row_security = off;' },
    ],
    [
      'statistics come along',
      { session: "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180000');\n" },
    ],
    ['tables come in another order', { rows: copy('public.a', '5\t6\n') + copy('public.b', '1\t2\n3\t4\n') }],
    ['sequences come in another order', { sequences: PARTS.sequences.split('\n').reverse().join('\n') }],
    ['large objects come in another order', { objects: largeObject(8, '61') + largeObject(7, '00', 'ff27') }],
  ])('%s', (_, parts) => {
    expect(script(parts)).not.toBe(script());
    expect(digestOf(parts)).toBe(DIGEST);
  });
});

describe('the content digest changes when', () => {
  it.each<[string, Parameters<typeof script>[0]]>([
    ['a byte in a row changes', { rows: PARTS.rows.replace('5\t6', '5\t7') }],
    ['a row moves to another table', { rows: copy('public.b', '1\t2\n') + copy('public.a', '3\t4\n5\t6\n') }],
    ['rows change places', { rows: PARTS.rows.replace('1\t2\n3\t4', '3\t4\n1\t2') }],
    ['an empty table appears', { rows: PARTS.rows + copy('public.c', '') }],
    ['a table is renamed', { rows: PARTS.rows.replace('public.a', 'public.c') }],
    ['columns change places', { rows: PARTS.rows.replace('a, b', 'b, a') }],
    ['a sequence moves', { sequences: PARTS.sequences.replace('42', '43') }],
    ['a sequence is called for the first time', { sequences: PARTS.sequences.replace('false', 'true') }],
    ['a sequence goes away', { sequences: PARTS.sequences.split('\n').slice(1).join('\n') }],
    ['a large object changes', { objects: PARTS.objects.replace("'\\x61'", "'\\x62'") }],
    ['a large object gets another number', { objects: PARTS.objects.replace("'8'", "'9'") }],
    ['an empty large object appears', { objects: PARTS.objects + largeObject(9) }],
    ['large objects swap contents', { objects: largeObject(8, '00ff27') + largeObject(7, '61') }],
    ['the encoding changes', { encoding: "SET client_encoding = 'LATIN1';" }],
    ['a table moves to another tablespace', { tables: PARTS.tables.replace("''", 'fast') }],
    ['a view changes', { view: 'CREATE VIEW public.v AS SELECT 2;' }],
    ['two statements become one', { view: 'CREATE VIEW public.v AS SELECT 1;'.replace(' AS', ';AS') }],
    [
      'statements change places',
      { tables: PARTS.tables.replace('.a', '.x').replace('.b', '.a').replace('.x', '.b') },
    ],
  ])('%s', (_, parts) => {
    expect(script(parts)).not.toBe(script());
    expect(digestOf(parts)).not.toBe(DIGEST);
  });

  it('any of its parts changes', () => {
    const { tables, sequences, largeObjects, schemaSha256 } = manifestOf(script());
    const parts: ManifestParts = { tables, sequences, largeObjects, schemaSha256 };
    expect(contentDigest(parts)).toBe(DIGEST);
    const others: Partial<ManifestParts>[] = [
      { tables: tables.slice(1) },
      { sequences: [] },
      { largeObjects: { ...largeObjects, count: 3 } },
      { schemaSha256: sha256('') },
    ];
    const digests = others.map((other) => contentDigest({ ...parts, ...other }));
    expect(new Set([DIGEST, ...digests]).size).toBe(others.length + 1);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the way the content digest is made', () => {
  it('is the documented one, so that anyone can compute it', () => {
    const { tables, schemaSha256, largeObjects } = manifestOf(script());
    const lines = [
      ['postgres-backup content digest 1'],
      ['schema', schemaSha256],
      ...tables.map(({ name, columns, rows, sha256: hash }) => ['table', name, columns, rows, hash]),
      ['sequence', 'public.r', '1', false],
      ['sequence', 'public.s', '42', true],
      ['large objects', 2, 4, largeObjects.sha256],
    ];
    expect(DIGEST).toBe(sha256(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  });

  it('combines large objects by XOR of the SHA-256 of each', () => {
    const [one, other] = ['7\n00ff27', '8\n61'].map((text) => BigInt(`0x${sha256(text)}`));
    const combined = ((one ?? 0n) ^ (other ?? 0n)).toString(16).padStart(64, '0');
    expect(manifestOf(script()).largeObjects.sha256).toBe(combined);
  });

  it('does not depend on the order in which tables and sequences are given', () => {
    const { tables, sequences, ...others } = manifestOf(script());
    const reversed = { ...others, tables: tables.toReversed(), sequences: sequences.toReversed() };
    expect(contentDigest(reversed)).toBe(DIGEST);
  });

  it('hashes the statements of the schema one after another, each ended by a zero byte', () => {
    const statements = [PARTS.encoding, ...PARTS.tables.split('\n'), PARTS.view];
    expect(manifestOf(script()).schemaSha256).toBe(sha256(statements.map((sql) => `${sql}\0`).join('')));
  });
});

describe('line feeds', () => {
  it('are counted right at any place and alignment', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(10, 11, 8, 0x8a, 0x0b, 0, 255, 0x7f, 0x80), { maxLength: 60 }),
        fc.nat(8),
        fc.nat(60),
        fc.nat(60),
        (content, offset, start, length) => {
          const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(content)]).subarray(offset);
          const from = Math.min(start, bytes.length);
          const to = Math.min(from + length, bytes.length);
          expect(countLineFeeds(bytes, from, to)).toBe(
            content.slice(from, to).filter((byte) => byte === 10).length,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('are counted right in a chunk of nothing else', () => {
    expect(countLineFeeds(Buffer.alloc(65_537, 10), 1, 65_537)).toBe(65_536);
  });
});
