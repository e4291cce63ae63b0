import { describe, expect, it } from '@jest/globals';
import { largeTableNotice, standbyError } from '../../../src/backup/parallel-dump/check-parallel-dump.ts';

describe('what is said before a parallel dump', () => {
  it.each([
    [9, true, true],
    [9, false, false],
    [10, true, false],
  ])('of PostgreSQL %i, a standby: %p, is an error: %p', (major, inRecovery, isError) => {
    const error = standbyError(4, { major, inRecovery, version: `${major}.6` });
    expect(error?.message).toBe(
      isError
        ? 'jobs: 4 needs a snapshot of the server, and a standby exports none before PostgreSQL 10; it is 9.6.'
        : undefined,
    );
  });

  it('of a table with most of the data is that the jobs do not divide it', () => {
    const events = { schema: 'public', name: 'events', bytes: 710_000_000 };
    expect(largeTableNotice(4, events, 1_000_000_000)).toBe(
      'jobs: 4 does not divide the table public.events, which has 71 % of the data to dump: pg_dump reads each table over one connection.',
    );
    expect(largeTableNotice(4, events, 1_420_000_000)).toBeUndefined();
  });

  it('of a small table is nothing', () => {
    expect(largeTableNotice(4, { schema: 'a', name: 'b', bytes: 99_000_000 }, 99_000_000)).toBeUndefined();
  });
});
