import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readBucketLine } from '../../../src/storage/s3/bucket-place.ts';
import { type Bucket, connectBucket } from '../../../src/storage/s3/s3-client.ts';
import { explainS3 } from '../../../src/storage/s3/s3-error.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { selfSignedCertificate } from '../../support/database-certificate.ts';
import { type S3Proxy, startS3Proxy } from '../../support/s3-proxy.ts';
import { type S3Server, bytesOf, clientOf } from '../../support/s3-server.ts';
import { startS3rver } from '../../support/s3rver-server.ts';
import { VERSITYGW_START_MS, type Versitygw, startVersitygw } from '../../support/versitygw.ts';

const output = captureOutput();
const PART = randomBytes(5 * 1024 * 1024);
const SHA256 = createHash('sha256').update(PART).digest('hex');
const RETRIES = { attempts: 3, attemptMs: 400, longestWaitMs: 0 };

function connect(
  { origin, bucket = 'backups' }: { readonly origin: string; readonly bucket?: string },
  { accessKeyId, secretAccessKey } = { accessKeyId: 'K', secretAccessKey: 'hunter2hunter2' },
  env: NodeJS.ProcessEnv = {},
): Promise<Bucket> {
  const place = readBucketLine('storage', `s3://${bucket}/shop?endpoint=${origin}&region=us-east-1`);
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  return connectBucket(place, { ...keys, ...env }, RETRIES);
}

async function put(
  { client, sdk, place }: Bucket,
  key: string,
  body = Buffer.from('content'),
): Promise<void> {
  await client.send(new sdk.PutObjectCommand({ Bucket: place.bucket, Key: key, Body: body }));
}

async function explained(bucket: Bucket, work: Promise<unknown>): Promise<{ message: string; hint: string }> {
  const error: unknown = await work.then(
    () => new Error('expected an error'),
    (thrown: unknown) => thrown,
  );
  return explainS3(error, 'store a.bak', bucket);
}

