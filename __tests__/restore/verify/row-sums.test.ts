import { describe, expect, it } from '@jest/globals';
import { type RowSum, RowSums } from '../../../src/restore/verify/row-sums.ts';
import { ScriptReader } from '../../../src/archive/content/script-reader.ts';
import { CLOSING_COMMENT } from '../../archive/content/read-script.ts';

const TABLE = { name: 'public.t', schema: 'public', table: 't', columns: '' };

function sumOf(blocks: string, pieces = 1_000_000): RowSum | undefined {
  const sums = new RowSums([TABLE]);
  const reader = new ScriptReader(sums);
  const script = Buffer.from(blocks + CLOSING_COMMENT);
  for (let at = 0; at < script.length; at += pieces) {
    reader.write(script.subarray(at, at + pieces));
  }
  reader.end();
  return sums.of(TABLE);
}

const block = (columns: string, ...rows: readonly string[]): string =>
  `COPY public.t (${columns}) FROM stdin;\n${rows.map((row) => `${row}\n`).join('')}\\.\n\n`;

describe('the sum of the rows of a table', () => {
  const sum = sumOf(block('a, b', '1\tx', '2\ty', '2\ty', '3\t\\N'));

  it('is the same in any order of rows, columns and blocks, in any pieces', () => {
    expect(sum).toMatchObject({ rows: 4, sum: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const same = [
      block('a, b', '3\t\\N', '2\ty', '1\tx', '2\ty'),
      block('b, a', 'x\t1', 'y\t2', '\\N\t3', 'y\t2'),
      block('a, b', '2\ty', '1\tx') + block('"b", a', 'y\t2') + block('a, b') + block('b, a', '\\N\t3'),
    ];
    for (const blocks of same)
      for (const pieces of [1, 7, 1_000_000]) expect(sumOf(blocks, pieces)).toEqual(sum);
  });

  it.each([
    ['a lost row', block('a, b', '1\tx', '2\ty', '3\t\\N')],
    ['another value', block('a, b', '1\tx', '2\ty', '2\tz', '3\t\\N')],
    ['values swapped between columns', block('a, b', 'x\t1', '2\ty', '2\ty', '3\t\\N')],
    ['values swapped between rows', block('a, b', '1\ty', '2\tx', '2\ty', '3\t\\N')],
    ['a row twice, and another once', block('a, b', '1\tx', '1\tx', '2\ty', '3\t\\N')],
    ['a tab in another place', block('a, b', '1\tx', '2\ty', '2y\t', '3\t\\N')],
    ['an empty text for NULL', block('a, b', '1\tx', '2\ty', '2\ty', '3\t')],
  ])('is different after: %s', (_, blocks) => {
    expect(sumOf(blocks)?.sum).not.toBe(sum?.sum);
  });

  it('counts rows without columns, and rows that look like the end of the data', () => {
    expect(sumOf('COPY public.t  FROM stdin;\n\n\n\\.\n')).toMatchObject({ rows: 2 });
    expect(sumOf(block('a', '\\\\.', '.'))).toMatchObject({ rows: 2 });
    expect(sumOf(block('a'))).toMatchObject({ rows: 0 });
  });

  it('is computed only for the tables that are wanted', () => {
    expect(
      sumOf(`COPY public.other (a) FROM stdin;\n1\n\\.\nSELECT pg_catalog.setval('s', 1, true);\n`),
    ).toBeUndefined();
  });
});
