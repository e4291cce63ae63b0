import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject } from './artifact-service-http.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';
import { type S3Server, bytesOf, clientOf, objectsOf } from './s3-server.ts';
import { startS3rver } from './s3rver-server.ts';
import { VERSITYGW_START_MS, type Versitygw, startVersitygw } from './versitygw.ts';

const execute = promisify(execFile);
const PART = Buffer.alloc(5 * 1024 * 1024, 'part');

/** What both servers do alike. */
async function expectToStore(server: S3Server): Promise<void> {
  const Bucket = server.bucket;
  const client = clientOf(server, server.credentials);
  await client.send(new PutObjectCommand({ Bucket, Key: 'shop/a b+c.bak', Body: 'one' }));
  const [whole, aborted] = [await beginUpload(client, Bucket), await beginUpload(client, Bucket)];
  const parts = [await putPart(client, whole, 1), await putPart(client, whole, 2)];
  await putPart(client, aborted, 1);
  await client.send(new CompleteMultipartUploadCommand({ ...whole, MultipartUpload: { Parts: parts } }));
  expect(await server.uploads()).toEqual(['shop/large.bak']);
  await client.send(new AbortMultipartUploadCommand(aborted));
  expect(await server.uploads()).toEqual([]);
  const time = new Date('2026-01-02T03:04:05Z');
  await server.setTime('shop/large.bak', time);
  const objects = await objectsOf(client, Bucket);
  expect(objects.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['shop/a b+c.bak', 3],
    ['shop/large.bak', 2 * PART.length],
  ]);
  expect(objects.map(({ LastModified }) => LastModified?.getTime() === time.getTime())).toEqual([
    false,
    true,
  ]);
  expect((await bytesOf(client, Bucket, 'shop/large.bak')).equals(Buffer.concat([PART, PART]))).toBe(true);
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'shop/large.bak' }));
  await expect(bytesOf(client, Bucket, 'shop/large.bak')).rejects.toMatchObject({ name: 'NoSuchKey' });
  client.destroy();
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
}

async function beginUpload(client: S3Client, Bucket: string): Promise<Upload> {
  const place = { Bucket, Key: 'shop/large.bak' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place));
  return { ...place, UploadId };
}

async function putPart(client: S3Client, upload: Upload, PartNumber: number) {
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body: PART }));
  return { ETag, PartNumber };
}

/** Sends a part of a request's body, and goes. */
async function sendHalf({ origin, bucket }: S3Server, key: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => {
    socket.write(
      `PUT /${bucket}/${key} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000\r\n\r\nhalf`,
      resolve,
    );
  });
  await pause(50);
  socket.destroy();
  await pause(50);
}

async function answers(origin: string): Promise<boolean> {
  return fetch(origin).then(
    () => true,
    () => false,
  );
}

describe('s3rver', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3rver();
  });
  afterAll(() => server.stop());

  it('stores, lists, returns and removes objects, of several parts too', async () => {
    await expectToStore(server);
  });

  it('does not keep what arrived of an interrupted request', async () => {
    await sendHalf(server, 'interrupted.bak');
    const client = clientOf(server, server.credentials);
    const keys = (await objectsOf(client, server.bucket)).map(({ Key }) => Key);
    expect(keys).not.toContain('interrupted.bak');
    client.destroy();
  });

  it('ends an upload whose parts are still arriving', async () => {
    const client = clientOf(server, server.credentials);
    for (let round = 0; round < 5; round++) {
      const upload = await beginUpload(client, server.bucket);
      const parts = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => putPart(client, upload, number));
      const written = Promise.allSettled(parts);
      await Promise.race(parts);
      await client.send(new AbortMultipartUploadCommand(upload));
      expect(await server.uploads()).toEqual([]);
      await written;
      expect(await server.uploads()).toEqual([]);
    }
    client.destroy();
  });

  it('is gone when it is stopped', async () => {
    const other = await startS3rver();
    expect(await answers(other.origin)).toBe(true);
    await other.stop();
    expect(await answers(other.origin)).toBe(false);
  });
});

