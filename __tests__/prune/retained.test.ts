import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../src/errors.ts';
import { deleteAll } from '../../src/prune/delete-backups.ts';
import { describeOutcome, deletionProblem, outcomeOf } from '../../src/prune/prune-report.ts';
import { type PruneReport, pruneSummary } from '../../src/prune/prune-summary.ts';
import { finishedBackup } from '../../src/storage/file-with-record.ts';
import type { BackupReader, StoredBackup } from '../../src/storage/store.ts';
import { captureOutput } from '../support/captured-output.ts';
import { recordFor } from '../support/seeded-record.ts';
import { backupFile } from '../storage/artifact/store-bed.ts';

const output = captureOutput();

function backup(hours: number): StoredBackup {
  const name = backupFile('shop', hours);
  return finishedBackup(name, recordFor(name, Buffer.alloc(100)), {
    kind: 'object',
    url: `s3://b/shop/${name}`,
    ...{ endpoint: undefined, region: 'us-east-1' },
  });
}
const [newest, middle, oldest] = [backup(1), backup(2), backup(3)];

/** A store that keeps some of its backups. */
function storeThatRetains(...retained: readonly StoredBackup[]): BackupReader {
  const unused = (): Promise<never> => Promise.reject(new Error('not asked'));
  return {
    ...{ name: 'the bucket b', list: unused, find: unused, open: unused, record: unused },
    remove: (each) =>
      retained.includes(each)
        ? Promise.reject(new UserError('retained', 'It is locked.', ''))
        : Promise.resolve(),
  };
}

async function reportOf(...retained: readonly StoredBackup[]): Promise<PruneReport> {
  const { signal } = new AbortController();
  const toDelete = [middle, oldest];
  const deletions = await deleteAll(storeThatRetains(...retained), toDelete, { words: '' }, signal);
  return {
    ...{
      backupName: 'shop',
      ignored: undefined,
      policy: { last: 1 },
      minimum: 1,
      dryRun: false,
      rows: new Map(),
      now: new Date(),
    },
    plan: [newest, middle, oldest].map((stored) => ({
      backup: { takenAt: stored.createdAt, stored },
      keptBy: stored === newest ? ['last'] : [],
    })),
    ...deletions,
    ...{ phases: [], totalMs: 1 },
  };
}

describe('a backup that the storage retains', () => {
  it('counts as kept, is named, and is no failure', async () => {
    const report = await reportOf(oldest);
    const outcome = outcomeOf(report);
    expect(outcome).toEqual({ kept: [newest, oldest], deleted: [middle], freedBytes: 100 });
    expect(deletionProblem(report)).toBeUndefined();
    expect(output.text).toContain(`${oldest.name} is retained: It is locked.`);
    expect(describeOutcome(outcome, report)).toBe(
      `2 backups kept (1 retained by the storage: ${oldest.name}), 1 deleted, 100 bytes freed`,
    );
    const summary = pruneSummary(report, outcome);
    expect(summary).toContain('<code>shop</code>: 1 backup deleted');
    expect(summary.match(/the storage: a lock or a retention period/g)).toHaveLength(1);
  });

  it('does not make the summary say that there was nothing to delete', async () => {
    const report = await reportOf(middle, oldest);
    expect(pruneSummary(report, outcomeOf(report))).toContain(
      '<code>shop</code>: nothing could be deleted yet',
    );
  });
});
