import { describe, expect, it } from '@jest/globals';
import {
  expiry,
  retention,
  retentionInWords,
  shortenedRetention,
} from '../../../src/storage/artifact/retention.ts';

describe('retention', () => {
  it("is the input's, within the limit of the repository", () => {
    expect(retention(30, 90)).toEqual({ askedDays: 30, grantedDays: 30 });
    expect(retention(30, undefined).grantedDays).toBe(30);
    expect(retentionInWords(retention(30, 90))).toBe('30 days');
    expect(retentionInWords(retention(1, 90))).toBe('1 day');
  });

  it('is shown with both numbers if the repository grants less', () => {
    const lowered = retention(91, 90);
    expect(lowered.grantedDays).toBe(90);
    expect(retentionInWords(lowered)).toMatch(/^90 days: 91 .* at most 90$/);
    expect(shortenedRetention(lowered)).toMatch(
      /^retention-days: 91 days .* deletes the artifact after 90 days\./,
    );
    expect(shortenedRetention(retention(90, 90))).toBeUndefined();
  });

  it('ends so many days later', () => {
    expect(expiry(new Date('2026-02-27T10:00:00Z'), retention(30, 2)).toISOString()).toBe(
      '2026-03-01T10:00:00.000Z',
    );
  });
});
