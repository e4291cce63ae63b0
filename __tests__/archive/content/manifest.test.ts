import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countLineFeeds } from '../../../src/archive/content/line-feeds.ts';
import {
  type Definition,
  type Manifest,
  type ManifestParts,
  contentDigest,
  manifestOf,
} from '../../../src/archive/content/manifest.ts';
import { CLOSING_COMMENT, contentsOf } from './read-script.ts';

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
  rows: copy('public.b', '1\t2\n3\t4\n') + copy('public.a', '5\t6\n'),
  sequences:
    "SELECT pg_catalog.setval('public.s', 42, true);\nSELECT pg_catalog.setval('public.r', 1, false);",
  objects: `BEGIN;\n${largeObject(7, '00ff', '27')}${largeObject(8, '61')}COMMIT;`,
};

const DEFINITIONS: readonly Definition[] = [
  { kind: 'TABLE', name: 'public.a', sha256: sha256('a') },
  { kind: 'VIEW', name: 'public.v', sha256: sha256('v') },
];

function manifestFrom(parts: Parameters<typeof script>[0] = {}): Manifest {
  return manifestOf(contentsOf(script(parts)), DEFINITIONS);
}

const digestOf = (parts: Parameters<typeof script>[0]): string => manifestFrom(parts).contentDigest;
const DIGEST = digestOf({});

describe('a manifest', () => {
  const manifest = manifestFrom();

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
        text: 'ascii',
      },
      {
        name: 'public.b',
        schema: 'public',
        table: 'b',
        columns: 'a, b',
        rows: 2,
        bytes: 8,
        sha256: sha256('1\t2\n3\t4\n'),
        text: 'ascii',
      },
    ]);
    expect(manifest).toMatchObject({ rows: 3, bytes: 12 });
  });

  it('contains the value of each sequence, to the last digit', () => {
    const sequences = `SELECT pg_catalog.setval('public."It''s ""odd"""', 9223372036854775807, false);\nSELECT pg_catalog.setval('public.a', -42, true);`;
    expect(manifestFrom({ sequences }).sequences).toEqual([
      { name: `public."It's ""odd"""`, value: '9223372036854775807', called: false },
      { name: 'public.a', value: '-42', called: true },
    ]);
  });

  it('reads the name of a sequence with doubled backslashes', () => {
    const session = 'SET standard_conforming_strings = off;';
    const sequences = String.raw`SELECT pg_catalog.setval('public."a\\b"', 1, true);`;
    expect(manifestFrom({ session, sequences }).sequences[0]?.name).toBe(String.raw`public."a\b"`);
  });

  it('counts large objects and their bytes', () => {
    expect(manifest.largeObjects).toMatchObject({ count: 2, bytes: 4 });
  });

  it('is the same after it was written as JSON and read again', () => {
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  });

  it('joins the blocks of a partitioned table that was dumped as one', () => {
    const rows = copy('public.b', '1\t2\n') + copy('public.a', '5\t6\n') + copy('public.b', '2\t1\n', 'b, a');
    const [, joined] = manifestFrom({ rows }).tables;
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
    ['an empty large object appears', { objects: `${PARTS.objects}\n${largeObject(9)}` }],
    ['large objects swap contents', { objects: largeObject(8, '00ff27') + largeObject(7, '61') }],
  ])('%s', (_, parts) => {
    expect(script(parts)).not.toBe(script());
    expect(digestOf(parts)).not.toBe(DIGEST);
  });

  it('any of its parts changes', () => {
    const { tables, sequences, largeObjects, definitions } = manifestFrom();
    const parts: ManifestParts = { tables, sequences, largeObjects, definitions };
    expect(contentDigest(parts)).toBe(DIGEST);
    const others: Partial<ManifestParts>[] = [
      { tables: tables.slice(1) },
      { sequences: [] },
      { largeObjects: { ...largeObjects, count: 3 } },
      { definitions: [] },
      { definitions: [...definitions, ...definitions] },
      ...(['kind', 'name', 'sha256'] as const).map((part) => ({
        definitions: definitions.map((definition) => ({ ...definition, [part]: 'other' })),
      })),
    ];
    const digests = others.map((other) => contentDigest({ ...parts, ...other }));
    expect(new Set([DIGEST, ...digests]).size).toBe(others.length + 1);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the content digest', () => {
  it('is made as documented, so that anyone can compute it', () => {
    const { tables, largeObjects } = manifestFrom();
    const lines = [
      ['postgres-backup content digest 3'],
      ['definition', 'TABLE', 'public.a', sha256('a')],
      ['definition', 'VIEW', 'public.v', sha256('v')],
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
    expect(manifestFrom().largeObjects.sha256).toBe(combined);
  });

  it('does not depend on the order in which definitions, tables and sequences are given', () => {
    const { tables, sequences, definitions, largeObjects } = manifestFrom();
    const reversed: ManifestParts = {
      definitions: definitions.toReversed(),
      tables: tables.toReversed(),
      sequences: sequences.toReversed(),
      largeObjects,
    };
    expect(contentDigest(reversed)).toBe(DIGEST);
  });
});

describe('line feeds', () => {
  it('are counted correctly at any position and alignment', () => {
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

  it('are counted correctly in a chunk of nothing else', () => {
    expect(countLineFeeds(Buffer.alloc(65_537, 10), 1, 65_537)).toBe(65_536);
  });
});
