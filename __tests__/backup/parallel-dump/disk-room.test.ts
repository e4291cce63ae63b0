import { describe, expect, it } from '@jest/globals';
import { type DumpOnDisk, diskRoom } from '../../../src/backup/parallel-dump/disk-room.ts';

const GB = 1e9;

const room = (changes: Partial<DumpOnDisk>): ReturnType<typeof diskRoom> =>
  diskRoom({
    ...{ jobs: 4, method: 'zstd', dataBytes: 100 * GB, largestBytes: 30 * GB, keepsArchive: false },
    ...{ freeBytes: 14 * GB, ...changes },
  });

describe('the check of the disk space of a parallel dump', () => {
  it('says nothing where the tables fit as they are, and a little more', () => {
    expect(room({ freeBytes: 111 * GB })).toBeUndefined();
    expect(room({ freeBytes: 100 * GB })).toBeDefined();
    expect(room({ freeBytes: 0, dataBytes: 0 })).toBeUndefined();
  });

  it('wants twice the space for a method that does not make up for the digits of bytea', () => {
    expect(room({ freeBytes: 199 * GB, method: 'lz4' })).toBeDefined();
    expect(room({ freeBytes: 200 * GB, method: 'none' })).toBeUndefined();
  });

  it('says what is there where it may not be enough', () => {
    expect(room({})).toEqual({
      notice:
        'jobs: 4 writes the dump to the disk of the runner first, and it may not fit: the tables have 100 GB before compression, and 14 GB are free in RUNNER_TEMP. If the disk gets full, the backup fails; "jobs: 1" needs no space for the dump.',
    });
  });

  it('fails where not even a twentieth of the tables fits', () => {
    expect(room({ freeBytes: 5 * GB })).toHaveProperty('notice');
    expect(room({ freeBytes: 4.9 * GB })).toMatchObject({
      message:
        'jobs: 4 writes the dump to the disk of the runner first, and it does not fit: the tables have 100 GB, which is at least 5.0 GB in a dump, and 4.9 GB are free in RUNNER_TEMP.',
      hint: 'Set "jobs: 1", which needs no space for the dump, or use a runner with a larger disk.',
    });
  });

  it('counts the largest table twice where the archive stays for a test restore', () => {
    expect(room({ freeBytes: 142 * GB, keepsArchive: true })).toHaveProperty('notice');
    expect(room({ freeBytes: 143 * GB, keepsArchive: true })).toBeUndefined();
  });
});
