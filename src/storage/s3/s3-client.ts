import type { S3Client } from '@aws-sdk/client-s3';
import { log } from '../../runner/log.ts';
import type { RetryLimits } from '../../runner/retry-policy.ts';
import { type BucketPlace, bucketName } from './bucket-place.ts';
import { bucketSettings } from './bucket-settings.ts';
import { credentialSource, findCredentials } from './s3-credentials.ts';
import type { EndpointRules } from './s3-endpoints.ts';
import { noteOperation } from './s3-error.ts';
import { requestConfig } from './s3-requests.ts';
import { BUCKET_RETRIES, retryStrategy } from './s3-retries.ts';

/** The one module with the AWS SDK, once it is loaded. */
export type S3Sdk = typeof import('./s3-sdk.ts');

/** A bucket that can be asked. */
export interface Bucket {
  readonly place: BucketPlace;
  readonly rules: EndpointRules;
  /** A URL; undefined: that of AWS for the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly sdk: S3Sdk;
  /**
   * Retries by itself what may succeed later, a damaged part too, and says so in the log. A body must be a Buffer: a stream is
   * sent once, and its digest is not, unless the one who sends it takes care of both.
   */
  readonly client: S3Client;
  /** Its limits. */
  readonly retries: RetryLimits;
}

/**
 * Loads the AWS SDK, finds credentials, and makes a client for the bucket. The bucket itself is not asked.
 *
 * @param env the environment of the process: the SDK reads that, too.
 * @throws UserError when there are no credentials, or no region.
 */
export async function connectBucket(
  place: BucketPlace,
  env: NodeJS.ProcessEnv,
  retries: RetryLimits = BUCKET_RETRIES,
): Promise<Bucket> {
  const settings = bucketSettings(place, env);
  const source = credentialSource(env);
  if (settings.notice !== undefined) log.notice(settings.notice);
  const { rules, endpoint, region, pathStyle } = settings;
  const sdk = await import('./s3-sdk.ts');
  const requests = requestConfig(env, retries);
  const credentials = await findCredentials(source, sdk, settings, requests);
  const client = new sdk.S3Client({
    ...requests,
    ...{ region, credentials, forcePathStyle: pathStyle },
    ...(endpoint === undefined ? {} : { endpoint }),
    // Other services may refuse the checksums that the SDK adds by default.
    requestChecksumCalculation: rules.checksum === undefined ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    // What is read is compared by its SHA-256; the SDK checks a CRC-64 at 200 MB/s.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Some services do not answer to it, which costs seconds for each part; and it takes a connection of its own for each.
    expectContinueHeader: false,
    customUserAgent: 'postgres-backup-action',
    maxAttempts: retries.attempts,
    retryStrategy: retryStrategy(`The ${bucketName(place).slice('the '.length)}`, retries),
  });
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        try {
          return await next(args);
        } catch (error) {
          noteOperation(error, commandName ?? '');
          throw error;
        }
      },
    { step: 'initialize', name: 'noteOperation' },
  );
  return { place, rules, endpoint, region, sdk, client, retries };
}
