import { pipeline } from 'node:stream/promises';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordName } from '../../../src/storage/backup-file-name.ts';
import { removeUnfinishedObjects } from '../../../src/storage/s3/unfinished-object.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { S3Server } from '../../support/s3-server.ts';
import { startS3rver } from '../../support/s3rver-server.ts';
import { recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { VERSITYGW_START_MS, type Versitygw, startVersitygw } from '../../support/versitygw.ts';
import { backupFile, hoursBefore } from '../artifact/store-bed.ts';
import { CONTENT, bucketBed, factsOf, keyIn, written } from './bucket-bed.ts';

const output = captureOutput();
const SERVERS: readonly (readonly [string, () => Promise<S3Server | undefined>])[] = [
  ['s3rver', startS3rver],
  ['versitygw (thorough)', startVersitygw],
];

/** What the job has noted last for its post step. */
function noted(): string {
  return [...output.text.matchAll(/::save-state name=unfinished-objects::(.*)/g)].at(-1)?.[1] ?? '';
}
async function post(state: string): Promise<void> {
  process.env['STATE_unfinished-objects'] = state;
  await removeUnfinishedObjects(process.env);
  delete process.env['STATE_unfinished-objects'];
}

describe.each(SERVERS)('what a killed job has left in %s', (_name, start) => {
  let server: S3Server | undefined;
  beforeAll(async () => {
    server = await start();
  }, VERSITYGW_START_MS);
  afterAll(async () => {
    await server?.stop();
  });

  it.each([
    ['an upload', 0],
    ['an object without a record', 1],
  ])('is removed by the post step: %s', async (_, steps) => {
    if (!server) return;
    const { store, keys, uploads } = bucketBed(server);
    const name = backupFile('killed', 1);
    const pending = await written(store, name);
    if (steps > 0) await pending.commit(factsOf(CONTENT));
    const state = noted();
    await post(state);
    expect(state).toContain(keyIn(name));
    expect(state).not.toContain(server.credentials.secretAccessKey);
    expect(await uploads()).toEqual([]);
    expect(await keys()).toEqual([]);
    expect(output.text).toContain(`Removed s3://backups/${keyIn(name)}, which was not finished`);
    await pending.abort();
  });

  it('stays when it is a backup', async () => {
    if (!server) return;
    const { store, keys, uploads } = bucketBed(server);
    const name = backupFile('kept', 1);
    const pending = await written(store, name);
    await pending.commit(factsOf(CONTENT));
    const state = noted();
    await pending.finish(recordFor(name, CONTENT));
    expect(noted()).toBe('[]');
    await post(state);
    expect(await keys()).toEqual([keyIn(name), recordName(keyIn(name))]);
    await pending.abort();
    expect(await uploads()).toEqual([]);
  });

  it('is removed by the next backup of the series, a day later', async () => {
    if (!server) return;
    const { store, put, keys } = bucketBed(server);
    const [old, fresh] = [backupFile('left', 40), backupFile('left', 20)];
    for (const name of [old, fresh]) await put(keyIn(name), CONTENT);
    await server.setTime(keyIn(old), hoursBefore(40));
    const pending = await written(store, backupFile('left', 1));
    await pending.commit(factsOf(CONTENT));
    await pending.finish(recordFor(backupFile('left', 1), CONTENT));
    expect(output.text).toContain(`Removed ${old}: unfinished for more than a day`);
    expect(await keys()).not.toContain(keyIn(old));
    expect(await keys()).toContain(keyIn(fresh));
    await pending.abort();
  });
});

describe('on a server with rights (thorough)', () => {
  let versitygw: Versitygw | undefined;
  beforeAll(async () => {
    versitygw = await startVersitygw();
  }, VERSITYGW_START_MS);
  afterAll(async () => {
    await versitygw?.stop();
  });

  describe('an upload that nobody has ended', () => {
    it('is listed as unfinished, but not while this job is at work on it, and can be removed', async () => {
      if (!versitygw) return;
      const { store, client, uploads } = bucketBed(versitygw);
      const other = { Bucket: versitygw.bucket, Key: keyIn(backupFile('begun', 30)) };
      await client.send(new CreateMultipartUploadCommand(other));
      const pending = await store.begin(backupFile('begun', 1), {
        signal: new AbortController().signal,
        databaseBytes: 1,
      });
      const { unfinished } = await store.list('begun');
      expect(unfinished.map(({ name }) => name)).toEqual([backupFile('begun', 30)]);
      for (const file of unfinished) await store.remove(file);
      await pending.abort();
      expect(await uploads()).toEqual([]);
    });
  });

  describe('credentials that may only write', () => {
    it.each([
      ['nothing else', ['s3:PutObject']],
      ['end uploads', ['s3:PutObject', 's3:AbortMultipartUpload']],
    ])('and %s, make a backup, and say what was not done', async (_, actions) => {
      if (!versitygw) return;
      const credentials = await versitygw.createUser(actions);
      const { store, keys } = bucketBed(versitygw, { credentials });
      const name = backupFile('writeonly', actions.length);
      const pending = await written(store, name);
      expect(await pending.commit(factsOf(CONTENT))).toBe(
        'The stored copy was not read back: the credentials may not read it (s3:GetObject). The storage accepted every part with its SHA-256.',
      );
      const stored = await pending.finish(recordFor(name, CONTENT));
      expect(await keys()).toEqual(expect.arrayContaining([keyIn(name), recordName(keyIn(name))]));
      expect((await userErrorOf(store.list('writeonly'))).message).toContain('AccessDenied');
      expect((await userErrorOf(store.record(stored))).message).toContain('AccessDenied');
      expect(output.text.match(/Unfinished backups could not be removed/g)).toHaveLength(1);
      const { message } = await userErrorOf(pending.abort());
      expect(message).toMatch(
        /The object s3:.*\.bak\.json could not be deleted \(403 AccessDenied.*do not restore from it/,
      );
    });

    it('leave an upload that may not be ended, which is said', async () => {
      if (!versitygw) return;
      const credentials = await versitygw.createUser(['s3:PutObject']);
      const { store } = bucketBed(versitygw, { credentials });
      const name = backupFile('stuck', 1);
      const pending = await store.begin(name, { signal: new AbortController().signal, databaseBytes: 1 });
      await pipeline([CONTENT], pending.sink);
      const { message, hint } = await userErrorOf(pending.abort());
      expect(message).toMatch(/The unfinished upload of s3:.* could not be ended \(403 AccessDenied/);
      expect(hint).toContain('s3:AbortMultipartUpload');
      await versitygw.abortUploads();
    });
  });
});

describe('a bucket that keeps versions (thorough)', () => {
  it('is said to keep what is deleted, once', async () => {
    const locked = await startVersitygw({ objectLock: true });
    if (!locked) return;
    const { store, putBackup } = bucketBed(locked);
    for (const hours of [1, 2]) await putBackup(backupFile('locked', hours));
    for (const backup of (await store.list('locked')).backups) await store.remove(backup);
    expect((await store.list('locked')).backups).toEqual([]);
    expect(
      output.text.match(/The bucket backups\/nightly keeps versions: what is deleted stays/g),
    ).toHaveLength(1);
    await locked.stop();
  });
});
