import { describe, expect, it } from '@jest/globals';
import { artifactName } from '../../src/store/artifact-name.ts';

describe('the name of an artifact', () => {
  it('tells backup, time and content', () => {
    const time = new Date('2026-11-21T11:45:09.123Z');
    expect(artifactName({ name: 'shop', time, contentDigest: '0123456789abcdef', encrypted: false })).toBe(
      'shop-20261121T114509Z-0123456789ab.bak',
    );
  });

  it('ends with .age when the backup is encrypted', () => {
    const time = new Date('2026-11-21T11:45:09Z');
    expect(artifactName({ name: 'a', time, contentDigest: '0123456789abcdef', encrypted: true })).toMatch(
      /\.bak\.age$/,
    );
  });
});
