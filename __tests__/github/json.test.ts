import { describe, expect, it } from '@jest/globals';
import {
  UnexpectedResponse,
  objectsOf,
  textOf,
  textOrEmpty,
  timeOf,
  wholeNumberOf,
} from '../../src/github/json.ts';

describe('an answer', () => {
  it('is read as documented', () => {
    expect(objectsOf([{ id: 1 }])).toEqual([{ id: 1 }]);
    expect(textOf('')).toBe('');
    expect(wholeNumberOf('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(timeOf('2026-03-01T02:03:04Z').getTime()).toBe(Date.UTC(2026, 2, 1, 2, 3, 4));
  });

  it.each([
    ['a list', () => objectsOf({ 0: {} })],
    ['a list', () => objectsOf([{}, null])],
    ['a list', () => objectsOf([[]])],
    ['a text', () => textOf(undefined)],
    ['a text', () => textOf(1)],
    ['a number', () => wholeNumberOf('1.5')],
    ['a number', () => wholeNumberOf('')],
    ['a number', () => wholeNumberOf(-1)],
    ['a number', () => wholeNumberOf('9007199254740992')],
    ['a time', () => timeOf('yesterday')],
    ['a text', () => timeOf(0)],
  ])('is unexpected without %s', (_, read) => {
    expect(read).toThrow(UnexpectedResponse);
  });

  it('can lack an optional text', () => {
    expect([undefined, null, 1, 'a'].map(textOrEmpty)).toEqual(['', '', '', 'a']);
  });
});
