import { describe, expect, it } from '@jest/globals';
import { lockNotice, neededSetting } from '../../src/postgres/needed-locks.ts';

describe('the locks that one transaction needs', () => {
  it.each([
    [45_000, { now: 64, slots: 100 }, 512],
    [6_500, { now: 64, slots: 100 }, 128],
    [100, { now: 64, slots: 100 }, 128],
    [51_200, { now: 64, slots: 100 }, 512],
  ])('for %i are the next power of two above what there is (%j): %i', (locks, server, needed) => {
    expect(neededSetting(locks, server)).toBe(needed);
  });

  it('are told before a dump only where the server may not have them', () => {
    expect(lockNotice(6400, { now: 64, slots: 100 })).toBeUndefined();
    expect(lockNotice(15_000, { now: 64, slots: 100 })).toBe(
      'The dump takes about 15,000 locks, and the server is sure to have room for 6,400: max_locks_per_transaction is 64. ' +
        'If pg_dump fails with "out of shared memory", set it to 256, and restart the server.',
    );
  });
});
