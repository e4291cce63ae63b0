/** What is known of an S3 service. */
export interface EndpointRules {
  /** For messages: `Cloudflare R2`; `the S3 service HOST` for one that is not known. */
  readonly name: string;
  /** The region where neither the line nor the environment says one; undefined: it must be said. */
  readonly region: string | undefined;
  /** Whether the bucket's name is in the path of a URL, and not in its host. */
  readonly pathStyle: boolean;
  /** The checksum over a whole object that the service checks; undefined where it may not know one. */
  readonly checksum: 'CRC64NVME' | undefined;
  /** How many parts an object can have. */
  readonly mostParts: number;
  /**
   * Whether `If-None-Match: *` keeps a write from replacing an object: `works`; `probe` where that must be tried; `ignored`
   * where it is known not to.
   */
  readonly exclusiveWrites: 'works' | 'probe' | 'ignored';
}

const USUAL = { pathStyle: false, checksum: undefined, mostParts: 10_000, exclusiveWrites: 'probe' } as const;

/** The rules for a bucket at an endpoint; AWS when there is none. */
export function endpointRules(bucket: string, endpoint: string | undefined): EndpointRules {
  if (endpoint === undefined)
    return {
      ...USUAL,
      ...{ name: 'AWS S3', region: undefined, checksum: 'CRC64NVME', exclusiveWrites: 'works' },
      pathStyle: bucket.includes('.'),
    };
  const { hostname } = new URL(endpoint);
  return { ...USUAL, name: `the S3 service ${hostname}`, region: 'us-east-1', pathStyle: true };
}
