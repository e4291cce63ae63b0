import { describe, expect, it } from '@jest/globals';
import { type TextKind, TextKindReader, commonKind } from '../../../src/archive/content/text-kind.ts';

function kindOf(bytes: Buffer, size: number): TextKind {
  const reader = new TextKindReader();
  for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size));
  return reader.finish();
}

describe('what the bytes of a text can be', () => {
  it.each<[string, Buffer, TextKind]>([
    ['nothing', Buffer.alloc(0), 'ascii'],
    ['letters', Buffer.from('1\tgreen\n'), 'ascii'],
    ['characters of two to four bytes', Buffer.from('grün — 😀, ascii\n'), 'utf8'],
    ['a byte of Latin 1', Buffer.from('gr\u00fcn\n', 'latin1'), 'other'],
    ['half of a character', Buffer.from('😀').subarray(0, 2), 'other'],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80, 0x0a]), 'other'],
    ['the rest of a character', Buffer.from([0x80, 0x0a]), 'other'],
  ])('is the same however it is cut: %s', (_, bytes, kind) => {
    for (const size of [1, 2, 3, 5, 100]) expect(kindOf(bytes, size)).toBe(kind);
  });

  it('is for several texts what all of them can be', () => {
    expect(commonKind([])).toBe('ascii');
    expect(commonKind(['ascii', 'utf8', 'ascii'])).toBe('utf8');
    expect(commonKind(['other', 'utf8'])).toBe('other');
  });
});
