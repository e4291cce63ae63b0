import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { artifactName, readArtifactName } from '../../src/storage/artifact-name.ts';

describe('the name of an artifact', () => {
  it("contains the backup's name, the time and the tag of the content", () => {
    const time = new Date('2026-11-21T11:45:09.123Z');
    expect(artifactName({ name: 'shop', time, tag: '0123456789ab', encrypted: false })).toBe(
      'shop-20261121T114509Z-0123456789ab.bak',
    );
  });

  it('ends with .age if the backup is encrypted', () => {
    const time = new Date('2026-11-21T11:45:09Z');
    expect(artifactName({ name: 'a', time, tag: '0123456789abcdef', encrypted: true })).toMatch(
      /\.bak\.age$/,
    );
  });
});

describe("an artifact's name that is parsed", () => {
  it('gives the parts that it was made from', () => {
    const second = fc.date({
      min: new Date('1970-01-01'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        second,
        fc.stringMatching(/^[0-9a-f]{64}$/),
        fc.boolean(),
        (name, time, digest, encrypted) => {
          time.setUTCMilliseconds(0);
          const tag = digest.slice(0, encrypted ? 16 : 12);
          expect(readArtifactName(artifactName({ name, time, tag, encrypted }))).toEqual({
            backupName: name,
            takenAt: time,
            tag,
            encrypted,
          });
        },
      ),
    );
  });

  it('distinguishes series with a common start, or that look like the name of a backup', () => {
    expect(readArtifactName('shop-eu-20261121T114509Z-0123456789ab.bak')?.backupName).toBe('shop-eu');
    expect(
      readArtifactName('shop-20261121T114509Z-0123456789ab.bak-20261122T114509Z-ba9876543210.bak')
        ?.backupName,
    ).toBe('shop-20261121T114509Z-0123456789ab.bak');
  });

  it.each([
    'shop',
    'shop.bak',
    '-20261121T114509Z-0123456789ab.bak',
    'shop-20261121T114509-0123456789ab.bak',
    'shop-20261121T114509Z-0123456789AB.bak',
    'shop-20261121T114509Z-0123456789ab.bak.zip',
    'shop-20261121T114509Z-0123456789ab.bak\n',
    // Not what this action writes, but what is left of an encrypted backup when somebody has decrypted it.
    'shop-20261121T114509Z-0123456789abcdef.bak',
    'shop-20261121T114509Z-0123456789ab.bak.age',
    'shop-20261321T114509Z-0123456789ab.bak',
    'shop-20260231T114509Z-0123456789ab.bak',
    'shop-20261121T244509Z-0123456789ab.bak',
  ])("is not a backup's if it has another form: %j", (name) => {
    expect(readArtifactName(name)).toBeUndefined();
  });
});
