import { describe, expect, it } from '@jest/globals';
import { createMasker } from './masking.ts';

describe('the masker', () => {
  it.each([
    ['p@ss word', 'postgres://u:p@ss word@h', 'postgres://u:***@h'],
    ['p@ss word', 'p%40ss%20word', '***'],
    ['p@ss word', `YWJj${Buffer.from('p@ss word').toString('base64')}`, 'YWJj***'],
    ['say "hi"', String.raw`{"x":"say \"hi\""}`, '{"x":"***"}'],
    ['a<b&c', 'a&lt;b&amp;c', '***'],
    ['first\nsecond', 'a first, then second.', 'a ***, then ***.'],
    ['secretpart1&secretpart2', 'secretpart1& | secretpart2', '*** | ***'],
  ])('hides %j in %j', (secret, text, masked) => {
    const masker = createMasker();
    masker.add(secret);
    expect(masker.mask(text)).toBe(masked);
  });

  it('writes one mask over secrets that overlap or touch', () => {
    const masker = createMasker();
    ['abcd', 'cdef', 'ghij'].forEach(masker.add);
    expect(masker.mask('-abcdefghij-abcd-')).toBe('-***-***-');
  });

  it('hides nothing if the secret is white space', () => {
    const masker = createMasker();
    masker.add('  \n ');
    expect(masker.mask('a   b')).toBe('a   b');
  });
});
