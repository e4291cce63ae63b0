import { describe, expect, test } from '@jest/globals';
import { safeVersionInstead } from '../../src/tools/safe-versions.ts';

describe('the client tools that a hostile archive cannot abuse', () => {
  test.each([
    '13.22',
    '14.19',
    '15.14',
    '16.10',
    '17.6',
    '18.0',
    '13.23',
    '17.11',
    '18.4',
    '19beta2',
    '20.1',
  ])('include %s', (version) => {
    expect(safeVersionInstead(version)).toBeUndefined();
  });

  test.each([
    ['13.21', '13.22'],
    ['14.18', '14.19'],
    ['15.13', '15.14'],
    ['16.2', '16.10'],
    ['16.9', '16.10'],
    ['17.5', '17.6'],
    ['18beta3', '18.0'],
    ['17beta1', '17.6'],
    ['12.22', '13.22'],
    ['9.6', '13.22'],
  ])('do not include %s; the error names %s', (version, instead) => {
    expect(safeVersionInstead(version)).toBe(instead);
  });
});
