import { UserError } from '../../errors.ts';
import { BUCKET_SCHEME, type BucketPlace, bucketName, readEndpoint } from './bucket-place.ts';
import { type EndpointRules, endpointRules, withoutBucket } from './s3-endpoints.ts';

/** Where a bucket is, after the line, the environment and the rules of its service. */
export interface BucketSettings {
  readonly rules: EndpointRules;
  /** A URL; undefined: that of AWS for the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Whether the name of the bucket is in the path of a URL, and not in its host. */
  readonly pathStyle: boolean;
  /** What the author of the workflow should know; undefined when there is nothing. */
  readonly notice: string | undefined;
}

const AWS_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ENDPOINT_VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'];
const REGION_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION'];

/**
 * Decides where a bucket is: what the line says, else what the endpoint tells, else the environment, which may speak of AWS
 * while the bucket is elsewhere.
 *
 * @throws UserError when the region must be named, and for what the service does not take.
 */
export function bucketSettings(place: BucketPlace, env: NodeJS.ProcessEnv): BucketSettings {
  const endpoint = place.endpoint ?? endpointOf(env);
  requireNoBucketIn(place, endpoint);
  const rules = endpointRules(endpoint);
  if (rules.isAws && !AWS_NAME.test(place.bucket)) throw noAwsName(place);
  const region = place.region ?? rules.region ?? valueOf(env, REGION_VARIABLES) ?? rules.usualRegion;
  if (region === undefined) throw withoutRegion(place, rules);
  return {
    ...{ rules, endpoint, region },
    // A certificate for *.HOST is not valid for a name with a dot.
    pathStyle: place.pathStyle ?? (rules.pathStyle || place.bucket.includes('.')),
    notice: isPlain(endpoint) ? plainNotice(endpoint ?? '') : undefined,
  };
}

/** Whether a variable has a value: workflows set what a missing secret would give to an empty text. */
export function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}

function valueOf(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  const name = names.find((each) => isSet(env, each));
  return name === undefined ? undefined : env[name];
}

function endpointOf(env: NodeJS.ProcessEnv): string | undefined {
  const variable = ENDPOINT_VARIABLES.find((name) => isSet(env, name));
  return variable === undefined ? undefined : readEndpoint(variable, env[variable] ?? '');
}

function isPlain(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return false;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}

function plainNotice(endpoint: string): string {
  return `storage: the connection to ${endpoint} is not encrypted, so others on the network can read what is sent. Use https, or encrypt the backup (age-recipients).`;
}

function requireNoBucketIn({ bucket }: BucketPlace, endpoint: string | undefined): void {
  const without = endpoint === undefined ? undefined : withoutBucket(bucket, endpoint);
  if (without === undefined) return;
  throw new UserError(
    'invalid-input',
    `storage: the endpoint ${endpoint ?? ''} contains the name of the bucket.`,
    `Write the endpoint without it: "endpoint=${without.replace('https://', '')}".`,
  );
}

function noAwsName({ bucket }: BucketPlace): UserError {
  return new UserError(
    'invalid-input',
    `storage: "${bucket}" is not the name of a bucket of AWS, and no endpoint of another service is set.`,
    'Names there have 3 to 63 lower-case letters, digits, "-" and "."; for another service, add "?endpoint=HOST".',
  );
}

function withoutRegion(place: BucketPlace, { name }: EndpointRules): UserError {
  const query = new URLSearchParams({ region: 'REGION' });
  const rest = place.given.split('?')[1];
  return new UserError(
    'invalid-input',
    `storage: the region of ${bucketName(place)} at ${name} is not known.`,
    `Write "${BUCKET_SCHEME}${place.bucket}/${place.prefix}?${[query, ...(rest === undefined ? [] : [rest])].join('&')}", or set AWS_REGION.`,
  );
}
