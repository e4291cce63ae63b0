import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type LossPolicy,
  type RowLoss,
  type KnownRows,
  RowLosses,
  isLoss,
  knownRows,
} from '../../src/history/row-losses.ts';
import { openRecordFor, recordFor } from '../support/seeded-record.ts';

const lossesIn = (series: readonly (KnownRows | undefined)[], policy: LossPolicy): readonly RowLoss[] => {
  const losses = new RowLosses(policy);
  for (const rows of series) losses.add(rows);
  return losses.found;
};
const NAME = 'shop-20261127T041518Z-3f9c21aa.bak';
const POLICY: LossPolicy = { maximumRowLoss: 0.5, isAllowed: () => false };
/** Of one table; null: it is not there. */
const of = (...rows: readonly (number | null | undefined)[]): (KnownRows | undefined)[] =>
  rows.map((number) => (number === undefined ? undefined : backupOf(number)));
const backupOf = (number: number | null, selection = '[]'): KnownRows => ({
  tables: new Map(number === null ? [] : [['public.users', number]]),
  selection,
});
const found = (...rows: readonly (number | null | undefined)[]): (number | null)[][] =>
  lossesIn(of(...rows), POLICY).map(({ before, after, lastWith }) => [lastWith, before, after]);

describe('a table', () => {
  it('that has lost most of its rows is found, with the last backup that contains them', () => {
    expect(found(200, 1000, 990)).toEqual([[1, 1000, 200]]);
    expect(found(200, 200, 1000, 990)).toEqual([[2, 1000, 200]]);
  });

  it('that is empty or gone has lost its rows, however few they were', () => {
    expect(found(0, 3)).toEqual([[1, 3, 0]]);
    expect(found(null, 3)).toEqual([[1, 3, null]]);
    expect(found(null, 0)).toEqual([]);
  });

  it('that has lost no more than is allowed, or fewer than 100 rows, has lost nothing', () => {
    expect(found(500, 1000)).toEqual([]);
    expect(found(1, 100)).toEqual([]);
    expect(found(1, 101)).toEqual([[1, 101, 1]]);
  });

  it('whose rows came back has lost nothing', () => {
    expect(found(1000, 10, 1000)).toEqual([]);
  });

  it('that loses its rows in several steps is found too', () => {
    expect(found(400, 600, 800, 1000)).toEqual([[3, 1000, 400]]);
  });

  it('that has lost rows twice has two backups from before a loss', () => {
    expect(found(100, 100, 400, 400, 1000)).toEqual([
      [2, 400, 100],
      [4, 1000, 400],
    ]);
  });

  it('is compared over backups whose records tell nothing', () => {
    expect(found(undefined, 200, undefined, 1000)).toEqual([[3, 1000, 200]]);
    expect(knownRows(recordFor(NAME, Buffer.from('x')))).toBeUndefined();
    expect(knownRows(undefined)).toBeUndefined();
  });

  it('that is not selected any more has lost nothing, but one that still is can', () => {
    const other = '[{"what":"tables"}]';
    expect(lossesIn([backupOf(null, other), backupOf(1000)], POLICY)).toEqual([]);
    expect(lossesIn([backupOf(0, other), backupOf(1000)], POLICY)).toHaveLength(1);
    const record = openRecordFor(NAME, Buffer.from('x'));
    const excluded = { what: 'tables', names: ['t'], why: 'exclude-tables' };
    expect(knownRows({ ...record, notIncluded: [excluded] })?.selection).not.toBe(
      knownRows(record)?.selection,
    );
  });

  it('that is emptied on purpose has lost nothing', () => {
    const isAllowed = (table: string): boolean => table === 'public.users';
    expect(lossesIn(of(0, 1000), { ...POLICY, isAllowed })).toEqual([]);
  });

  it('may lose everything where 100% is allowed', () => {
    expect(lossesIn(of(null, 1000), { ...POLICY, maximumRowLoss: 1 })).toEqual([]);
  });
});

it('the last backup from before a loss that was not made good is always found', () => {
  const series = fc.array(fc.constantFrom(null, 0, 50, 150, 400, 1000, 3000), {
    minLength: 2,
    maxLength: 12,
  });
  fc.assert(
    fc.property(series, (rows) => {
      const newest = rows[0] ?? null;
      const losses = lossesIn(of(...rows), POLICY);
      const wanted = rows.findIndex((before) => before !== null && isLoss(before, newest, 0.5));
      expect(losses[0]?.lastWith ?? -1).toBe(wanted);
      // Nothing that any backup had is without a backup that still has the better part of it.
      const most = Math.max(newest ?? 0, ...losses.map(({ before }) => before));
      for (const before of rows) expect(before !== null && isLoss(before, most, 0.5)).toBe(false);
    }),
  );
});
