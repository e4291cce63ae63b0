import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type S3Proxy, startS3Proxy } from './s3-proxy.ts';
import { REGION, type S3Credentials, type S3Server, bytesOf, clientOf, objectsOf } from './s3-server.ts';

/** An S3 server with one bucket, and a proxy through which the action sees it. */
export interface BucketBed<Server extends S3Server = S3Server> {
  readonly server: Server;
  readonly proxy: S3Proxy;
  /** Past the proxy, with every right. */
  readonly client: S3Client;
  /** A line of `storage`: the bucket, through the proxy. */
  storage(prefix?: string): string;
  /** The variables of a step with these credentials; with those that may do everything when absent. */
  env(credentials?: S3Credentials): Readonly<Record<string, string>>;
  /** The keys of all objects, in order. */
  keys(): Promise<readonly string[]>;
  read(key: string): Promise<Buffer>;
  put(key: string, body: string | Uint8Array): Promise<void>;
  /** Removes every object and upload. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts a proxy before a server. */
export async function startBucketBed<Server extends S3Server>(server: Server): Promise<BucketBed<Server>> {
  const proxy = await startS3Proxy(server);
  const client = clientOf(server, server.credentials);
  const { bucket } = server;
  const keys = async (): Promise<readonly string[]> =>
    (await objectsOf(client, bucket)).map(({ Key = '' }) => Key);
  return {
    server,
    proxy,
    client,
    storage: (prefix = '') =>
      `s3://${bucket}/${prefix}?region=${REGION}&endpoint=${proxy.origin}&path-style=true`,
    env: ({ accessKeyId, secretAccessKey } = server.credentials) => ({
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    }),
    keys,
    read: (key) => bytesOf(client, bucket, key),
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    },
    async empty() {
      for (const Key of await keys()) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      await server.abortUploads();
    },
    async stop() {
      client.destroy();
      await proxy.stop();
      await server.stop();
    },
  };
}
