import { describe, expect, it } from '@jest/globals';
import { bytes, count, duration, minute, someOf } from '../../src/runner/format.ts';

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [812, '812 bytes'],
    [1_000, '1.0 kB'],
    [9_960, '10 kB'],
    [999_600, '1.0 MB'],
    [651_234_567, '651 MB'],
    [1_200_000_000, '1.2 GB'],
    [5_000_000_000_000_000, '5000 TB'],
  ])('of %d bytes are shown as %s', (size, text) => {
    expect(bytes(size)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    [0, '0.0 s'],
    [9_949, '9.9 s'],
    [12_345, '12 s'],
    [59_600, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('of %d ms are shown as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});

describe('counts and times', () => {
  it('are formatted for people', () => {
    expect(count(1, 'table')).toBe('1 table');
    expect(count(4_200_000, 'row')).toBe('4,200,000 rows');
    expect(minute(new Date('2026-12-21T11:45:59Z'))).toBe('2026-12-21 11:45 UTC');
  });
});

describe('a long list of names', () => {
  it('is cut, with the number of the others', () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    expect(someOf(names)).toMatch(/^n0, .*, n9 and 2 more$/);
    expect(someOf(names, 1)).toBe('n0 and 11 more');
    expect(someOf(names, 12)).toBe(names.join(', '));
  });
});
