import { describe, expect, it } from '@jest/globals';
import { linearRegex } from '../../src/postgres/linear-regex.ts';

/** Up to four characters of a few that mean something. */
const TEXTS = ['', 'a', 'b', ']', '1', '-', '\n'].flatMap((first) =>
  ['', 'a', 'b', '2'].flatMap((second) =>
    ['', 'a', 'b'].flatMap((third) => ['', 'a'].map((last) => first + second + third + last)),
  ),
);

describe('a pattern', () => {
  it.each([
    '',
    'ab',
    '.',
    '.*',
    'a.*',
    '.*a.*',
    '.*a.*b.*a',
    'a|b',
    'a|b|',
    '(a|b)a',
    '(a|)b',
    'a+',
    '(a|b)+',
    '(a+)+b',
    '(ab?){2}'.replace('?', '|a'),
    'a{2}',
    'a{1,}',
    '(a|b){2,3}',
    '(|a){3}b',
    '[ab]',
    '[^a].*',
    '[0-9]+',
    '\\]',
    '\\d+',
    '\\w+',
    'a\\-|\\-',
  ])('%s matches the same texts as a regular expression of JavaScript', (source) => {
    const expected = new RegExp(`^(?:${source})$`, 's');
    const own = linearRegex(source);
    for (const text of TEXTS) expect([text, own.test(text)]).toEqual([text, expected.test(text)]);
  });

  it('takes a bracket at the start of a set as a member of it, as PostgreSQL does', () => {
    expect(linearRegex('[]a]').test(']')).toBe(true);
    expect(linearRegex('[^]a]').test(']')).toBe(false);
  });

  it.each([
    '(',
    ')',
    'a)',
    '(a',
    '[a',
    '^a',
    'a{300}',
    'a{1,999}',
    'a++',
    '+',
    '*',
    'a{',
    '\\m',
    '\\1',
    '(?=a)',
  ])('%s is not supported', (source) => {
    expect(() => linearRegex(source)).toThrow('not a supported pattern');
  });

  it.each([
    ['.*a'.repeat(30) + 'b', 1_000],
    ['.*'.repeat(50) + 'b', 1_000],
    ['(a+)+b', 1_000],
    ['(a|a)+b', 1_000],
    ['((a+)+)+b', 200],
    ['.*a.*a.*a.*a.*b', 60_000],
  ])('%s takes no longer for the longest names', (source, length) => {
    const from = performance.now();
    expect(linearRegex(source).test('a'.repeat(length))).toBe(false);
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});
