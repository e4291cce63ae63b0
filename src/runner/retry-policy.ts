import { setTimeout as timer } from 'node:timers/promises';
import { retry } from '../process/retry.ts';
import { UserError, messageOf } from '../errors.ts';
import { duration } from './format.ts';
import { log } from './log.ts';

/** How long and how often a service is asked before it is given up. */
export interface Patience {
  /** How often one request is made in all; the pauses between are 1, 2, 4 s and so on. */
  readonly attempts: number;
  /** How long one attempt may take, and how long a download may stay silent; milliseconds. */
  readonly attemptMs: number;
  /** The longest wait for a rate limit to end, in milliseconds; there are two such waits at most. */
  readonly longestWaitMs: number;
}

/** One request that is never answered takes 87 s: four attempts of 20 s, and pauses of 1, 2 and 4 s between. */
export const USUAL_PATIENCE: Patience = { attempts: 4, attemptMs: 20_000, longestWaitMs: 60_000 };

/** For what can be done without: two attempts and a second between, 21 s at most. A rate limit is not waited for. */
export const BRIEF_PATIENCE: Patience = { attempts: 2, attemptMs: 10_000, longestWaitMs: 0 };

/** What a request is given up by. */
export interface Bounds {
  readonly signal: AbortSignal;
  /** `USUAL_PATIENCE` when absent. */
  readonly patience?: Patience | undefined;
}

/**
 * Makes an attempt until it succeeds, throws a UserError (which is final), or all are used up. The attempt gets a
 * signal that also ends it when it has taken too long.
 *
 * @param what begins the line in the log that tells of each failure.
 * @throws the last error, or the signal's reason.
 */
export function patiently<T>(
  what: string,
  { signal, patience = USUAL_PATIENCE }: Bounds,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return persistently(what, { signal, patience }, () =>
    attempt(AbortSignal.any([signal, AbortSignal.timeout(patience.attemptMs)])),
  );
}

/** The same for an attempt that bounds itself in time. */
export function persistently<T>(
  what: string,
  { signal, patience = USUAL_PATIENCE }: Bounds,
  attempt: () => Promise<T>,
): Promise<T> {
  return retry(attempt, {
    attempts: patience.attempts,
    isTransient: (error) => !(error instanceof UserError),
    onRetry: (error, _, pauseMs) => {
      log.info(`${what}: ${reasonOf(error)}. Trying again in ${duration(pauseMs)}`);
    },
    signal,
  });
}

/** Waits. @throws the signal's reason when it is aborted meanwhile. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await timer(milliseconds, undefined, { signal }).catch(() => {
    signal.throwIfAborted();
  });
}

/** Why a request failed: `fetch` itself only says that it did, its causes say why. */
export function reasonOf(error: unknown): string {
  return Error.isError(error) && error.cause !== undefined ? reasonOf(error.cause) : messageOf(error);
}
