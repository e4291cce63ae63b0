import { describe, expect, it } from '@jest/globals';
import { CancelledError, UserError, cancelledOr } from '../src/errors.ts';

describe('the error for failed work', () => {
  const failure = new UserError('storage', 'The disk is full.', 'Use a larger one.');

  it('is the cancellation if the signal is aborted', () => {
    const cancelled = new CancelledError('SIGINT');
    expect(cancelledOr(AbortSignal.abort(cancelled), () => failure)).toBe(cancelled);
  });

  it('is the failure otherwise', () => {
    expect(cancelledOr(new AbortController().signal, () => failure)).toBe(failure);
  });
});
