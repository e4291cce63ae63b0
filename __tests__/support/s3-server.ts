import {
  type _Object as ListedObject,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type MultipartUpload,
  S3Client,
} from '@aws-sdk/client-s3';

/** Who may do something in a bucket. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running S3 server with one bucket. */
export interface S3Server {
  /** Without a slash at the end. */
  readonly origin: string;
  readonly bucket: string;
  /** May do everything. */
  readonly credentials: S3Credentials;
  /** The keys of the multipart uploads that were begun and neither completed nor aborted. */
  uploads(): Promise<readonly string[]>;
  /** Ends those. */
  abortUploads(): Promise<void>;
  /** Makes an object look as if it had been stored at that time. */
  setTime(key: string, time: Date): Promise<void>;
  stop(): Promise<void>;
}

/** The region that both servers claim to be in. */
export const REGION = 'us-east-1';

/** A client of the tests, with which they prepare a bucket and look into it past any proxy. */
export function clientOf({ origin }: Pick<S3Server, 'origin'>, credentials: S3Credentials): S3Client {
  return new S3Client({
    endpoint: origin,
    forcePathStyle: true,
    region: REGION,
    credentials,
    maxAttempts: 1,
    // s3rver stores the trailer of a checksum as if it were content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Every object of a bucket, in the order of the keys. */
export async function objectsOf(client: S3Client, bucket: string): Promise<readonly ListedObject[]> {
  const objects: ListedObject[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    objects.push(...(page.Contents ?? []));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return objects;
}

/** The bytes of an object. */
export async function bytesOf(client: S3Client, bucket: string, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Body) throw new Error(`${key} has no body.`);
  return Buffer.from(await Body.transformToByteArray());
}

/** Unfinished multipart uploads, as the server lists them. */
export async function uploadsOf(client: S3Client, bucket: string): Promise<readonly MultipartUpload[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads;
}
