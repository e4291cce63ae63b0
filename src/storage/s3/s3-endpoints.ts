/** What is known of an S3 service. */
export interface EndpointRules {
  /** For messages: `Cloudflare R2`; `the S3 service HOST` for one that is not known. */
  readonly name: string;
  readonly isAws: boolean;
  /** Where its keys are made, for messages. */
  readonly keys: string;
  /** What its host tells, or the only one there is; undefined: it must be named. */
  readonly region: string | undefined;
  /** Where nothing names one: services on machines of one's own take any, as a rule. */
  readonly usualRegion: string | undefined;
  /** Whether the name of the bucket is in the path of a URL, and not in its host. */
  readonly pathStyle: boolean;
  /** The checksum over a whole object that the service checks; undefined where it may not know one. */
  readonly checksum: 'CRC32' | undefined;
  /** How many parts an object can have. */
  readonly mostParts: number;
  /**
   * Whether `If-None-Match: *` keeps a write from replacing an object: `works`; `probe` where that is not documented, and must
   * be tried; `ignored` where it is documented not to.
   */
  readonly exclusiveWrites: 'works' | 'probe' | 'ignored';
}

/** What one service does differently from {@link USUAL}. */
interface Rule extends Partial<Omit<EndpointRules, 'name' | 'keys'>> {
  readonly name: string;
  readonly keys: string;
  /** Of its endpoints. The group `region` is the region that the host names. */
  readonly host: RegExp;
}

const USUAL = {
  isAws: false,
  region: undefined,
  usualRegion: undefined,
  pathStyle: false,
  checksum: undefined,
  mostParts: 10_000,
  exclusiveWrites: 'probe',
} as const;

const AWS: Rule = {
  // https://docs.aws.amazon.com/general/latest/gr/s3.html, …/AmazonS3/latest/userguide/conditional-writes.html
  name: 'AWS S3',
  host: /(?:^|[.-])(?<region>[a-z]{2}(?:-[a-z]+)+-\d)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$|\.amazonaws\.com(?:\.cn)?$/,
  keys: 'of an IAM user, or a role',
  isAws: true,
  checksum: 'CRC32',
  exclusiveWrites: 'works',
};

/** The services, by the documentation of each, November 2026. */
const RULES: readonly Rule[] = [
  AWS,
  {
    // https://developers.cloudflare.com/r2/api/s3/api/: equal parts; locks are rules of the bucket (/r2/buckets/bucket-locks/)
    name: 'Cloudflare R2',
    host: /\.r2\.cloudflarestorage\.com$/,
    keys: 'from the Cloudflare dashboard: R2, API Tokens',
    region: 'auto',
    exclusiveWrites: 'works',
  },
  {
    // https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api
    name: 'Backblaze B2',
    host: /^s3\.(?<region>[a-z]+-[a-z]+-\d+)\.backblazeb2\.com$/,
    keys: 'from the Backblaze website: Application Keys (the master key does not work with S3)',
  },
  {
    // https://docs.cloud.google.com/storage/docs/interoperability; conditions are headers of its own (/docs/xml-api/reference-headers)
    name: 'Google Cloud Storage',
    host: /^storage\.googleapis\.com$/,
    keys: 'HMAC keys of a service account: Cloud Storage, Settings, Interoperability',
    region: 'auto',
    exclusiveWrites: 'ignored',
  },
  {
    // https://www.tigrisdata.com/docs/sdks/s3/, …/docs/objects/conditionals/
    name: 'Tigris',
    host: /^(?:t3\.storage|fly\.storage\.tigris)\.dev$/,
    keys: 'from the Tigris console: Access Keys',
    region: 'auto',
    exclusiveWrites: 'works',
  },
  {
    // https://docs.digitalocean.com/products/spaces/reference/aws-sdks/
    name: 'DigitalOcean Spaces',
    host: /^(?<region>[a-z]{3}\d)\.digitaloceanspaces\.com$/,
    keys: 'from the DigitalOcean control panel: Spaces Object Storage, Access Keys',
  },
  {
    // https://docs.hetzner.com/storage/object-storage/overview/
    name: 'Hetzner Object Storage',
    host: /^(?<region>[a-z]{3}\d)\.your-objectstorage\.com$/,
    keys: 'from the Hetzner Console: Security, S3 Credentials',
  },
  {
    // https://docs.wasabi.com/docs/service-urls-for-wasabis-storage-regions-2
    name: 'Wasabi',
    host: /^s3\.(?<region>[a-z]{2}-[a-z]+-\d)\.wasabisys\.com$|(?:^|\.)wasabisys\.com$/,
    keys: 'from the Wasabi console: Access Keys',
  },
  {
    // https://supabase.com/docs/guides/storage/s3/authentication
    name: 'Supabase Storage',
    host: /(?:^|\.)supabase\.co$/,
    keys: "from the project's settings: Storage, S3",
    pathStyle: true,
  },
  {
    // https://www.scaleway.com/en/docs/object-storage/api-cli/multipart-uploads/
    name: 'Scaleway Object Storage',
    host: /^s3\.(?<region>[a-z]{2}-[a-z]{3})\.scw\.cloud$/,
    keys: 'from the Scaleway console: IAM, API keys',
    mostParts: 1_000,
  },
];

/**
 * The rules of an endpoint.
 *
 * @param endpoint undefined for AWS.
 */
export function endpointRules(endpoint: string | undefined): EndpointRules {
  const host = endpoint === undefined ? undefined : new URL(endpoint).hostname;
  const rule = host === undefined ? AWS : RULES.find((each) => each.host.test(host));
  // Few services on machines of one's own have a host for each bucket.
  if (!rule)
    return {
      ...USUAL,
      name: `the S3 service ${host ?? ''}`,
      keys: 'from the S3 service',
      usualRegion: 'us-east-1',
      pathStyle: true,
    };
  const { host: pattern, ...differs } = rule;
  const region = host === undefined ? undefined : pattern.exec(host)?.groups?.['region'];
  return { ...USUAL, ...differs, region: region ?? rule.region };
}

/** Whether a name is that of a known service, and so of no bucket. */
export function isEndpoint(host: string): boolean {
  return RULES.some((rule) => rule.host.test(host));
}

/**
 * Consoles show endpoints with the name of the bucket in them, which the client adds by itself.
 *
 * @returns the endpoint without it; undefined where it is not in it.
 */
export function withoutBucket(bucket: string, endpoint: string): string | undefined {
  const { protocol, host, pathname } = new URL(endpoint);
  const rest = host.slice(bucket.length + 1);
  if (host.startsWith(`${bucket.toLowerCase()}.`) && isEndpoint(rest)) return `${protocol}//${rest}`;
  return pathname === `/${bucket}` ? `${protocol}//${host}` : undefined;
}
