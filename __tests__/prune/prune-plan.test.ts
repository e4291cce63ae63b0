import { expect, it } from '@jest/globals';
import { planPrune } from '../../src/prune/prune-plan.ts';
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
