import { retry } from '../process/retry.ts';
import { UserError, messageOf } from '../errors.ts';
import { duration } from './format.ts';
import { log } from './log.ts';

/** How long and how often a request to a service is tried. */
export interface RetryLimits {
  /** Number of attempts in total; the pauses between them are 1, 2, 4 s and so on. */
  readonly attempts: number;
  /** How long one attempt may take, and how long a download may receive no data; milliseconds. */
  readonly attemptMs: number;
  /** The longest wait for the end of a rate limit, in milliseconds; there are two such waits at most. */
  readonly longestWaitMs: number;
}

/** A request that is never answered takes 87 s: four attempts of 20 s, with pauses of 1, 2 and 4 s. */
export const USUAL_RETRIES: RetryLimits = { attempts: 4, attemptMs: 20_000, longestWaitMs: 60_000 };

/** For optional requests: two attempts and a second between them, 21 s at most. A rate limit is not waited for. */
export const FEW_RETRIES: RetryLimits = { attempts: 2, attemptMs: 10_000, longestWaitMs: 0 };

/** The limits of a request. */
export interface Bounds {
  readonly signal: AbortSignal;
  /** `USUAL_RETRIES` when absent. */
  readonly retries?: RetryLimits | undefined;
}

/**
 * Repeats an attempt until it succeeds, throws a UserError (which is final), or all are used. The attempt gets a
 * signal that also ends it when it takes too long.
 *
 * @param what the start of the log line for each failure.
 * @throws the last error, or the signal's reason.
 */
export function retryWithTimeout<T>(
  what: string,
  { signal, retries = USUAL_RETRIES }: Bounds,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return retryTransient(what, { signal, retries }, () =>
    attempt(AbortSignal.any([signal, AbortSignal.timeout(retries.attemptMs)])),
  );
}

/** The same for an attempt with a timeout of its own. */
export function retryTransient<T>(
  what: string,
  { signal, retries = USUAL_RETRIES }: Bounds,
  attempt: () => Promise<T>,
): Promise<T> {
  return retry(attempt, {
    attempts: retries.attempts,
    isTransient: (error) => !(error instanceof UserError),
    onRetry: (error, _, pauseMs) => {
      log.info(`${what}: ${reasonOf(error)}. Trying again in ${duration(pauseMs)}`);
    },
    signal,
  });
}

/** Why a request failed: the error of `fetch` only says that it did, its causes say why. */
export function reasonOf(error: unknown): string {
  return Error.isError(error) && error.cause !== undefined ? reasonOf(error.cause) : messageOf(error);
}
