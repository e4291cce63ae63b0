/** An operation of S3, as its method and query tell it. */
export type S3Operation =
  | 'PutObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'GetObject'
  | 'HeadObject'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'other';

/** An error as S3 answers it. */
export interface S3Refusal {
  readonly status: number;
  /** Such as `SlowDown`. */
  readonly code: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What goes wrong with a request that never reaches the server. */
export type Unserved =
  /** It is refused, after so many bytes of its body, of which the rest is not read; after the whole body when absent. */
  | { readonly kind: 'refuse'; readonly with: S3Refusal; readonly afterBytes?: number }
  /** The connection is reset after so many bytes of its body; after the whole body when absent. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** It is never answered. */
  | { readonly kind: 'stall' }
  /** It is answered as if it had been served: 200 and the right ETag. */
  | { readonly kind: 'lose' }
  /** The status is 200, and the body an error, as CompleteMultipartUpload can answer. */
  | { readonly kind: 'error-in-200'; readonly with: S3Refusal };

/** What goes wrong with a request that the server gets, or with its answer. */
export type Served =
  /** One bit of its body flips on its way to the server. */
  | { readonly kind: 'damage-request' }
  /** It is answered with an ETag of something else. */
  | { readonly kind: 'wrong-etag' }
  /** It is never answered, and the server has stored it only after the end of its upload (AbortMultipartUpload). */
  | { readonly kind: 'late' }
  /** The connection is reset instead of an answer. */
  | { readonly kind: 'lost-answer' }
  /** One bit of the answer flips. */
  | { readonly kind: 'damage-answer' }
  /** After half of the answer comes a reset, nothing more, or an end as if that were all. */
  | { readonly kind: 'reset-answer' | 'stall-answer' | 'truncate-answer' }
  /** A list that leaves out what was stored through the proxy so recently. */
  | { readonly kind: 'lag'; readonly milliseconds: number };

export type S3Trouble = Unserved | Served;

const UNSERVED: readonly S3Trouble['kind'][] = ['refuse', 'reset', 'stall', 'lose', 'error-in-200'];

export function isUnserved(trouble: S3Trouble): trouble is Unserved {
  return UNSERVED.includes(trouble.kind);
}

/** Which requests go wrong, and how. */
export interface S3Fault {
  /** Any operation when absent. */
  readonly on?: S3Operation | readonly S3Operation[];
  /** Of the object; any when absent, and requests without one. */
  readonly key?: RegExp;
  /** What else must be true of the request. */
  readonly when?: (request: S3Request) => boolean;
  readonly trouble: S3Trouble;
  /** So many such requests are served first; none when absent. */
  readonly after?: number;
  /** After so many failures they are served again; never when absent. */
  readonly times?: number;
}

/** A request that came through the proxy. */
export interface S3Request {
  readonly operation: S3Operation;
  /** Empty when it is about the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of the body that was read. */
  bytes: number;
  /** Undefined when it was never answered. */
  status: number | undefined;
}

/** The operation and the key of a request with the bucket in its path. */
export function understandRequest(
  method: string,
  url: string,
): Pick<S3Request, 'operation' | 'key' | 'query'> {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost');
  const [, key = ''] = /^\/[^/]+\/(.*)$/s.exec(decodeURIComponent(pathname)) ?? [];
  const operation = key === '' ? bucketOperation(method, query) : objectOperation(method, query);
  return { operation, key, query };
}

function bucketOperation(method: string, query: URLSearchParams): S3Operation {
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects';
  return 'other';
}

function objectOperation(method: string, query: URLSearchParams): S3Operation {
  const isOfUpload = query.has('uploadId');
  switch (method) {
    case 'PUT':
      return isOfUpload ? 'UploadPart' : isPlain(query) ? 'PutObject' : 'other';
    case 'POST':
      return isOfUpload
        ? 'CompleteMultipartUpload'
        : query.has('uploads')
          ? 'CreateMultipartUpload'
          : 'other';
    case 'DELETE':
      return isOfUpload ? 'AbortMultipartUpload' : isPlain(query) ? 'DeleteObject' : 'other';
    case 'GET':
      return isOfUpload ? 'ListParts' : isPlain(query) ? 'GetObject' : 'other';
    case 'HEAD':
      return 'HeadObject';
    default:
      return 'other';
  }
}

/** Whether it is about the object itself, and not about its tags, lock or rights. */
function isPlain(query: URLSearchParams): boolean {
  return !['acl', 'tagging', 'retention', 'legal-hold', 'attributes'].some((name) => query.has(name));
}

/** Finds the fault that a request meets. It counts the requests that each fault has seen, from when the fault is new. */
export function createS3Faults(): (faults: readonly S3Fault[], request: S3Request) => S3Trouble | undefined {
  const counts = new WeakMap<S3Fault, { seen: number; failed: number }>();
  return (faults, request) => {
    for (const fault of faults) {
      if (!concerns(fault, request)) continue;
      const count = counts.get(fault) ?? { seen: 0, failed: 0 };
      counts.set(fault, count);
      count.seen += 1;
      if (count.seen <= (fault.after ?? 0) || count.failed >= (fault.times ?? Infinity)) continue;
      count.failed += 1;
      return fault.trouble;
    }
    return undefined;
  };
}

function concerns({ on, key, when = () => true }: S3Fault, request: S3Request): boolean {
  const operations = on === undefined ? [request.operation] : [on].flat();
  const isOnKey = key === undefined || key.test(request.key);
  return operations.includes(request.operation) && isOnKey && when(request);
}
