import { describe, expect, it } from '@jest/globals';
import { isAlreadyStored } from '../../src/backup/unchanged.ts';
import { readBackupFileName } from '../../src/storage/backup-file-name.ts';
import type { StoredBackup } from '../../src/storage/store.ts';
import { openRecordFor, recordFor } from '../support/seeded-record.ts';

const NAME = 'shop-20261101T000000Z-01234567.bak';
const CONTENT = Buffer.from('x');
const day = (number: number): Date => new Date(Date.UTC(2026, 10, number));
const open = openRecordFor(NAME, CONTENT);
const silent = recordFor(NAME, CONTENT);
const fresh = { contentDigest: open.content.digest, contentTag: undefined };

function stored(changes: Partial<StoredBackup> = {}): StoredBackup {
  const backup = readBackupFileName(NAME);
  if (!backup) throw new Error(NAME);
  return {
    ...{ name: NAME, size: 1, sha256: undefined, backup, createdAt: day(1), expiresAt: day(31) },
    location: { kind: 'artifact', id: 1, page: undefined },
    ...changes,
  };
}

describe('an unchanged database', () => {
  it('is not stored again while half of the retention is left, and not a moment longer', () => {
    expect(isAlreadyStored(stored(), open, fresh, day(2))).toBe(true);
    expect(isAlreadyStored(stored(), open, fresh, day(16))).toBe(true);
    expect(isAlreadyStored(stored(), open, fresh, new Date(day(16).getTime() + 1))).toBe(false);
    expect(isAlreadyStored(stored(), open, fresh, day(31))).toBe(false);
  });

  it('is not stored again in a folder, where nothing expires', () => {
    const inFolder = stored({ location: { kind: 'file', path: '/n' }, expiresAt: undefined });
    expect(isAlreadyStored(inFolder, open, fresh, day(300))).toBe(true);
  });

  it('is known by its tag where the record tells nothing of the content', () => {
    const same = { contentDigest: 'a'.repeat(64), contentTag: silent.contentTag };
    expect(isAlreadyStored(stored(), silent, same, day(2))).toBe(true);
    expect(isAlreadyStored(stored(), silent, { ...same, contentTag: '1'.repeat(64) }, day(2))).toBe(false);
  });

  it.each([
    ['other contents', stored(), open, { ...fresh, contentDigest: 'b'.repeat(64) }],
    [
      'the same, for all to read, and this one is not',
      stored(),
      open,
      { ...fresh, contentTag: 'c'.repeat(64) },
    ],
    ['the same, encrypted or public', stored(), silent, fresh],
    ['the same, nobody knows how long', stored({ expiresAt: undefined }), open, fresh],
  ])('is stored where there is %s', (_, newest, record, made) => {
    expect(isAlreadyStored(newest, record, made, day(2))).toBe(false);
  });
});
