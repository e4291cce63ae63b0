import { describe, expect, it } from '@jest/globals';
import { contentTag } from '../../src/backup/content-tag.ts';

const DIGEST = 'ab'.repeat(32);
const URL = 'postgres://u:secret@db.example.com/shop';
const to = (...recipients: string[]) => ({ to: 'recipients', recipients }) as const;

describe('the tag of the content', () => {
  it('reveals nothing of the content, and is the same for the same content', async () => {
    const tag = await contentTag(DIGEST, to('age1a', 'age1b'), URL);
    expect(tag).toMatch(/^(?!abab)[0-9a-f]{64}$/);
    expect(await contentTag(DIGEST, to('age1b', 'age1a', 'age1b'), URL)).toBe(tag);
    expect(await contentTag(DIGEST, undefined, URL)).toMatch(/^(?!abab)[0-9a-f]{64}$/);
  });

  it('differs for other content, recipients, passphrases and connections', async () => {
    const tags = [
      await contentTag(DIGEST, undefined, URL),
      await contentTag(DIGEST, to('age1a'), URL),
      await contentTag('ac'.repeat(32), to('age1a'), URL),
      await contentTag(DIGEST, to('age1a', 'age1b'), URL),
      await contentTag(DIGEST, to('age1a'), `${URL}2`),
      await contentTag(DIGEST, { to: 'passphrase', passphrase: 'age1a' }, URL),
      await contentTag(DIGEST, { to: 'passphrase', passphrase: 'another passphrase' }, URL),
    ];
    expect(new Set(tags).size).toBe(tags.length);
  });
});