describe('versitygw (thorough)', () => {
  let server: Versitygw | undefined;
  let client: S3Client;
  beforeAll(async () => {
    server = await startVersitygw({ objectLock: true });
    if (server) client = clientOf(server, server.credentials);
  }, VERSITYGW_START_MS);
  afterAll(async () => {
    await server?.stop();
  });

  it('stores, lists, returns and removes objects, of several parts too', async () => {
    const plain = await startVersitygw();
    if (!plain) return;
    await expectToStore(plain);
    await plain.stop();
    expect(await answers(plain.origin)).toBe(false);
  });

  it('has uploads of another time', async () => {
    if (!server) return;
    await beginUpload(client, server.bucket);
    const time = new Date('2026-01-02T03:04:05Z');
    await server.setUploadTimes(time);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: server.bucket }));
    expect(Uploads?.map(({ Initiated }) => Initiated)).toEqual([time]);
    await server.abortUploads();
    expect(await server.uploads()).toEqual([]);
  });

  it('refuses a wrong digest, a wrong signature and what exists already', async () => {
    if (!server) return;
    const object = { Bucket: server.bucket, Key: 'checked.bak', Body: 'content' };
    const ContentMD5 = createHash('md5').update('other').digest('base64');
    await expect(client.send(new PutObjectCommand({ ...object, ContentMD5 }))).rejects.toMatchObject({
      name: 'BadDigest',
    });
    const stranger = clientOf(server, { ...server.credentials, secretAccessKey: 'x' });
    await expect(stranger.send(new PutObjectCommand(object))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
    await client.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }));
    await expect(client.send(new PutObjectCommand({ ...object, IfNoneMatch: '*' }))).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
  });

  it('lets a user do what a policy allows, and nothing else', async () => {
    if (!server) return;
    const object = { Bucket: server.bucket, Key: 'written.bak' };
    const writer = clientOf(server, await server.createUser(['s3:PutObject']));
    const reader = clientOf(server, await server.createUser(['s3:GetObject', 's3:ListBucket']));
    await writer.send(new PutObjectCommand({ ...object, Body: 'content' }));
    const denied = { name: 'AccessDenied' };
    await expect(writer.send(new GetObjectCommand(object))).rejects.toMatchObject(denied);
    await expect(writer.send(new ListObjectsV2Command(object))).rejects.toMatchObject(denied);
    await expect(writer.send(new DeleteObjectCommand(object))).rejects.toMatchObject(denied);
    expect(await bytesOf(reader, server.bucket, object.Key)).toEqual(Buffer.from('content'));
    expect((await objectsOf(reader, server.bucket)).map(({ Key }) => Key)).toContain(object.Key);
    await expect(reader.send(new PutObjectCommand({ ...object, Body: 'other' }))).rejects.toMatchObject(
      denied,
    );
  });

  it('keeps a locked version', async () => {
    if (!server) return;
    const object = { Bucket: server.bucket, Key: 'locked.bak' };
    const { VersionId } = await client.send(new PutObjectCommand({ ...object, Body: 'content' }));
    const RetainUntilDate = new Date(Date.now() + 3_600_000);
    const Retention = { Mode: 'COMPLIANCE', RetainUntilDate } as const;
    await client.send(new PutObjectRetentionCommand({ ...object, Retention }));
    await expect(client.send(new DeleteObjectCommand({ ...object, VersionId }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('ends with the process that started it', async () => {
    if (!server) return;
    const script = `
      import { startVersitygw } from './__tests__/support/versitygw.ts';
      const server = await startVersitygw();
      console.log(server.origin);
      process.kill(process.pid, 'SIGKILL');`;
    const killed: unknown = await execute(nodeProgram(), ['--input-type=module', '--eval', script], {
      cwd: REPOSITORY_ROOT,
    }).catch((error: unknown) => error);
    const { signal, stdout }: Record<string, unknown> = isJsonObject(killed) ? killed : {};
    const origin = /^http:\S+/.exec(typeof stdout === 'string' ? stdout : '')?.[0] ?? '';
    expect([signal, origin]).toEqual(['SIGKILL', expect.stringMatching(/^http:/)]);
    for (let looks = 0; looks < 300 && (await answers(origin)); looks += 1) await pause(10);
    expect(await answers(origin)).toBe(false);
  });
});
