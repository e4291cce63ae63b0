import { describe, expect, it } from '@jest/globals';
import { leftOutByInputs } from '../../../src/backup/not-included/from-inputs.ts';

const NO_FILTERS = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };

describe('what the inputs leave out', () => {
  it('is what options of pg_dump leave out, not what others add or change', () => {
    const others = ['--statistics', '--lock-wait-timeout=10s', '--load-via-partition-root', '-v'];
    expect(leftOutByInputs(NO_FILTERS, others)).toEqual([]);
    expect(leftOutByInputs(NO_FILTERS, [...others, '-O', '--statistics-only', '--role=a'])).toEqual([
      {
        what: 'what these options leave out',
        names: ['-O', '--statistics-only', '--role=a'],
        why: 'pg-dump-args',
        level: 'info',
      },
    ]);
  });
});
