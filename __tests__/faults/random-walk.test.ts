import { describe, expect, it } from '@jest/globals';
import { type Step, describeStep, walkStep } from './random-walk.ts';

const walk = (seed: number, steps: number): Step[] =>
  Array.from({ length: steps }, (_, number) => walkStep(seed, number));

describe('a random walk', () => {
  it('is the same for the same seed, each step by itself', () => {
    expect(walk(7, 50)).toEqual(walk(7, 50));
    expect(walkStep(7, 49)).toEqual(walk(7, 50)[49]);
  });

  it('is another for another seed', () => {
    expect(walk(7, 50)).not.toEqual(walk(8, 50));
  });

  it('comes by every kind of fault', () => {
    const kinds = new Set(walk(1, 300).flatMap(({ faults }) => faults.map(({ kind }) => kind)));
    expect([...kinds].sort()).toEqual([
      'kill',
      'little memory',
      'lock',
      'server',
      'service',
      'signal',
      'small disk',
      'unreachable',
      'weather',
    ]);
  });

  it('is told in a line each', () => {
    for (const step of walk(3, 100))
      expect(describeStep(step)).toMatch(/^(shop|large) [123]×( age)?( path)?: [a-z].+$/);
  });
});
