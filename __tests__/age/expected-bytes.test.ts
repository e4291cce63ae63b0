import { describe, expect, it } from '@jest/globals';
import { ExpectedBytes } from '../../src/age/expected-bytes.ts';

const differs = 'its content differs';

/** Expects the first pieces, gets the others. */
function compare(expected: readonly string[], got: readonly string[]): void {
  const bytes = new ExpectedBytes();
  for (const piece of expected) bytes.add(Buffer.from(piece));
  for (const piece of got) bytes.take(Buffer.from(piece));
  bytes.end();
}

describe('bytes that are compared with those that are expected', () => {
  it.each([
    [[], []],
    [['abc'], ['abc']],
    [['abc', 'def'], ['abcdef']],
    [['abcdef'], ['a', '', 'bcd', 'ef']],
    [
      ['a', '', 'bcd', 'ef', ''],
      ['abc', 'def'],
    ],
  ])('are the same: %j and %j', (expected, got) => {
    expect(() => {
      compare(expected, got);
    }).not.toThrow();
  });

  it.each([
    [['abc'], ['abd']],
    [['abc', 'def'], ['abcdee']],
    [['abc', 'def'], ['abc']],
    [['abc', 'def'], ['abcde']],
    [['abc'], ['abcd']],
    [[], ['a']],
    [
      ['abc', 'def'],
      ['def', 'abc'],
    ],
  ])('are not the same: %j and %j', (expected, got) => {
    expect(() => {
      compare(expected, got);
    }).toThrow(differs);
  });
});
