import { describe, expect, it } from '@jest/globals';
import { neededSetting } from '../../src/postgres/needed-locks.ts';

describe('the locks that one transaction needs', () => {
  it.each([
    [45_000, { now: 64, slots: 100 }, 512],
    [6_500, { now: 64, slots: 100 }, 128],
    [100, { now: 64, slots: 100 }, 128],
    [51_200, { now: 64, slots: 100 }, 512],
  ])('for %i are the next power of two above what there is (%j): %i', (locks, server, needed) => {
    expect(neededSetting(locks, server)).toBe(needed);
  });
});
