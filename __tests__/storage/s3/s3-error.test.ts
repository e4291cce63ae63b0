import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../../src/errors.ts';
import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { bucketSettings } from '../../../src/storage/s3/bucket-settings.ts';
import { explainS3, isRetained } from '../../../src/storage/s3/s3-error.ts';
import { s3Code, s3Reason, s3Status } from '../../../src/storage/s3/s3-reason.ts';
import { AWS, OWN, R2, answered, explain, failed } from './s3-errors.ts';

describe('an answer of a service is explained', () => {
  it('in one sentence with the bucket, the cause and the code, and what to do', () => {
    expect(explain(AWS, answered(404, 'NoSuchBucket', 'The specified bucket does not exist'))).toBe(
      'storage: could not list the backups in the bucket shop-backups/nightly: there is no such bucket at AWS S3 (404 NoSuchBucket: The specified bucket does not exist).\n' +
        'Check the name of the bucket, the endpoint, and the account that the keys belong to. The action creates no buckets.',
    );
  });

  it.each<[string, Error, string, RegExp]>([
    [
      AWS,
      answered(
        301,
        'PermanentRedirect',
        'The bucket you are attempting to access must be addressed using the specified endpoint.',
        {
          $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } },
        },
      ),
      'PutObjectCommand',
      /the bucket is in the region eu-central-1 \(301 PermanentRedirect[^]*Write "region=eu-central-1" in the line/,
    ],
    [
      AWS,
      answered(
        400,
        'AuthorizationHeaderMalformed',
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
      ),
      'GetObjectCommand',
      /the bucket is in the region eu-west-1/,
    ],
    [
      AWS,
      answered(400, 'Unknown', 'UnknownError', {
        $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      }),
      'HeadObjectCommand',
      /the bucket is in the region eu-west-1/,
    ],
    [
      // Backblaze B2, of a key with white space in it.
      OWN,
      answered(
        400,
        'AuthorizationHeaderMalformed',
        'the authorization component "/20240926/us-east-005/s3/aws4_request" is malformed.',
      ),
      'ListObjectsV2Command',
      /the region or the key is not what the service expects/,
    ],
    [
      AWS,
      answered(400, 'ExpiredToken', 'The provided token has expired.', {
        $response: { headers: { 'x-amz-bucket-region': 'us-east-1' } },
      }),
      'UploadPartCommand',
      /the credentials have expired[^]*role-duration-seconds[^]*AWS_ROLE_ARN/,
    ],
    [
      AWS,
      answered(
        403,
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
      ),
      'PutObjectCommand',
      /the clock of the runner/,
    ],
    [
      R2,
      answered(401, 'Unauthorized', 'Unauthorized'),
      'ListObjectsV2Command',
      /Cloudflare R2 does not know the key[^]*R2, API Tokens/,
    ],
    [
      R2,
      answered(400, 'InvalidArgument', 'Credential access key has length 20, should be 32'),
      'ListObjectsV2Command',
      /does not know the key of AWS_ACCESS_KEY_ID/,
    ],
    [
      OWN,
      answered(403, 'InvalidAccessKeyId', 'Malformed Access Key Id'),
      'ListObjectsV2Command',
      /does not know the key of AWS_ACCESS_KEY_ID/,
    ],
    [
      R2,
      answered(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match'),
      'ListObjectsV2Command',
      /AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID/,
    ],
    [
      AWS,
      answered(
        403,
        'AccessDenied',
        'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::shop-backups/nightly/a"',
      ),
      'CreateMultipartUploadCommand',
      /lack the permission s3:PutObject[^]*Allow s3:PutObject on arn:aws:s3:::shop-backups\/nightly\/\* in the policy/,
    ],
    [
      AWS,
      answered(403, 'AccessDenied', 'Access Denied'),
      'ListObjectsV2Command',
      /Allow s3:ListBucket on arn:aws:s3:::shop-backups in/,
    ],
    [
      AWS,
      answered(403, 'Unknown', 'UnknownError'),
      'HeadObjectCommand',
      /does not know the keys, or they lack the permission s3:GetObject/,
    ],
    [
      OWN,
      answered(507, 'XMinioStorageFull', 'Storage backend has reached its minimum free drive threshold.'),
      'UploadPartCommand',
      /the storage quota .* is used up/,
    ],
    [
      OWN,
      answered(403, 'QuotaExceeded', 'QuotaExceeded'),
      'UploadPartCommand',
      /the storage quota .* is used up[^]*prune/,
    ],
    [
      OWN,
      answered(403, 'AccessDenied', 'Cannot upload files, storage cap exceeded.'),
      'UploadPartCommand',
      /the storage quota .* is used up/,
    ],
    [
      OWN,
      answered(413, 'EntityTooLarge', 'The object exceeded the maximum allowed size'),
      'UploadPartCommand',
      /larger than the S3 service minio\.example\.com takes/,
    ],
    [
      AWS,
      answered(403, 'InvalidObjectState', "The operation is not valid for the object's storage class"),
      'GetObjectCommand',
      /archive class of storage/,
    ],
    [
      AWS,
      answered(400, 'InvalidPart', 'One or more of the specified parts could not be found.'),
      'CompleteMultipartUploadCommand',
      /has lost what was uploaded/,
    ],
    [
      AWS,
      answered(404, 'NoSuchUpload', 'The specified multipart upload does not exist.'),
      'UploadPartCommand',
      /has lost what was uploaded/,
    ],
    [
      AWS,
      answered(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'),
      'PutObjectCommand',
      /another job has written the same object/,
    ],
    [AWS, answered(404, 'NotFound', 'UnknownError'), 'HeadObjectCommand', /there is no such object/],
    [AWS, answered(404, 'NotFound', 'UnknownError'), 'HeadBucketCommand', /there is no such bucket/],
    [
      OWN,
      answered(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented'),
      'ListMultipartUploadsCommand',
      /does not support ListMultipartUploads/,
    ],
    [
      AWS,
      answered(503, 'SlowDown', 'Please reduce your request rate.'),
      'UploadPartCommand',
      /is unavailable, or limits the rate/,
    ],
    [
      AWS,
      answered(500, 'InternalError', 'We encountered an internal error. Please try again.'),
      'UploadPartCommand',
      /is unavailable, or limits the rate/,
    ],
    [
      OWN,
      answered(
        403,
        'SecondLevelDomainForbidden',
        'The bucket you are attempting to access must be addressed using OSS third level domain.',
      ),
      'ListObjectsV2Command',
      /"path-style=false"/,
    ],
    [
      OWN,
      answered(200, 'SyntaxError', "char 'd' is not expected.:1:3"),
      'ListObjectsV2Command',
      /unexpected answer \(the answer was 200, without a code of S3\)[^]*Check the endpoint/,
    ],
    [
      AWS,
      answered(418, 'Teapot', 'I am one'),
      'ListObjectsV2Command',
      /unexpected answer \(418 Teapot: I am one\)/,
    ],
  ])('by its code: %s %s of %s', (line, error, operation, text) => {
    expect(explain(line, error, operation)).toMatch(text);
  });

  it('without what could be a secret', () => {
    const text = explain(
      AWS,
      answered(
        400,
        'Odd',
        `See https://shop.s3.amazonaws.com/a?X-Amz-Signature=0123456789abcdef, ${'k'.repeat(40)}\n${'long '.repeat(100)}`,
      ),
    );
    expect(text).toContain('400 Odd: See URL … long long');
    expect(text).not.toMatch(/Signature|kkkk/);
    expect(text.length).toBeLessThan(600);
  });
});

it('an error that is explained already stays as it is', () => {
  const error = new UserError('github', 'storage: GitHub gave no ID token.', 'Run the job again.');
  const place = readBucketLine('storage', AWS);
  expect(explainS3(error, 'list the backups', { place, rules: bucketSettings(place, {}).rules })).toBe(error);
});

describe('what keeps an object from being deleted', () => {
  it.each([
    answered(403, 'AccessDenied', 'Access Denied because object protected by object lock.'),
    answered(409, 'ObjectLockedByBucketPolicy', 'The object is locked by the bucket policy.'),
    answered(400, 'InvalidRequest', 'Object is WORM protected and cannot be overwritten'),
    answered(403, 'AccessDenied', "Object 'a' is subject to bucket's retention policy and cannot be deleted"),
  ])('is a lock: %s', (error) => {
    expect(isRetained(error)).toBe(true);
  });

  it.each([
    answered(403, 'AccessDenied', 'Access Denied'),
    answered(403, 'AccessDenied', 'Access blocked for this account'),
    answered(500, 'InternalError', 'object lock'),
    failed('ECONNRESET', 'read ECONNRESET'),
  ])('is no lock: %s', (error) => {
    expect(isRetained(error)).toBe(false);
  });
});

it('the code and the status of an answer can be asked for', () => {
  const error = answered(404, 'NoSuchKey', 'The specified key does not exist.');
  expect([s3Code(error), s3Status(error), s3Reason(error)]).toEqual([
    'NoSuchKey',
    404,
    '404 NoSuchKey: The specified key does not exist',
  ]);
  expect([s3Code(new Error('a')), s3Status('a'), s3Status(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
