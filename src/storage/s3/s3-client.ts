import type { S3Client } from '@aws-sdk/client-s3';
import type { BucketPlace } from './bucket-place.ts';
import { type EndpointRules, endpointRules } from './s3-endpoints.ts';

/** The one module with the AWS SDK, once it is loaded. */
export type S3Sdk = typeof import('./s3-sdk.ts');

/** A bucket that can be asked. */
export interface Bucket {
  readonly place: BucketPlace;
  readonly rules: EndpointRules;
  readonly sdk: S3Sdk;
  /** Retries by itself what may succeed later. */
  readonly client: S3Client;
}

/**
 * Loads the AWS SDK, finds credentials, and makes a client for the bucket. The bucket itself is not asked.
 *
 * @throws UserError when there are no credentials, or no region.
 */
export async function connectBucket(place: BucketPlace, env: NodeJS.ProcessEnv): Promise<Bucket> {
  const sdk = await import('./s3-sdk.ts');
  const endpoint = place.endpoint ?? env['AWS_ENDPOINT_URL_S3'];
  const rules = endpointRules(place.bucket, endpoint);
  const client = new sdk.S3Client({
    region: place.region ?? env['AWS_REGION'] ?? rules.region ?? 'us-east-1',
    forcePathStyle: place.pathStyle ?? rules.pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(rules.checksum
      ? {}
      : { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }),
  });
  return { place, rules, sdk, client };
}
