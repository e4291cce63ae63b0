import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowLosses, isLoss } from '../../src/history/row-losses.ts';
import { keepLostRows, planPrune, toCompare } from '../../src/prune/prune-plan.ts';
import { finishedBackup } from '../../src/storage/file-with-record.ts';
import type { Series } from '../../src/storage/store.ts';
import { backupFile } from '../storage/artifact/store-bed.ts';
import { recordFor } from '../support/seeded-record.ts';

function seriesOf(...hoursAgo: readonly number[]): Series {
  const backups = hoursAgo.map((hours) => {
    const name = backupFile('shop', hours);
    return finishedBackup(name, recordFor(name, Buffer.alloc(100)), {
      kind: 'object',
      url: `s3://b/${name}`,
      ...{ endpoint: undefined, region: 'us-east-1' },
    });
  });
  return {
    ...{ backupName: 'shop', backups, unfinished: [], others: [] },
    ...{ ignored: undefined, lookedAt: undefined, answeredAt: undefined },
  };
}

it('a backup of the future is not kept instead of the real newest one: nothing is planned', () => {
  const plan = (...hoursAgo: readonly number[]): unknown =>
    planPrune(seriesOf(...hoursAgo), { last: 1 }, 1, new Date());
  expect(() => plan(-2, 1, 2)).toThrow(
    /^The backup shop-.* is dated in the future \(.* UTC\), so it is not known/,
  );
  expect(plan(-0.5, 1, 2)).toHaveLength(3);
});

it('the last backup from before a loss is kept, whatever the policy', () => {
  const number = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
  const policies = fc.record({ last: number, daily: number, weekly: number });
  const rowsOfSeries = fc.array(fc.constantFrom(null, 0, 50, 150, 1000, 3000), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(policies, rowsOfSeries, (policy, rows) => {
      const plan = planPrune(seriesOf(...rows.keys()), policy, 1, new Date());
      const compared = toCompare(plan);
      const search = new RowLosses({ maximumRowLoss: 0.5, isAllowed: () => false });
      for (const decision of compared) {
        const known = rows[plan.indexOf(decision)] ?? null;
        search.add({ tables: new Map(known === null ? [] : [['public.users', known]]), selection: '' });
      }
      const kept = keepLostRows(plan, compared, search.found).map(({ keptBy }) => keptBy.length > 0);
      const newest = rows[0] ?? null;
      const last = rows.findIndex((before) => before !== null && isLoss(before, newest, 0.5));
      expect(last === -1 || kept[last]).toBe(true);
      expect(kept[0]).toBe(true);
    }),
  );
});

it('what is too much to compare at once is kept until the next prune', () => {
  const plan = planPrune(
    seriesOf(...Array.from({ length: 600 }, (_, hours) => hours)),
    { last: 100 },
    1,
    new Date(),
  );
  const compared = toCompare(plan);
  expect(compared).toHaveLength(310);
  const after = keepLostRows(plan, compared, []);
  expect(after.filter(({ keptBy }) => keptBy.length === 0)).toHaveLength(250);
  expect(after.at(-1)?.keptBy).toEqual(['not compared yet']);
});
