import { type BucketPlace, bucketName } from './bucket-place.ts';
import type { EndpointRules } from './s3-endpoints.ts';

/** A request that failed, as the rules see it. */
export interface FailedRequest {
  /** An infinitive: `list the backups`. */
  readonly doing: string;
  readonly place: BucketPlace;
  readonly rules: EndpointRules;
  /** Of the service: `AccessDenied`; else of the connection: `ECONNREFUSED`; empty when there is none. */
  readonly code: string;
  readonly status: number | undefined;
  /** What the service or Node.js says, without secrets: `403 AccessDenied: …`. */
  readonly reason: string;
  /** `ListObjectsV2`; empty when it is not known. */
  readonly operation: string;
  /** The region that the answer names. */
  readonly region: string | undefined;
  /** The host that was not found. */
  readonly host: string | undefined;
}

/** The end of a sentence that begins with "could not list the backups in the bucket shop-backups:", and what to do. */
interface Explanation {
  readonly what: string;
  readonly hint: string;
}

interface ErrorRule {
  readonly applies: (failed: FailedRequest) => boolean;
  readonly explain: (failed: FailedRequest) => Explanation;
}

/** What an operation needs by AWS's list ("Actions, resources, and condition keys for Amazon S3"). */
const PERMISSIONS: Readonly<Record<string, string>> = {
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  CompleteMultipartUpload: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  DeleteObject: 's3:DeleteObject',
  GetObject: 's3:GetObject',
  HeadBucket: 's3:ListBucket',
  HeadObject: 's3:GetObject',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjectsV2: 's3:ListBucket',
  ListParts: 's3:ListMultipartUploadParts',
  PutObject: 's3:PutObject',
  UploadPart: 's3:PutObject',
};

const of =
  (...codes: readonly string[]) =>
  ({ code }: FailedRequest): boolean =>
    codes.includes(code);
const always = (what: string, hint: string) => (): Explanation => ({ what, hint });

/** Refused for what was signed; the answer to a HEAD has no body, and so no code. */
function isOfSignature({ code, operation, status }: FailedRequest): boolean {
  return (
    /^(?:AuthorizationHeaderMalformed|InvalidRegionName)$/.test(code) ||
    (operation.startsWith('Head') && status === 400)
  );
}

