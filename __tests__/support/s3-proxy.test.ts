import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type S3Proxy, startS3Proxy } from './s3-proxy.ts';
import { understandRequest } from './s3-proxy-faults.ts';
import { type S3Server, bytesOf, clientOf, objectsOf } from './s3-server.ts';
import { startS3rver } from './s3rver-server.ts';
import { VERSITYGW_START_MS, startVersitygw } from './versitygw.ts';

const BODY = Buffer.alloc(1_000_000, 'content');
const SLOW_DOWN = { status: 503, code: 'SlowDown' };
const MD5 = `"${createHash('md5').update(BODY).digest('hex')}"`;

let server: S3Server;
let proxy: S3Proxy;
/** Through the proxy, and past it. */
let client: S3Client;
let direct: S3Client;
beforeAll(async () => {
  server = await startS3rver();
  proxy = await startS3Proxy(server);
  client = clientOf(proxy, server.credentials);
  direct = clientOf(server, server.credentials);
});
afterAll(async () => {
  client.destroy();
  await proxy.stop();
  await server.stop();
});
afterEach(() => {
  proxy.faults = [];
  proxy.forget();
});

const put = (Key: string, Body: Buffer = BODY) =>
  client.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body }));
const get = (key: string): Promise<Buffer> => bytesOf(client, server.bucket, key);
const keys = async (of: S3Client): Promise<unknown[]> =>
  (await objectsOf(of, server.bucket)).map(({ Key }) => Key);

