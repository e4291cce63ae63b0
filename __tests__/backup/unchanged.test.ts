import { describe, expect, it } from '@jest/globals';
import { isAlreadyStored } from '../../src/backup/unchanged.ts';
import { storedArtifact } from '../../src/storage/artifact/stored-artifact.ts';
import { isBackup } from '../../src/storage/artifact/stored-artifact.ts';

const fresh = { tag: 'a'.repeat(12), encrypted: false };
const day = (number: number): Date => new Date(Date.UTC(2026, 10, number));

function stored(name: string, expired = false) {
  const artifact = storedArtifact(
    { id: 1, name, size: 1_000, createdAt: day(1), expiresAt: day(31), expired, runId: 1, origin: 'own' },
    undefined,
  );
  const located = { artifact, signedUrl: () => Promise.reject(new Error('nobody downloads it')) };
  if (!isBackup(located)) throw new Error(`${name} is no backup`);
  return located.artifact;
}
const same = stored(`shop-20261101T000000Z-${'a'.repeat(12)}.bak`);

describe('an unchanged database', () => {
  it('is not uploaded again as long as half of the retention is left, and not longer', () => {
    expect(isAlreadyStored(same, fresh, day(2))).toBe(true);
    expect(isAlreadyStored(same, fresh, day(16))).toBe(true);
    expect(isAlreadyStored(same, fresh, new Date(day(16).getTime() + 1))).toBe(false);
    expect(isAlreadyStored(same, fresh, day(31))).toBe(false);
  });

  it.each([
    ['missing', undefined],
    ['of other contents', stored(`shop-20261101T000000Z-${'b'.repeat(12)}.bak`)],
    ['the same but encrypted', stored(`shop-20261101T000000Z-${'a'.repeat(16)}.bak.age`)],
    ['the same but expired', stored(`shop-20261101T000000Z-${'a'.repeat(12)}.bak`, true)],
    ['the same with an unknown expiry', { ...same, expiresAt: undefined }],
  ])('is uploaded if the newest backup is %s', (_, newest) => {
    expect(isAlreadyStored(newest, fresh, day(2))).toBe(false);
  });
});
