import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  backupFileName,
  fileOfRecord,
  newBackupFile,
  readBackupFileName,
  recordName,
} from '../../src/storage/backup-file-name.ts';

const FILE = { backupName: 'shop', takenAt: new Date('2026-11-21T11:45:09.123Z'), encrypted: false };

describe('the name of a backup', () => {
  it('tells series and time, and is never the same twice', () => {
    expect(backupFileName({ ...FILE, random: '01234567' })).toBe('shop-20261121T114509Z-01234567.bak');
    const names = Array.from({ length: 100 }, () => backupFileName(newBackupFile(FILE)));
    expect(new Set(names).size).toBe(100);
  });

  it('ends with .age when the backup is encrypted', () => {
    expect(backupFileName(newBackupFile({ ...FILE, encrypted: true }))).toMatch(/\.bak\.age$/);
  });
});

describe('a name that is read back', () => {
  it('tells what it was made of', () => {
    const second = fc.date({
      min: new Date('1970-01-01'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        second,
        fc.stringMatching(/^[0-9a-f]{8}$/),
        fc.boolean(),
        (backupName, takenAt, random, encrypted) => {
          takenAt.setUTCMilliseconds(0);
          const backup = { backupName, takenAt, random, encrypted };
          const name = backupFileName(backup);
          expect(readBackupFileName(name)).toEqual(backup);
          expect(fileOfRecord(recordName(name))).toBe(name);
        },
      ),
    );
  });

  it('keeps series apart whose names begin alike, or look like the name of a backup', () => {
    expect(readBackupFileName('shop-eu-20261121T114509Z-01234567.bak')?.backupName).toBe('shop-eu');
    expect(
      readBackupFileName('shop-20261121T114509Z-01234567.bak-20261122T114509Z-ba987654.bak')?.backupName,
    ).toBe('shop-20261121T114509Z-01234567.bak');
  });

  it.each([
    'shop',
    'shop.bak',
    '-20261121T114509Z-01234567.bak',
    'shop-20261121T114509-01234567.bak',
    'shop-20261121T114509Z-0123456F.bak',
    'shop-20261121T114509Z-0123456.bak',
    'shop-20261121T114509Z-0123456789ab.bak',
    'shop-20261121T114509Z-01234567.bak.zip',
    'shop-20261121T114509Z-01234567.bak.json',
    'shop-20261121T114509Z-01234567.bak\n',
    'shop-20261321T114509Z-01234567.bak',
    'shop-20260231T114509Z-01234567.bak',
    'shop-20261121T244509Z-01234567.bak',
  ])('is no backup’s when it has another shape: %j', (name) => {
    expect(readBackupFileName(name)).toBeUndefined();
  });

  it.each(['shop.json', 'shop-20261121T114509Z-01234567.bak', 'shop-20261121T114509Z-01234567.bak.JSON'])(
    'is no record’s when it is not that of a backup with .json behind it: %j',
    (name) => {
      expect(fileOfRecord(name)).toBeUndefined();
    },
  );
});
