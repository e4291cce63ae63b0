import { expect, it } from '@jest/globals';
import { locksOf } from '../../../src/restore/apply/restore-locks.ts';
import { tocEntry } from '../../archive/toc/toc-entry.ts';

it('a restore needs three locks for a table, one for each large object, and one for anything else', () => {
  const entries = [
    tocEntry({ kind: 'TABLE' }),
    tocEntry({ kind: 'INDEX' }),
    tocEntry({ kind: 'BLOB METADATA', tag: '1..3', definition: '1\n2\n3\n' }),
  ];
  expect(locksOf(entries)).toBe(7);
});
