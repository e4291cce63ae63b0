import { describe, expect, it } from '@jest/globals';
import { whereElse } from '../../src/storage/series-hints.ts';

const series = {
  backupName: 'shop',
  backups: [],
  unfinished: [],
  others: [],
  ignored: undefined,
  lookedAt: undefined,
  answeredAt: undefined,
};

describe('a series without a backup', () => {
  it('is reported with the names of the others, as far as they were searched', () => {
    expect(whereElse(series)).toBe('There are no backups with another name.');
    expect(whereElse({ ...series, others: ['a', 'b'], lookedAt: 10_000 })).toBe(
      'There are backups of: a, b. Only its newest 10000 artifacts were searched.',
    );
  });
});
