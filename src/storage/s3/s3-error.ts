import { UserError, messageOf } from '../../errors.ts';
import { type BucketPlace, bucketName } from './bucket-place.ts';
import type { EndpointRules } from './s3-endpoints.ts';

/**
 * What an error of the SDK means, in one sentence, with what to do. A UserError stays as it is.
 *
 * @param doing an infinitive that reads well before "in the bucket shop-backups": `list the backups`, `store shop.bak`,
 *   `read shop.bak`, `delete shop.bak`.
 */
export function explainS3(
  error: unknown,
  doing: string,
  { place }: { readonly place: BucketPlace; readonly rules: EndpointRules },
): UserError {
  if (error instanceof UserError) return error;
  return new UserError(
    'storage',
    `storage: could not ${doing} in ${bucketName(place)}: ${messageOf(error)}.`,
    'Run the job again.',
    { cause: error },
  );
}

/** The code of an error of the service, such as `NoSuchKey`; undefined when it is none of the service's. */
export function s3Code(error: unknown): string | undefined {
  return Error.isError(error) && '$metadata' in error ? error.name : undefined;
}

/** The HTTP status of an answer of the service; undefined when there was none. */
export function s3Status(error: unknown): number | undefined {
  if (!Error.isError(error) || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  const { httpStatusCode: status } = metadata;
  return typeof status === 'number' ? status : undefined;
}

/** Whether an object could not be deleted because a lock retains it. */
export function isRetained(error: unknown): boolean {
  return /locked|retention|retained|legal hold|WORM/i.test(messageOf(error)) && s3Status(error) === 403;
}
