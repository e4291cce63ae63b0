import { describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../../src/postgres/diagnosis/error-lines.ts';
import { untangled } from '../../../src/postgres/diagnosis/untangled.ts';

const GONE = 'pg_dump: error: a worker process died unexpectedly\n';
const DUMPING = 'dumping contents of table "shop.orders"';
const FINISHED = 'finished item 3289 TABLE DATA orders';

/** How `pg_dump` writes a message. */
const pieces = (text: string, isError = false): string[] => [
  ...['pg_dump:', ' ', ...(isError ? ['error: '] : [])],
  `${text}\n`,
];

/** All orders in which two processes can write their pieces. */
function orders(one: readonly string[], other: readonly string[]): string[] {
  if (one.length === 0 || other.length === 0) return [[...one, ...other].join('')];
  const [first = '', second = ''] = [one[0], other[0]];
  return [
    ...orders(one.slice(1), other).map((rest) => first + rest),
    ...orders(one, other.slice(1)).map((rest) => second + rest),
  ];
}

describe('what processes of pg_dump say at the same time', () => {
  it.each([
    ['could not obtain lock on relation "shop.orders"\nThis usually means much.', /could not lock the table/],
    ['could not write to file: No space left on device', /^The disk of the runner is full\.$/],
    ['query failed: ERROR:  permission denied for table orders', /^The user lacks the privilege/],
  ])('is taken apart, whatever the order of the pieces: %s', (error, cause) => {
    for (const other of [pieces(DUMPING), pieces(FINISHED), pieces(error, true)]) {
      for (const order of orders(pieces(error, true), other)) {
        const stderr = untangled(order + GONE);
        expect([order, diagnose(stderr).cause]).toEqual([order, expect.stringMatching(cause)]);
        expect(errorLines(stderr)[0]).toBe(`pg_dump: error: ${error.split('\n')[0]}`);
      }
    }
  });

  it('leaves alone what nobody has interrupted', () => {
    const stderr = [
      'pg_dump: last built-in OID is 16383',
      `pg_dump: ${DUMPING}`,
      'pg_dump: warning: there are circular foreign-key constraints on this table:',
      'pg_dump: detail: orders',
      'pg_dump: error: query failed: ERROR:  permission denied for table orders',
      'pg_dump: detail: Query was: SELECT 1',
      ' FROM orders',
      'query failed: is a column here',
      'error: query failed: too',
      ' error: could not write to file',
      '',
    ].join('\n');
    expect(untangled(stderr)).toBe(stderr);
  });
});