/** The first that applies explains an error. The texts of the services are recorded in the test of these rules. */
const RULES: readonly ErrorRule[] = [
  // --- the bucket and its address ---
  {
    applies: (failed) =>
      failed.code === 'NoSuchBucket' || (failed.status === 404 && failed.operation === 'HeadBucket'),
    explain: ({ rules }) => ({
      what: `there is no such bucket at ${rules.name}`,
      hint: 'Check the name of the bucket, the endpoint, and the account that the keys belong to. The action creates no buckets.',
    }),
  },
  {
    applies: (failed) =>
      failed.status === 301 ||
      of('PermanentRedirect', 'IllegalLocationConstraintException')(failed) ||
      (failed.region !== undefined && isOfSignature(failed)),
    explain: ({ region, rules }) => ({
      what:
        region === undefined ? 'the bucket is in another region' : `the bucket is in the region ${region}`,
      hint: `Write "region=${region ?? 'REGION'}" in the line of storage${region === undefined ? ` (the region of the bucket at ${rules.name})` : ''}, or set AWS_REGION.`,
    }),
  },
  {
    applies: isOfSignature,
    explain: always(
      'the region or the key is not what the service expects',
      'Check the region in the line of storage, and AWS_ACCESS_KEY_ID.',
    ),
  },
  {
    applies: of('ENOTFOUND', 'EAI_AGAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'),
    explain: ({ host, place, code }) => {
      const isOfBucket = host?.startsWith(`${place.bucket.toLowerCase()}.`) ?? code.startsWith('ERR_TLS');
      return {
        what: code.startsWith('ERR_TLS') ? 'the certificate is for another host' : 'the host was not found',
        hint: isOfBucket
          ? 'Write "path-style=true" in the line of storage if the service has no host for each bucket; else check the endpoint and the region.'
          : 'Check the endpoint and the region in the line of storage.',
      };
    },
  },
  {
    applies: of('SecondLevelDomainForbidden', 'VirtualHostDomainRequired'),
    explain: always(
      'the service wants the name of the bucket in the host',
      'Write "path-style=false" in the line of storage.',
    ),
  },
  // --- credentials ---
  {
    applies: (failed) =>
      of('InvalidAccessKeyId', 'InvalidSecurity', 'Unauthorized')(failed) ||
      /Credential access key has length/.test(failed.reason),
    explain: ({ rules }) => ({
      what: `${rules.name} does not know the key of AWS_ACCESS_KEY_ID`,
      hint: `Use keys ${rules.keys}. Temporary keys need AWS_SESSION_TOKEN, too.`,
    }),
  },
  {
    applies: of('SignatureDoesNotMatch'),
    explain: ({ rules }) => ({
      what: 'AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID',
      hint: `Set both secrets again, without spaces and line breaks${rules.isAws ? '' : '; if they are right, check the region in the line of storage'}.`,
    }),
  },
  {
    applies: of('ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'),
    explain: always(
      'the credentials have expired',
      'With aws-actions/configure-aws-credentials, set role-duration-seconds to longer than the job takes; or set AWS_ROLE_ARN for this action instead, which then renews them.',
    ),
  },
  {
    applies: of('InvalidToken', 'InvalidClientTokenId', 'UnrecognizedClientException'),
    explain: always(
      'the session token is not valid',
      'Remove AWS_SESSION_TOKEN if the keys are permanent ones; else set all three variables from the same credentials.',
    ),
  },
  {
    applies: of('RequestTimeTooSkewed', 'RequestInTheFuture'),
    explain: always(
      'the clock of the runner differs too much from that of the service',
      'Set the clock of the self-hosted runner, with NTP.',
    ),
  },
  // --- limits ---
  {
    applies: (failed) =>
      failed.status === 507 ||
      of('QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded')(failed) ||
      /\bquota|storage cap\b|cap exceeded|no space left/i.test(failed.reason),
    explain: ({ rules }) => ({
      what: `the storage quota at ${rules.name} is used up`,
      hint: 'Raise the quota, or delete old backups with the prune action.',
    }),
  },
  {
    applies: of('EntityTooLarge', 'TooManyParts', 'MaxMessageLengthExceeded'),
    explain: ({ rules }) => ({
      what: `the backup is larger than ${rules.name} takes`,
      hint: 'Raise the limit of the service if it has one, or leave out tables that can be made again (exclude-table-data).',
    }),
  },
  {
    applies: of('InvalidObjectState'),
    explain: always(
      'the backup is in an archive class of storage (Glacier)',
      'Restore the object in the console of the service first, and wait until it can be read.',
    ),
  },
  // --- permissions: after what services answer with 403 as well ---
  {
    applies: ({ code, status }) => code === 'AccessDenied' || code === 'AllAccessDisabled' || status === 403,
    explain: ({ code, operation, place, rules }) => {
      const permission = PERMISSIONS[operation] ?? 's3:ListBucket';
      const resource = permission.startsWith('s3:ListBucket')
        ? place.bucket
        : `${place.bucket}/${place.prefix}*`;
      return {
        what: `${code === '' ? 'the service does not know the keys, or they' : 'the credentials'} lack the permission ${permission}`,
        hint: rules.isAws
          ? `Allow ${permission} on arn:aws:s3:::${resource} in the policy of the user or role; docs/storage.md has whole policies.`
          : `Give the key the right to ${operation === '' ? 'do that' : `call ${operation}`} in ${bucketName(place)} (keys ${rules.keys}).`,
      };
    },
  },
  // --- the service and the way to it ---
  {
    applies: of('BadDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch', 'IncompleteBody'),
    explain: always(
      'the bytes were damaged on the way, several times',
      'Run the job again; if the error persists, a proxy between the runner and the service changes what passes through it.',
    ),
  },
  {
    applies: of('InvalidPart', 'InvalidPartOrder', 'NoSuchUpload'),
    explain: always(
      'the service has lost what was uploaded',
      'Run the job again. Check that no lifecycle rule ends unfinished uploads within a day, and that no other program does.',
    ),
  },
  {
    applies: of('PreconditionFailed', 'ConditionalRequestConflict', 'OperationAborted'),
    explain: always('another job has written the same object', 'Run the job again.'),
  },
  {
    applies: ({ code, status }) => code === 'NoSuchKey' || status === 404,
    explain: always('there is no such object', 'It may have been deleted meanwhile: choose another backup.'),
  },
  {
    applies: ({ code, status }) => code === 'NotImplemented' || status === 501,
    explain: ({ rules, operation }) => ({
      what: `${rules.name} does not support ${operation === '' ? 'what was asked for' : operation}`,
      hint: 'Update the service, or use another; and open an issue for this action that names it.',
    }),
  },
  {
    applies: ({ code, status }) =>
      code === 'SlowDown' || code === 'TooManyRequests' || status === 429 || (status ?? 0) >= 500,
    explain: ({ rules }) => ({
      what: `${rules.name} is unavailable, or limits the rate of requests`,
      hint: 'Run the job again in some minutes, and fewer jobs at once.',
    }),
  },
  {
    applies: of(
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ),
    explain: always(
      'the certificate of the service is not signed by a trusted CA',
      'Set AWS_CA_BUNDLE to a file with the certificate of its CA, in PEM.',
    ),
  },
  {
    applies: of('CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'),
    explain: always(
      'the certificate of the service is not valid at this time',
      'Renew it, and check the clock of the runner.',
    ),
  },
  {
    applies: of('EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'),
    explain: always(
      'the service does not speak TLS at this port',
      'Write "endpoint=http://HOST:PORT" if it has no TLS; else check the port.',
    ),
  },
  {
    // An answer that ended early, or never, has no code.
    applies: (failed) =>
      of('ECONNRESET', 'EPIPE', 'TimeoutError')(failed) ||
      /^(?:it ended after|no data was (?:transferred|received) for) \d/.test(failed.reason),
    explain: ({ rules }) => ({
      what: `the connection to ${rules.name} failed`,
      hint: 'Run the job again; if the error persists, check the endpoint, its port, and the network of the runner.',
    }),
  },
  {
    applies: ({ status, code }) => status === undefined && code !== '',
    explain: ({ rules }) => ({
      what: `${rules.name} cannot be reached`,
      hint: 'Check the endpoint and its port, and that the runner can reach it: GitHub-hosted runners are in no private network.',
    }),
  },
];

const UNKNOWN: Explanation = {
  what: 'the service gave an unexpected answer',
  hint: 'Check the endpoint: it is the address of the S3 API, not that of a website. If it is right, run the job again.',
};

/** Explains a failed request. Pure. */
export function ruleFor(failed: FailedRequest): Explanation {
  return RULES.find(({ applies }) => applies(failed))?.explain(failed) ?? UNKNOWN;
}
