import { describe, expect, it } from '@jest/globals';
import { comparePrevious } from '../../../src/backup/compare-previous.ts';
import { changesSection } from '../../../src/backup/summary/changes-section.ts';
import type { LossPolicy } from '../../../src/history/row-losses.ts';
import { finishedBackup } from '../../../src/storage/file-with-record.ts';
import type { BackupRecord } from '../../../src/storage/record.ts';
import { backupFile } from '../../storage/artifact/store-bed.ts';
import { openRecordFor, recordFor } from '../../support/seeded-record.ts';

const POLICY: LossPolicy = { maximumRowLoss: 0.5, isAllowed: () => false };
const CONTENT = Buffer.alloc(2_000);
const [NEW, OLD] = [backupFile('shop', 1), backupFile('shop', 25)];

/** The section about a new backup and the previous one, as a person reads it. */
function section(record: BackupRecord, before: BackupRecord): string {
  const previous = finishedBackup(OLD, before, { kind: 'file', path: `/backups/${OLD}` });
  const series = {
    ...{ backupName: 'shop', backups: [previous], unfinished: [], others: [] },
    ...{ ignored: undefined, lookedAt: undefined, answeredAt: undefined },
  };
  const comparison = comparePrevious({ store: 'here', series, record: before }, record, POLICY);
  return (comparison ? changesSection(comparison) : '').replaceAll(/&#(\d+);/g, (_, number: string) =>
    String.fromCodePoint(Number(number)),
  );
}

describe('the section about changes', () => {
  it('has at most 20 lines, the losses first, and a count of the others', () => {
    const tables = (rows: number): Record<string, number> =>
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`public.t${index}`, rows]));
    const before = openRecordFor(OLD, CONTENT, { ...tables(5), 'public.users': 1_000 });
    const text = section(openRecordFor(NEW, CONTENT, { ...tables(6), 'public.users': 10 }), before);
    const lines = text.split('\n').filter((line) => line.startsWith('| <code>'));
    expect(lines).toHaveLength(20);
    expect(lines[0]).toBe('| <code>public.users</code> | 1,000 rows | 10 rows | ⚠️ shrunk |');
    expect(text).toContain('… and 11 more changes.');
  });

  it('names another version, and says where nothing has changed', () => {
    const before = openRecordFor(OLD, CONTENT);
    expect(section(openRecordFor(NEW, CONTENT), before)).toContain(
      `Nothing has changed since <code>${OLD}</code>.`,
    );
    const newer = { ...openRecordFor(NEW, CONTENT), serverVersion: '18.1' };
    expect(section(newer, before)).toContain('| PostgreSQL | 17.10 | 18.1 | another version |');
  });

  it('has sizes and durations only where a record does not tell what is in a backup, and says why', () => {
    const before = { ...recordFor(OLD, CONTENT), dumpSeconds: 12 };
    expect(section({ ...recordFor(NEW, CONTENT), dumpSeconds: 75 }, before)).toContain(
      `2.0 kB (dumped in 12 s) in <code>${OLD}</code>, 2.0 kB (dumped in 1 min 15 s) now. Tables are not compared: the records of encrypted backups`,
    );
  });
});
