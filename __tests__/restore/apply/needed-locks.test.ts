import { describe, expect, it } from '@jest/globals';
import { locksOf, neededSetting } from '../../../src/restore/apply/needed-locks.ts';
import { tocEntry } from '../../archive/toc/toc-entry.ts';

describe('the locks that a restore needs', () => {
  it('are three for a table, one for each large object, and one for anything else', () => {
    const entries = [
      tocEntry({ kind: 'TABLE' }),
      tocEntry({ kind: 'INDEX' }),
      tocEntry({ kind: 'BLOB METADATA', tag: '1..3', definition: '1\n2\n3\n' }),
    ];
    expect(locksOf(entries)).toBe(7);
  });

  it.each([
    [45_000, { now: 64, slots: 100 }, 512],
    [6_500, { now: 64, slots: 100 }, 128],
    [100, { now: 64, slots: 100 }, 128],
    [51_200, { now: 64, slots: 100 }, 512],
  ])('for %i are the next power of two above what there is (%j): %i', (locks, server, needed) => {
    expect(neededSetting(locks, server)).toBe(needed);
  });
});
