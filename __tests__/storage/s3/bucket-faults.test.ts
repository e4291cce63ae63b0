import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { recordName } from '../../../src/storage/backup-file-name.ts';
import type { EndpointRules } from '../../../src/storage/s3/s3-endpoints.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { S3Fault, S3Trouble } from '../../support/s3-proxy-faults.ts';
import { type S3Proxy, startS3Proxy } from '../../support/s3-proxy.ts';
import { recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { VERSITYGW_START_MS, type Versitygw, startVersitygw } from '../../support/versitygw.ts';
import { backupFile } from '../artifact/store-bed.ts';
import {
  type BucketBed,
  CONTENT,
  type JobView,
  bucketBed,
  factsOf,
  keyIn,
  severalParts,
  written,
} from './bucket-bed.ts';

const output = captureOutput();
const PARTS = severalParts();
/** As AWS has them, but for the address. */
const AS_AWS: Partial<EndpointRules> = { checksum: 'CRC32', exclusiveWrites: 'works' };

let server: Versitygw | undefined;
let proxy: S3Proxy | undefined;
beforeAll(async () => {
  server = await startVersitygw();
  proxy = server && (await startS3Proxy(server));
}, VERSITYGW_START_MS);
afterEach(() => {
  meet();
});
afterAll(async () => {
  await proxy?.stop();
  await server?.stop();
});

/** From now on, requests meet these faults. */
function meet(...faults: readonly S3Fault[]): void {
  if (proxy) proxy.faults = faults;
}

/** A bucket behind the proxy; undefined where its server is not. */
function bed(view: JobView = {}, rules: Partial<EndpointRules> = {}): BucketBed | undefined {
  return server && proxy
    ? bucketBed(server, {
        origin: proxy.origin,
        changed: (bucket) => ({ ...bucket, rules: { ...bucket.rules, ...rules } }),
        ...view,
      })
    : undefined;
}

function refuse(status: number, code: string): S3Trouble {
  return { kind: 'refuse', with: { status, code } };
}

let count = 0;
function newName(): string {
  count += 1;
  return backupFile('faulty', count);
}

describe('a backup is stored in a bucket (thorough)', () => {
  it.each<[string, S3Fault]>([
    ['throttles', { on: 'UploadPart', trouble: refuse(503, 'SlowDown'), times: 1 }],
    ['has an error of its own', { on: 'UploadPart', trouble: refuse(500, 'InternalError'), times: 1 }],
    ['resets a connection', { on: 'UploadPart', trouble: { kind: 'reset', afterBytes: 100_000 }, times: 1 }],
    ['stands still', { on: 'UploadPart', trouble: { kind: 'stall' }, times: 1 }],
    ['gets a damaged part', { on: 'UploadPart', trouble: { kind: 'damage-request' }, times: 1 }],
    ['loses an answer', { on: 'CompleteMultipartUpload', trouble: { kind: 'lost-answer' }, times: 1 }],
    ['never answers at the end', { on: 'CompleteMultipartUpload', trouble: { kind: 'lost-answer' } }],
    ['does not answer to the record', { on: 'PutObject', trouble: { kind: 'lost-answer' }, times: 1 }],
    [
      'gets two records at once',
      { on: 'PutObject', trouble: refuse(409, 'ConditionalRequestConflict'), times: 1 },
    ],
    ['breaks off what is read back', { on: 'GetObject', trouble: { kind: 'reset-answer' }, times: 1 }],
    ['stands still while it is read back', { on: 'GetObject', trouble: { kind: 'stall-answer' }, times: 1 }],
  ])('that %s once', async (_, fault) => {
    const { store, uploads } = bed({}, AS_AWS) ?? {};
    if (!store || !uploads) return;
    const name = newName();
    meet(fault);
    const pending = await written(store, name, PARTS);
    expect(await pending.commit(factsOf(PARTS))).toBeUndefined();
    await pending.finish(recordFor(name, PARTS));
    expect(await uploads()).toEqual([]);
    expect((await store.list('faulty')).backups.map((backup) => backup.name)).toContain(name);
  });

  it('that knows no checksum of its own: a damaged part is refused by its SHA-256', async () => {
    const { store } = bed() ?? {};
    if (!store) return;
    meet({ on: 'UploadPart', trouble: { kind: 'damage-request' }, times: 1 });
    const pending = await written(store, newName(), PARTS);
    expect(output.text).toMatch(/The bucket backups\/nightly: .*Trying again in 1\.0 s/);
    expect(await pending.commit(factsOf(PARTS))).toBeUndefined();
    await pending.abort();
  });

  it('that does not know conditions, which is said once', async () => {
    const { store } = bed() ?? {};
    if (!store) return;
    const name = newName();
    meet({ on: 'PutObject', trouble: refuse(501, 'NotImplemented'), times: 1 });
    const pending = await written(store, name);
    await pending.commit(factsOf(CONTENT));
    await pending.finish(recordFor(name, CONTENT));
    expect(output.text).toContain(
      'does not know If-None-Match (NotImplemented): the record is written without it',
    );
    expect(await store.record(await store.find({ kind: 'name', name }))).toBeDefined();
  });
});

describe('a backup is refused, and nothing of it is left (thorough)', () => {
  it.each<[string, S3Fault, RegExp]>([
    ['a part is lost', { on: 'UploadPart', trouble: { kind: 'lose' }, times: 1 }, /InvalidPart/],
    [
      'a part has another ETag',
      { on: 'UploadPart', trouble: { kind: 'wrong-etag' }, times: 1 },
      /InvalidPart/,
    ],
    [
      'the completion fails',
      {
        on: 'CompleteMultipartUpload',
        trouble: { kind: 'error-in-200', with: { status: 500, code: 'InternalError' } },
      },
      /InternalError/,
    ],
    [
      'the completion is refused',
      { on: 'CompleteMultipartUpload', trouble: refuse(403, 'AccessDenied') },
      /AccessDenied/,
    ],
    [
      'it comes back damaged',
      { on: 'GetObject', trouble: { kind: 'damage-answer' } },
      /differs from the verified file/,
    ],
    [
      'it comes back shorter',
      { on: 'GetObject', trouble: { kind: 'truncate-answer' } },
      /differs from the verified file/,
    ],
    [
      'it never comes back whole',
      { on: 'GetObject', trouble: { kind: 'reset-answer' } },
      /could not read back/,
    ],
  ])('when %s', async (_, fault, why) => {
    const { store, keys, uploads } = bed({}, AS_AWS) ?? {};
    if (!store || !keys || !uploads) return;
    const name = newName();
    meet(fault);
    const pending = await written(store, name, PARTS);
    expect((await userErrorOf(pending.commit(factsOf(PARTS)))).message).toMatch(why);
    await pending.abort();
    expect(await uploads()).toEqual([]);
    expect(await keys()).not.toContain(keyIn(name));
  });

  it.each<[string, S3Trouble, RegExp]>([
    ['the credentials expire', refuse(400, 'ExpiredToken'), /ExpiredToken/],
    ['the bucket fails for too long', refuse(503, 'SlowDown'), /SlowDown/],
    ['the bucket stands still for too long', { kind: 'stall' }, /no data was transferred/],
  ])('at once when %s', async (_, trouble, why) => {
    const { store, uploads } = bed() ?? {};
    if (!store || !uploads) return;
    meet({ on: 'UploadPart', after: 1, trouble });
    const pending = await store.begin(newName(), { signal: new AbortController().signal, databaseBytes: 1 });
    let given = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          given += 1;
          yield PARTS.subarray(0, 1024 * 1024);
        }
      })(),
    );
    expect((await userErrorOf(pipeline(endless, pending.sink))).message).toMatch(why);
    // What is in flight, and what is filled.
    expect(given).toBeLessThan(100);
    await pending.abort();
    expect(await uploads()).toEqual([]);
  });

  it('although the server stores a part after the end of the upload', async () => {
    const { store, uploads } = bed() ?? {};
    if (!store || !uploads || !proxy) return;
    meet({ on: 'UploadPart', trouble: { kind: 'late' }, times: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const pending = await store.begin(newName(), { signal, databaseBytes: 1 });
    const struck = proxy.struck();
    const written = pipeline([PARTS], pending.sink, { signal });
    await struck;
    controller.abort(new Error('cancelled'));
    await expect(written).rejects.toThrow(/cancelled|aborted/);
    await pending.abort();
    expect(await uploads()).toEqual([]);
  });

  it('when it is longer than its parts may be', async () => {
    const { store, uploads } = bed({}, { mostParts: 2 }) ?? {};
    if (!store || !uploads) return;
    const pending = await store.begin(newName(), { signal: new AbortController().signal, databaseBytes: 1 });
    const { message } = await userErrorOf(pipeline([PARTS], pending.sink));
    expect(message).toMatch(/\.bak is longer than 17 MB, which is twice the size of the database\./);
    await pending.abort();
    expect(await uploads()).toEqual([]);
  });

  it('when there is another record already', async () => {
    const { store, put, keys } = bed({}, AS_AWS) ?? {};
    if (!store || !put || !keys) return;
    const name = newName();
    const pending = await written(store, name);
    await pending.commit(factsOf(CONTENT));
    await put(recordName(keyIn(name)), Buffer.from('another'));
    const { message } = await userErrorOf(pending.finish(recordFor(name, CONTENT)));
    expect(message).toContain('exists already, and is not of this backup');
    await pending.abort();
    // It is not of this job.
    expect((await keys()).filter((key) => key.startsWith(keyIn(name)))).toEqual([recordName(keyIn(name))]);
  });

  it.each<[string, S3Fault['on']]>([
    ['it begins', 'CreateMultipartUpload'],
    ['a part is sent', 'UploadPart'],
    ['it is completed', 'CompleteMultipartUpload'],
    ['it is read back', 'GetObject'],
  ])('when the job is cancelled while %s', async (_, on) => {
    const controller = new AbortController();
    const { store, keys, uploads } = bed({ signal: controller.signal }) ?? {};
    if (!store || !keys || !uploads || !proxy || on === undefined) return;
    const name = newName();
    meet({ on, trouble: { kind: 'stall' } });
    const struck = proxy.struck();
    const { signal } = controller;
    const begun = store.begin(name, { signal, databaseBytes: 1 });
    const job = begun.then(async (pending) => {
      await pipeline([PARTS], pending.sink, { signal });
      await pending.commit(factsOf(PARTS));
    });
    await struck;
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(job).rejects.toThrow(/cancelled|aborted/);
    await begun.then(
      (pending) => pending.abort(),
      () => undefined,
    );
    expect(await uploads()).toEqual([]);
    expect(await keys()).not.toContain(keyIn(name));
  });
});

describe('a backup in a bucket that locks it (thorough)', () => {
  it('is retained, which is another error than that it could not be deleted', async () => {
    const { store, putBackup, keys } = bed() ?? {};
    if (!store || !putBackup || !keys) return;
    const name = newName();
    await putBackup(name);
    const [backup] = (await store.list('faulty')).backups.filter((each) => each.name === name);
    if (!backup) throw new Error('not listed');
    // What versitygw answers where a bucket has a lock and no versions; others say it in other words.
    const message = 'Access Denied because object protected by object lock.';
    meet({
      on: 'DeleteObject',
      trouble: { kind: 'refuse', with: { status: 403, code: 'AccessDenied', message } },
      times: 1,
    });
    expect((await userErrorOf(store.remove(backup))).code).toBe('retained');
    meet({ on: 'DeleteObject', trouble: refuse(403, 'AccessDenied'), times: 1 });
    expect((await userErrorOf(store.remove(backup))).code).toBe('storage');
    expect(await keys()).toEqual(expect.arrayContaining([keyIn(name), recordName(keyIn(name))]));
  });
});
