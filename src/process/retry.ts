import { setTimeout as timer } from 'node:timers/promises';
import { cancelledOr } from '../errors.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** How often and after which errors an operation is retried. */
export interface RetryPolicy {
  /** Number of attempts in total; at least 1. */
  readonly attempts: number;
  readonly isTransient: (error: unknown) => boolean;
  /** Called before each pause. */
  readonly onRetry: (error: unknown, attempt: number, pauseMs: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs an operation until it succeeds, fails with an error that is not transient, or all attempts are used.
 *
 * @throws the last error, or the signal's reason.
 */
export async function retry<T>(operation: () => Promise<T>, policy: RetryPolicy): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    policy.signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      if (policy.signal.aborted || attempt >= policy.attempts || !policy.isTransient(error)) {
        throw cancelledOr(policy.signal, () => error);
      }
      const pauseMs = pauseAfter(attempt);
      policy.onRetry(error, attempt, pauseMs);
      await pause(pauseMs, policy.signal);
    }
  }
}

/** Waits. @throws the signal's reason when it is aborted meanwhile. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}

/** Milliseconds to wait after the given attempt: 1 s, doubled each time, 30 s at most. */
export function pauseAfter(attempt: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
}

/** One failed attempt, for the log. */
export function describeAttempt(failed: {
  readonly attempt: number;
  readonly attempts: number;
  readonly cause: string;
  readonly pauseMs: number;
}): string {
  const { attempt, attempts, cause, pauseMs } = failed;
  return `Attempt ${attempt} of ${attempts}: ${cause} Trying again in ${pauseMs / 1000} s`;
}