describe('requests to a server that verifies them (thorough)', () => {
  let server: Versitygw | undefined;
  let proxy: S3Proxy;
  beforeAll(async () => {
    server = await startVersitygw();
    if (server) proxy = await startS3Proxy(server);
  }, VERSITYGW_START_MS);
  afterAll(async () => {
    if (!server) return;
    await proxy.stop();
    await server.stop();
  });
  afterEach(() => {
    if (server) proxy.faults = [];
  });

  it('carry the digest of their body: a damaged part is refused, and sent again', async () => {
    if (!server) return;
    const bucket = await connect({ ...server, origin: proxy.origin }, server.credentials);
    const { client, sdk } = bucket;
    proxy.faults = [{ on: 'UploadPart', times: 1, trouble: { kind: 'damage-request' } }];
    const upload = { Bucket: server.bucket, Key: 'shop/a.bak' };
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await client.send(new sdk.UploadPartCommand({ ...part, Body: PART }));
    await client.send(
      new sdk.CompleteMultipartUploadCommand({
        ...{ ...upload, UploadId },
        MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
      }),
    );
    const sent = proxy.requests.filter(({ operation }) => operation === 'UploadPart');
    expect(sent.map(({ status }) => status)).toEqual([400, 200]);
    expect(sent.map(({ headers }) => headers['x-amz-content-sha256'])).toEqual([SHA256, SHA256]);
    expect(output.text).toMatch(
      /The bucket backups\/shop: 400 XAmzContentSHA256Mismatch: .*\. Trying again in 1\.0 s/,
    );
    const stored = await bytesOf(clientOf(server, server.credentials), server.bucket, 'shop/a.bak');
    expect(stored.equals(PART)).toBe(true);
  });

  it('that are damaged each time are an error that names the way', async () => {
    if (!server) return;
    const bucket = await connect({ ...server, origin: proxy.origin }, server.credentials);
    proxy.faults = [{ on: 'PutObject', trouble: { kind: 'damage-request' } }];
    const { message, hint } = await explained(bucket, put(bucket, 'shop/damaged.bak'));
    expect(message).toMatch(
      /^storage: could not store a\.bak in the bucket backups\/shop: the bytes were damaged on the way, several times \(400 XAmzContentSHA256Mismatch/,
    );
    expect(hint).toContain('a proxy between');
  });

  it('are explained when the server refuses them', async () => {
    if (!server) return;
    const { credentials, bucket: name } = server;
    const writer = await server.createUser(['s3:PutObject']);
    const list = async (bucket: Bucket): Promise<{ message: string; hint: string }> =>
      explained(
        bucket,
        bucket.client.send(new bucket.sdk.ListObjectsV2Command({ Bucket: bucket.place.bucket })),
      );
    const answers = [
      await list(await connect({ ...server, bucket: 'nothing' }, credentials)),
      await list(await connect(server, { ...credentials, secretAccessKey: 'hunter2hunter2' })),
      await list(await connect(server, { ...credentials, accessKeyId: 'NOBODY' })),
      await list(await connect(server, credentials, { AWS_SESSION_TOKEN: 'hunter2hunter2' })),
      await list(await connect(server, writer)),
    ].map(({ message, hint }) => `${message}\n${hint}`);
    expect(answers[0]).toMatch(/no such bucket at the S3 service 127\.0\.0\.1 \(404 NoSuchBucket/);
    expect(answers[1]).toMatch(/AWS_SECRET_ACCESS_KEY does not belong .*\(403 SignatureDoesNotMatch/);
    expect(answers[2]).toMatch(/does not know the key of AWS_ACCESS_KEY_ID \(403 InvalidAccessKeyId/);
    expect(answers[3]).toMatch(/the session token is not valid \(400 InvalidToken/);
    expect(answers[4]).toMatch(/lack the permission s3:ListBucket \(403 AccessDenied/);
    expect(answers[4]).toMatch(/the right to call ListObjectsV2 in the bucket backups/);
    expect(answers.join('\n')).not.toMatch(/hunter2|AWS4-HMAC|Signature=/);
    expect(name).toBe('backups');
  });

  it('name the region to write when another one is set', async () => {
    if (!server) return;
    const line = `s3://${server.bucket}?endpoint=${server.origin}&region=eu-central-1`;
    const { accessKeyId, secretAccessKey } = server.credentials;
    const bucket = await connectBucket(
      readBucketLine('storage', line),
      { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      RETRIES,
    );
    const { message, hint } = await explained(bucket, put(bucket, 'a'));
    expect(message).toMatch(/the bucket is in the region us-east-1 \(400 AuthorizationHeaderMalformed/);
    expect(hint).toMatch(/^Write "region=us-east-1" in the line of storage/);
  });
});

describe('requests that fail', () => {
  let server: S3Server;
  let proxy: S3Proxy;
  beforeAll(async () => {
    server = await startS3rver();
    proxy = await startS3Proxy(server);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  afterEach(() => {
    proxy.faults = [];
    proxy.forget();
    jest.restoreAllMocks();
  });
  const throughProxy = (): Promise<Bucket> =>
    connect({ ...server, origin: proxy.origin }, server.credentials);

  it('are repeated while that may help, and the log says why', async () => {
    const warn = jest.spyOn(console, 'warn');
    const bucket = await throughProxy();
    proxy.faults = [{ times: 2, trouble: { kind: 'refuse', with: { status: 503, code: 'SlowDown' } } }];
    await put(bucket, 'shop/a.bak');
    expect(proxy.requests.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(output.text).toMatch(
      /503 SlowDown.*\. Trying again in 1\.0 s[^]*503 SlowDown.*\. Trying again in 2\.0 s/,
    );
    expect(warn).not.toHaveBeenCalled();
  });

  it('are not repeated when the answer is final', async () => {
    const bucket = await throughProxy();
    proxy.faults = [{ trouble: { kind: 'refuse', with: { status: 403, code: 'AccessDenied' } } }];
    const { message } = await explained(bucket, put(bucket, 'shop/a.bak'));
    expect(message).toContain('the credentials lack the permission s3:PutObject (403 AccessDenied');
    expect(proxy.requests).toHaveLength(1);
  });

  it('are given up after all attempts, also when nothing is answered', async () => {
    const bucket = await throughProxy();
    proxy.faults = [{ trouble: { kind: 'stall' } }];
    const { message } = await explained(bucket, put(bucket, 'shop/a.bak'));
    expect(message).toContain(
      'the connection to the S3 service 127.0.0.1 failed (no data was transferred for 0.4 s)',
    );
    expect(proxy.requests).toHaveLength(3);
  });

  it('say who sends them, and carry no checksum that an older service does not know', async () => {
    const bucket = await throughProxy();
    await put(bucket, 'shop/a.bak');
    const headers = proxy.requests[0]?.headers ?? {};
    expect(headers['user-agent']).toContain('postgres-backup-action');
    expect(
      Object.keys(headers).filter((name) => /^(?:x-amz-(?:checksum|sdk-checksum|trailer)|expect)/.test(name)),
    ).toEqual([]);
  });
});

describe('requests over TLS', () => {
  it('carry the digest of their body, too, and need a certificate that is trusted', async () => {
    const { key, certificate } = selfSignedCertificate({ names: ['localhost'], addresses: ['127.0.0.1'] });
    const received: IncomingHttpHeaders[] = [];
    const server = createServer({ key, cert: certificate }, (request, response) => {
      received.push(request.headers);
      request.resume().once('end', () => response.setHeader('etag', '"a"').end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const origin = `https://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
    const folder = await mkdtemp(path.join(tmpdir(), 's3-tls-'));
    try {
      const doubting = await connect({ origin });
      await expect(put(doubting, 'a', PART)).rejects.toThrow(/self.signed certificate/);
      const bundle = path.join(folder, 'ca.pem');
      await writeFile(bundle, certificate);
      await put(await connect({ origin }, undefined, { AWS_CA_BUNDLE: bundle }), 'a', PART);
      expect(received.map((headers) => headers['x-amz-content-sha256'])).toEqual([SHA256]);
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    }
  });

  it('with a file of certificates that is not there are an error before any work', async () => {
    await expect(
      connect({ origin: 'https://127.0.0.1:1' }, undefined, { AWS_CA_BUNDLE: '/nothing.pem' }),
    ).rejects.toThrow(/^storage: the file of AWS_CA_BUNDLE cannot be read/);
  });
});
