import { describe, expect, it } from '@jest/globals';
import { type Step, describeStep, walkStep } from './random-walk.ts';

const walk = (seed: number, steps: number): Step[] =>
  Array.from({ length: steps }, (_, number) => walkStep(seed, number));

describe('a random walk', () => {
  it('gives the same steps for the same seed, also when one step is repeated alone', () => {
    expect(walk(7, 50)).toEqual(walk(7, 50));
    expect(walkStep(7, 49)).toEqual(walk(7, 50)[49]);
  });

  it('gives other steps for another seed', () => {
    expect(walk(7, 50)).not.toEqual(walk(8, 50));
  });

  it('contains every kind of fault', () => {
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

  it('is printed with one line per step', () => {
    for (const step of walk(3, 100))
      expect(describeStep(step)).toMatch(/^(shop|large) [123]×( age)?( folder)?( jobs [24])?: [a-z].+$/);
  });
});
