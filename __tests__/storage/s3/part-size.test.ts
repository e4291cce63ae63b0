import { describe, expect, it } from '@jest/globals';
import { planParts } from '../../../src/storage/s3/part-size.ts';

const MIB = 1024 * 1024;
const GB = 1e9;

describe('the parts of a backup', () => {
  it.each<[string, number, number, number, number]>([
    ['an empty database', 0, 10_000, 8, 4],
    ['a usual database', 30 * GB, 10_000, 8, 4],
    ['a large database', 100 * GB, 10_000, 20, 4],
    ['a larger one: fewer at once', 200 * GB, 10_000, 39, 2],
    ['a huge one: one at a time', 2_000 * GB, 10_000, 382, 1],
    ['a service that takes 1,000 parts', 30 * GB, 1_000, 58, 1],
  ])('of %s', (_, databaseBytes, mostParts, mebibytes, mostInFlight) => {
    const plan = planParts(databaseBytes, mostParts);
    expect(plan).toEqual({ partBytes: mebibytes * MIB, mostInFlight, mostParts });
    expect(plan.partBytes * mostParts).toBeGreaterThanOrEqual(2 * databaseBytes);
  });
});
