import { expect, it } from '@jest/globals';
import { checkProblem } from '../../src/check/check-report.ts';
import type { FileLocation } from '../../src/storage/store.ts';

const now = new Date('2026-11-27T00:00:00Z');
const takenAt = new Date('2027-01-01T00:00:00Z');

it.each<[string, FileLocation, string]>([
  ['an artifact', { kind: 'artifact', id: 1, page: undefined }, 'A new backup then puts it right.'],
  ['a file', { kind: 'file', path: '/backups/a' }, 'Then delete that backup and its record'],
  [
    'an object',
    { kind: 'object', url: 's3://backups/a', endpoint: undefined, region: 'eu-central-1' },
    'Then delete that backup and its record',
  ],
])('says what to do about the newest backup that is in the future and is %s', (_, location, hint) => {
  const backup = { backupName: 'shop', takenAt, random: '01234567', encrypted: false };
  const newest = { name: 'a', size: 100, sha256: undefined, backup, createdAt: takenAt, location };
  const problem = checkProblem({
    series: {
      backupName: 'shop',
      backups: [{ ...newest, expiresAt: undefined }],
      ...{ unfinished: [], others: [], ignored: undefined, lookedAt: undefined, answeredAt: undefined },
    },
    complaints: [{ kind: 'clock', clock: 'future', aheadMs: takenAt.getTime() - now.getTime() }],
    history: [],
    now,
  });
  expect(problem?.hint).toContain(hint);
});
