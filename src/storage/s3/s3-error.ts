import { UserError, messageOf } from '../../errors.ts';
import { type BucketPlace, bucketName } from './bucket-place.ts';
import type { EndpointRules } from './s3-endpoints.ts';
import { type FailedRequest, ruleFor } from './s3-error-rules.ts';
import { fieldIn, networkCode, s3Code, s3Reason, s3Status } from './s3-reason.ts';

/** By error: which operation it was. */
const operations = new WeakMap<object, string>();

/** Remembers the operation of an error. @param commandName as the SDK calls it: `PutObjectCommand`. */
export function noteOperation(error: unknown, commandName: string): void {
  if (Error.isError(error)) operations.set(error, commandName.replace(/Command$/, ''));
}

/**
 * What an error of the SDK means, in one sentence, with what to do. A UserError stays as it is.
 *
 * @param doing an infinitive that reads well before "in the bucket shop-backups": `list the backups`, `store shop.bak`,
 *   `read shop.bak`, `delete shop.bak`.
 */
export function explainS3(
  error: unknown,
  doing: string,
  { place, rules }: { readonly place: BucketPlace; readonly rules: EndpointRules },
): UserError {
  if (error instanceof UserError) return error;
  const failed = failedRequest(error, doing, place, rules);
  const { what, hint } = ruleFor(failed);
  return new UserError(
    'storage',
    `storage: could not ${doing} in ${bucketName(place)}: ${what} (${failed.reason}).`,
    hint,
    { cause: error },
  );
}

/**
 * Whether an object could not be deleted, or replaced, because a lock, a retention period or a legal hold keeps it: 403
 * AccessDenied with AWS's sentence, 409 ObjectLockedByBucketPolicy of R2, 400 InvalidRequest of MinIO.
 */
export function isRetained(error: unknown): boolean {
  const status = s3Status(error);
  if (status !== 400 && status !== 403 && status !== 409) return false;
  return /object ?lock|\block(?:ed)?\b|retention|retained|legal ?hold|\bworm\b|immutable/i.test(
    `${s3Code(error) ?? ''} ${messageOf(error)}`,
  );
}

function failedRequest(
  error: unknown,
  doing: string,
  place: BucketPlace,
  rules: EndpointRules,
): FailedRequest {
  const host = fieldIn(error, 'hostname');
  return {
    ...{ doing, place, rules },
    code: s3Code(error) ?? networkCode(error) ?? '',
    status: s3Status(error),
    reason: s3Reason(error),
    operation: (Error.isError(error) ? operations.get(error) : undefined) ?? '',
    region: regionIn(error),
    host: typeof host === 'string' ? host : undefined,
  };
}

/** The region of a bucket: in a header, in the body, or in the message. */
function regionIn(error: unknown): string | undefined {
  const header = fieldIn(fieldIn(fieldIn(error, '$response'), 'headers'), 'x-amz-bucket-region');
  const [, expected] = /expecting ['"]([\w-]+)['"]/.exec(messageOf(error)) ?? [];
  return [header, fieldIn(error, 'Region'), expected].find(
    (region): region is string => typeof region === 'string' && /^[\w-]+$/.test(region),
  );
}
