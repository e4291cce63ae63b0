import { UserError } from '../../errors.ts';
import { booleanValue, quote } from '../../runner/inputs/parsers.ts';
import { isEndpoint } from './s3-endpoints.ts';

/** A bucket for backups, as a line of `storage` names it. */
export interface BucketPlace {
  /** As the workflow says it. It has no secret: a line with credentials is refused. */
  readonly given: string;
  readonly bucket: string;
  /** What every key starts with: empty, or it ends with `/`. */
  readonly prefix: string;
  /** Undefined: not in the line. */
  readonly region: string | undefined;
  /** A URL with its scheme and no `/` at its end; undefined: not in the line. */
  readonly endpoint: string | undefined;
  /** Undefined: not in the line. */
  readonly pathStyle: boolean | undefined;
}

export const BUCKET_SCHEME = 's3://';
/** How a line is written, for messages. */
const BUCKET_FORM = 's3://BUCKET/PREFIX?region=REGION&endpoint=HOST&path-style=true';

const PARAMETERS = ['region', 'endpoint', 'path-style'];
/** The widest that any provider takes; on AWS, the rules are narrower (`bucketSettings`). */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]$/;
const PREFIX_PART = /^(?!\.{1,2}$)[\w.=@+,:-]+$/;
/** A key has 1,024 bytes at most; the rest is for the names. */
const LONGEST_PREFIX = 512;
const REGION = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;

/**
 * Reads a line of `storage` that starts with `s3://`. Nothing is looked at yet.
 *
 * @throws UserError naming the input. What could be a secret is not repeated.
 */
export function readBucketLine(input: string, line: string): BucketPlace {
  const [address = '', query, ...more] = line.slice(BUCKET_SCHEME.length).split('?');
  const [bucket = '', ...prefix] = address.split('/');
  if (bucket.includes('@')) throw hasCredentials(input);
  if (more.length > 0 || line.includes('#'))
    throw refusal(input, `${quote(bucket)}: "?" may be there once, and "#" not at all`, writeSo(input));
  const { region, endpoint, 'path-style': pathStyle } = parametersOf(input, query ?? '');
  return {
    given: line,
    bucket: bucketOf(input, bucket),
    prefix: prefixOf(input, prefix),
    region: region === undefined ? undefined : regionOf(input, region),
    endpoint: endpoint === undefined ? undefined : readEndpoint(input, endpoint),
    pathStyle: pathStyle === undefined ? undefined : booleanValue(`${input}: path-style`, pathStyle),
  };
}

/** For messages: `the bucket shop-backups`, and its prefix if it has one: `the bucket shop-backups/nightly`. */
export function bucketName({ bucket, prefix }: Pick<BucketPlace, 'bucket' | 'prefix'>): string {
  return `the bucket ${bucket}${prefix === '' ? '' : `/${prefix.slice(0, -1)}`}`;
}

/**
 * The URL of an S3 service: `https://` where it has no scheme.
 *
 * @param name where it is written, for the message.
 * @throws UserError.
 */
export function readEndpoint(name: string, value: string): string {
  const text = /^[a-z]+:\/\//i.test(value) ? value : `https://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.username !== '' || url.password !== '')) throw hasCredentials(name);
  const isPlain = url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (isPlain) return url.href.replace(/\/+$/, '');
  throw refusal(
    name,
    `${quote(value)} is not the endpoint of an S3 service`,
    'Write the host as the provider documents it, for example "endpoint=s3.example.com", or its URL.',
  );
}

function parametersOf(input: string, query: string): Readonly<Record<string, string | undefined>> {
  const entries = [...new URLSearchParams(query)];
  const names = entries.map(([name]) => name);
  // The value of a parameter that is not known may be a secret.
  const unknown = names.find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw refusal(
      input,
      `${quote(unknown)} is not a parameter of a bucket: only ${PARAMETERS.join(', ')} are`,
      /key|secret|token|pass/i.test(unknown)
        ? CREDENTIALS_HINT
        : `Remove it. A bucket is written "${BUCKET_FORM}".`,
    );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refusal(input, `${twice} is there twice`, `Write ${twice} once.`);
  const empty = entries.find(([, value]) => value === '');
  if (empty) throw refusal(input, `${empty[0]} is empty`, `Write a value, or remove ${empty[0]}.`);
  return Object.fromEntries(entries);
}

function bucketOf(input: string, bucket: string): string {
  if (isEndpoint(bucket))
    throw refusal(
      input,
      `${quote(bucket)} is an endpoint, and not the name of a bucket`,
      `Write "${BUCKET_SCHEME}BUCKET/PREFIX?endpoint=${bucket}".`,
    );
  if (BUCKET.test(bucket) && !bucket.includes('..')) return bucket;
  throw refusal(
    input,
    `${quote(bucket)} is not the name of a bucket`,
    `Write the name after "${BUCKET_SCHEME}", with three or more letters, digits, "-", "." and "_": "${BUCKET_FORM}".`,
  );
}

function prefixOf(input: string, parts: readonly string[]): string {
  const given = parts.at(-1) === '' ? parts.slice(0, -1) : parts;
  const prefix = given.map((part) => `${part}/`).join('');
  if (given.every((part) => PREFIX_PART.test(part)) && prefix.length <= LONGEST_PREFIX) return prefix;
  throw refusal(
    input,
    `the prefix ${quote(given.join('/'))} cannot be used`,
    `A prefix has letters, digits and -_.=@+,: between single "/", and no more than ${LONGEST_PREFIX} characters.`,
  );
}

function regionOf(input: string, region: string): string {
  if (REGION.test(region)) return region;
  throw refusal(
    input,
    `the region ${quote(region)} cannot be used`,
    'Write it as in "region=eu-central-1", with letters, digits and "-".',
  );
}

const CREDENTIALS_HINT =
  'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "env:" of the step, from secrets, or use a role (docs/storage.md).';

function hasCredentials(name: string): UserError {
  return refusal(name, 'credentials cannot be part of it', CREDENTIALS_HINT);
}

function writeSo(input: string): string {
  return `Write "${input}: ${BUCKET_FORM}".`;
}

function refusal(name: string, what: string, hint: string): UserError {
  return new UserError('invalid-input', `${name}: ${what}.`, hint);
}
