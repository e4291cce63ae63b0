import { describe, expect, it } from '@jest/globals';
import { type FailedAnswer, rateLimitEnd, refusal } from '../../src/github/github-failure.ts';

const now = new Date('2026-11-21T12:00:00Z');
const answer = (status: number, changes: Partial<FailedAnswer> = {}): FailedAnswer => ({
  status,
  headers: {},
  message: 'no',
  ...changes,
});
const subject = { repository: 'example/shop', isOwnRepository: true, permission: 'read' } as const;

describe('a rate limit', () => {
  it.each([
    ['as long as GitHub says', { 'retry-after': '30' }, 30],
    [
      'until the hour of requests is over',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795262700' },
      300,
    ],
    ['a minute where GitHub does not say', {}, 60],
  ])('is waited for %s', (_, headers, seconds) => {
    const message = 'You have exceeded a secondary rate limit.';
    for (const status of [403, 429]) {
      const end = rateLimitEnd(answer(status, { headers, message }), now);
      expect(end).toEqual(new Date(now.getTime() + seconds * 1000));
    }
  });

  it.each([
    ['a permission that is missing', answer(403, { message: 'Resource not accessible by integration' })],
    ['a header that is no number', answer(403, { headers: { 'retry-after': 'soon' } })],
    [
      'requests that are left',
      answer(403, { headers: { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '1' } }),
    ],
    ['a disturbance', answer(503, { headers: { 'retry-after': '30' } })],
  ])('is not %s', (_, other) => {
    expect(rateLimitEnd(other, now)).toBeUndefined();
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'github-token', 'replace it'],
    [403, 'github-token', 'actions: read'],
    [404, 'example/shop does not exist', 'actions: read'],
    [410, 'expired', 'another backup'],
    [422, 'refused', 'again'],
  ])('with status %d says what is wrong and what to do', (status, wrong, remedy) => {
    const error = refusal(answer(status), subject);
    expect(error?.message).toContain(wrong);
    expect(error?.hint).toContain(remedy);
    expect(error?.status).toBe(status);
  });

  it('of a deletion names the permission to write', () => {
    const error = refusal(answer(403), { ...subject, permission: 'write' });
    expect(error?.message).toContain('delete');
    expect(error?.hint).toContain('actions: write');
  });

  it('of another repository asks for another token', () => {
    const error = refusal(answer(404), { ...subject, isOwnRepository: false });
    expect(error?.message).toMatch(
      /^repository: example\/shop does not exist, or the token has no access to it/,
    );
    expect(error?.hint).toMatch(/github-token needs a token with "actions: read" in example\/shop/);
  });

  it('is not reported if the error is on GitHub’s side', () => {
    expect(refusal(answer(500), subject)).toBeUndefined();
    expect(refusal(answer(503), subject)).toBeUndefined();
  });
});
