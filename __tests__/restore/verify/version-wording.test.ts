import { describe, expect, it } from '@jest/globals';
import { sharedWording } from '../../../src/restore/verify/version-wording.ts';

const shared = sharedWording(new Set(['public', 'shop']));
const isShared = (kind: string, one: string, other: string): boolean =>
  shared({ kind, definition: one }) === shared({ kind, definition: other });

describe('the words that major versions share', () => {
  it.each([
    ['VIEW', 'SELECT plain.a, max(plain."B") FROM public.plain', 'SELECT a, max("B") FROM public.plain'],
    ['PROCEDURE', 'does(a integer, INOUT b text)', 'does(IN a integer, INOUT b text)'],
    [
      'TYPE',
      'RANGE (\n    subtype = int\n);',
      'RANGE (\n    subtype = int,\n    multirange_type_name = public.m\n);',
    ],
  ])('of a %s leave out what one of them writes', (kind, older, newer) => {
    expect(isShared(kind, older, newer)).toBe(true);
  });

  it.each([
    ['another schema', 'VIEW', 'SELECT a FROM public.plain', 'SELECT a FROM shop.plain'],
    [
      'another of several tables',
      'VIEW',
      'SELECT x.a FROM public.x JOIN public.y',
      'SELECT y.a FROM public.x JOIN public.y, x.b',
    ],
    ['another column', 'VIEW', 'SELECT plain.a FROM public.plain', 'SELECT b FROM public.plain'],
    ['another mode', 'PROCEDURE', 'does(a integer)', 'does(OUT a integer)'],
    ['another kind', 'TABLE', 'CHECK (plain.a > 0)', 'CHECK (a > 0)'],
  ])('tell %s from the same', (_, kind, one, other) => {
    expect(isShared(kind, one, other)).toBe(false);
  });
});
