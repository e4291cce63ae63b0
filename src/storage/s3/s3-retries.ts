import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { UserError } from '../../errors.ts';
import { pauseAfter } from '../../process/retry.ts';
import { duration } from '../../runner/format.ts';
import { log } from '../../runner/log.ts';
import type { RetryLimits } from '../../runner/retry-policy.ts';
import { s3Code, s3Reason, s3Status } from './s3-reason.ts';

type RetryStrategy = Extract<
  NonNullable<S3ClientConfig['retryStrategy']>,
  { readonly acquireInitialRetryToken: unknown }
>;
type Token = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/**
 * A service that never answers takes 127 s: four attempts of 30 s without progress, and pauses of 1, 2 and 4 s. Some need many
 * seconds to put the parts of a large object together, and say nothing meanwhile.
 */
export const BUCKET_RETRIES: RetryLimits = { attempts: 4, attemptMs: 30_000, longestWaitMs: 30_000 };

/**
 * What the SDK takes for final, and is not: bytes that were damaged on the way, and another write to the same key at the same
 * time.
 */
const TRANSIENT: readonly string[] = [
  'BadDigest',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'OperationAborted',
  'RequestTimeout',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
];

/** Whether a request may succeed when it is sent again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof UserError) return false;
  const status = s3Status(error);
  if (status === undefined || status === 408 || status === 429) return true;
  // 501 is NotImplemented.
  return (status >= 500 && status !== 501) || TRANSIENT.includes(s3Code(error) ?? '');
}

/**
 * Repeats the requests of a client with the pauses of every other transfer, and says why in the log. The SDK's own does not
 * say so, and gives up after many failures in a row.
 *
 * @param what the start of the log line: `The bucket shop-backups`.
 */
export function retryStrategy(what: string, { attempts, longestWaitMs }: RetryLimits): RetryStrategy {
  const token = (retries: number, pauseMs: number): Token => ({
    getRetryCount: () => retries,
    getRetryDelay: () => pauseMs,
  });
  return {
    acquireInitialRetryToken: () => Promise.resolve(token(0, 0)),
    refreshRetryTokenForRetry: (last, { error, errorType, retryAfterHint }) => {
      const retries = last.getRetryCount() + 1;
      const mayPass = s3Status(error) !== 501 && (errorType !== 'CLIENT_ERROR' || isTransient(error));
      if (!mayPass || retries >= attempts) return Promise.reject(new Error('not again'));
      const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
      const pauseMs = Math.max(pauseAfter(retries), Math.min(asked, longestWaitMs));
      log.info(`${what}: ${s3Reason(error)}. Trying again in ${duration(pauseMs)}`);
      return Promise.resolve(token(retries, pauseMs));
    },
    recordSuccess: () => undefined,
  };
}