describe('the proxy before an S3 server', () => {
  it(
    'passes on requests and answers, signatures included (thorough)',
    async () => {
      const gateway = await startVersitygw();
      if (!gateway) return;
      const before = await startS3Proxy(gateway);
      const signed = clientOf(before, gateway.credentials);
      await signed.send(new PutObjectCommand({ Bucket: gateway.bucket, Key: 'a b/c+d.bak', Body: BODY }));
      expect((await bytesOf(signed, gateway.bucket, 'a b/c+d.bak')).equals(BODY)).toBe(true);
      expect(
        before.requests.map(({ operation, key, bytes, status }) => [operation, key, bytes, status]),
      ).toEqual([
        ['PutObject', 'a b/c+d.bak', BODY.length, 200],
        ['GetObject', 'a b/c+d.bak', 0, 200],
      ]);
      signed.destroy();
      await before.stop();
      await gateway.stop();
    },
    VERSITYGW_START_MS,
  );

  it.each([
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['PUT', '/b/k?x-id=PutObject', 'PutObject'],
    ['PUT', '/b/k?retention', 'other'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['HEAD', '/b/k', 'HeadObject'],
    ['GET', '/b/k?uploadId=u', 'ListParts'],
    ['GET', '/b?list-type=2&prefix=k', 'ListObjectsV2'],
    ['GET', '/b/?uploads', 'ListMultipartUploads'],
    ['HEAD', '/b', 'HeadBucket'],
    ['POST', '/b?delete', 'DeleteObjects'],
  ])('tells the operation: %s %s', (method, url, operation) => {
    expect(understandRequest(method, url).operation).toBe(operation);
  });

  it('breaks the requests that a fault is about: those of an operation and a key, after and for so many', async () => {
    proxy.faults = [
      { when: ({ headers }) => headers['content-length'] === '5', trouble: { kind: 'stall' } },
      { on: 'PutObject', key: /\.bak$/, after: 1, times: 1, trouble: { kind: 'refuse', with: SLOW_DOWN } },
    ];
    const struck = proxy.struck();
    await put('other.json');
    await put('first.bak');
    await expect(put('second.bak')).rejects.toMatchObject({ name: 'SlowDown' });
    await struck;
    await put('third.bak');
    expect(await keys(client)).toEqual(['first.bak', 'other.json', 'third.bak']);
    expect(proxy.requests.map(({ status }) => status)).toEqual([200, 200, 503, 200, 200]);
  });

  it('refuses in the middle of a body, or resets the connection there', async () => {
    const failure = { status: 500, code: 'InternalError' };
    proxy.faults = [{ trouble: { kind: 'refuse', with: failure, afterBytes: 1000 }, times: 1 }];
    await expect(put('middle.bak')).rejects.toThrow();
    proxy.faults = [{ trouble: { kind: 'reset', afterBytes: 1000 }, times: 1 }];
    await expect(put('middle.bak')).rejects.toThrow(/ECONNRESET|EPIPE/);
    expect(proxy.requests.every(({ bytes }) => bytes >= 1000 && bytes < BODY.length)).toBe(true);
    expect(await keys(client)).not.toContain('middle.bak');
  });

  it('never answers', async () => {
    proxy.faults = [{ trouble: { kind: 'stall' } }];
    const struck = proxy.struck();
    const sent = client.send(
      new PutObjectCommand({ Bucket: server.bucket, Key: 'stalled.bak', Body: BODY }),
      {
        abortSignal: AbortSignal.timeout(300),
      },
    );
    await struck;
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(proxy.requests).toMatchObject([{ status: undefined, bytes: BODY.length }]);
  });

  it('claims that it has stored what it has not', async () => {
    proxy.faults = [{ trouble: { kind: 'lose' } }];
    expect((await put('lost.bak')).ETag).toBe(MD5);
    expect(await keys(direct)).not.toContain('lost.bak');
  });

  it('passes on a damaged body, and answers with a wrong ETag', async () => {
    proxy.faults = [{ trouble: { kind: 'damage-request' }, times: 1 }];
    await put('damaged.bak');
    const stored = await get('damaged.bak');
    expect(stored).toHaveLength(BODY.length);
    expect(stored.equals(BODY)).toBe(false);
    proxy.faults = [{ trouble: { kind: 'wrong-etag' }, times: 1 }];
    expect((await put('damaged.bak')).ETag).not.toBe(MD5);
    expect((await get('damaged.bak')).equals(BODY)).toBe(true);
  });

  it('has a request served, and resets the connection instead of answering', async () => {
    proxy.faults = [{ trouble: { kind: 'lost-answer' }, times: 1 }];
    await expect(put('served.bak')).rejects.toThrow(/ECONNRESET|aborted/);
    expect(await keys(client)).toContain('served.bak');
  });

  it('damages, cuts off and stalls answers', async () => {
    await put('answer.bak');
    proxy.faults = [{ trouble: { kind: 'damage-answer' } }];
    const damaged = await get('answer.bak');
    expect([damaged.length, damaged.equals(BODY)]).toEqual([BODY.length, false]);
    proxy.faults = [{ trouble: { kind: 'truncate-answer' } }];
    expect((await get('answer.bak')).equals(BODY.subarray(0, BODY.length / 2))).toBe(true);
    proxy.faults = [{ trouble: { kind: 'reset-answer' } }];
    await expect(get('answer.bak')).rejects.toThrow(/ECONNRESET|aborted/);
    proxy.faults = [{ trouble: { kind: 'stall-answer' } }];
    const held = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key: 'answer.bak' }), {
      abortSignal: AbortSignal.timeout(1000),
    });
    await expect(held.Body?.transformToByteArray()).rejects.toThrow();
  });

  it('answers 200 with an error for a completed upload', async () => {
    const place = { Bucket: server.bucket, Key: 'parts.bak' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
    const { ETag } = await client.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: BODY }),
    );
    const parts = { ...place, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } };
    const error = { status: 500, code: 'InternalError' };
    proxy.faults = [
      { on: 'CompleteMultipartUpload', trouble: { kind: 'error-in-200', with: error }, times: 1 },
    ];
    await expect(client.send(new CompleteMultipartUploadCommand(parts))).rejects.toMatchObject({
      name: 'InternalError',
    });
    expect(await keys(client)).not.toContain('parts.bak');
    await client.send(new CompleteMultipartUploadCommand(parts));
    expect(await keys(client)).toContain('parts.bak');
  });

  it('lists what there was a while ago', async () => {
    await put('new.bak');
    proxy.faults = [{ on: 'ListObjectsV2', trouble: { kind: 'lag', milliseconds: 300 } }];
    expect(await keys(client)).not.toContain('new.bak');
    expect(await keys(direct)).toContain('new.bak');
    await new Promise((resolve) => setTimeout(resolve, 310));
    expect(await keys(client)).toContain('new.bak');
  });
});
