import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordName } from '../../../src/storage/backup-file-name.ts';
import type { StoredFile } from '../../../src/storage/store.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { S3Server } from '../../support/s3-server.ts';
import { startS3rver } from '../../support/s3rver-server.ts';
import { openRecordFor, recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { VERSITYGW_START_MS, startVersitygw } from '../../support/versitygw.ts';
import { backupFile } from '../artifact/store-bed.ts';
import { CONTENT, bucketBed, factsOf, keyIn, severalParts, written } from './bucket-bed.ts';

captureOutput();
const SERVERS: readonly (readonly [string, () => Promise<S3Server | undefined>])[] = [
  ['s3rver', startS3rver],
  ['versitygw (thorough)', startVersitygw],
];

describe.each(SERVERS)('a bucket of %s', (_name, start) => {
  let server: S3Server | undefined;
  beforeAll(async () => {
    server = await start();
  }, VERSITYGW_START_MS);
  afterAll(async () => {
    await server?.stop();
  });
  const bed = (): ReturnType<typeof bucketBed> | undefined => server && bucketBed(server);

  it('has a backup when its record is there, and not before', async () => {
    const { store, keys, uploads } = bed() ?? {};
    if (!store || !keys || !uploads) return;
    const name = backupFile('shop', 1);
    const pending = await written(store, name);
    expect(await uploads()).toEqual([keyIn(name)]);
    expect(await keys()).toEqual([]);
    expect(await pending.commit(factsOf(CONTENT))).toBeUndefined();
    expect((await store.list('shop')).backups).toEqual([]);
    const record = openRecordFor(name, CONTENT);
    const stored = await pending.finish(record);
    expect(await keys()).toEqual([keyIn(name), keyIn(recordName(name), 'shop')]);
    expect(await uploads()).toEqual([]);
    const [found] = (await store.list('shop')).backups;
    expect(found).toEqual({ ...stored, sha256: undefined });
    expect(await store.find({ kind: 'latest', backupName: undefined })).toEqual(found);
    expect(await store.find({ kind: 'name', name })).toEqual(found);
    expect(await store.record(stored)).toEqual(record);
    expect(await buffer(await store.open(stored))).toEqual(CONTENT);
    await store.remove(stored);
    expect(await keys()).toEqual([]);
    expect(await store.record(stored)).toBeUndefined();
    await store.remove(stored);
  });

  it('takes a file in several parts, and gives it back', async () => {
    const { store, uploads } = bed() ?? {};
    if (!store || !uploads) return;
    const content = severalParts();
    const name = backupFile('large', 1);
    const pending = await written(store, name, content);
    const progress = pending.progress();
    expect(progress).toBeGreaterThan(80);
    await pending.commit(factsOf(content));
    const stored = await pending.finish(recordFor(name, content));
    expect((await buffer(await store.open(stored))).equals(content)).toBe(true);
    await pending.abort();
    expect((await store.list('large')).backups).toEqual([]);
  });

  it.each([
    ['before its end', 0],
    ['after its commit', 1],
    ['after its record, because another store has failed', 2],
  ])('has nothing of a backup that is aborted %s', async (_, steps) => {
    const { store, keys, uploads } = bed() ?? {};
    if (!store || !keys || !uploads) return;
    const name = backupFile('aborted', 1);
    const pending = await written(store, name);
    if (steps > 0) await pending.commit(factsOf(CONTENT));
    if (steps > 1) await pending.finish(recordFor(name, CONTENT));
    await pending.abort();
    await pending.abort();
    expect((await keys()).filter((key) => key.includes('aborted'))).toEqual([]);
    expect(await uploads()).toEqual([]);
  });

  it('says that an object differs from what was written', async () => {
    const { store } = bed() ?? {};
    if (!store) return;
    const pending = await written(store, backupFile('differs', 1));
    const { code, message } = await userErrorOf(
      pending.commit({ ...factsOf(CONTENT), sha256: '0'.repeat(64) }),
    );
    expect(code).toBe('stored-copy-differs');
    expect(message).toMatch(
      /^The object s3:\/\/backups\/nightly\/differs\/.*\.bak differs from the verified file/,
    );
    await pending.abort();
  });

  it('is listed by names and records, the newest first, each series for itself', async () => {
    const { store, put, putBackup } = bed() ?? {};
    if (!store || !put || !putBackup) return;
    for (const hours of [30, 1, 5]) await putBackup(backupFile('listed', hours));
    await putBackup(backupFile('listed-eu', 2));
    await put(keyIn(backupFile('listed', 3)), CONTENT);
    await put(keyIn('notes.txt', 'listed'), CONTENT);
    await put(keyIn(`old/${backupFile('listed', 4)}`, 'listed'), CONTENT);
    const series = await store.list('listed');
    expect(series.backups.map(({ name }: StoredFile) => name)).toEqual(
      [1, 5, 30].map((hours) => backupFile('listed', hours)),
    );
    expect(series.unfinished.map(({ name }) => name)).toEqual([backupFile('listed', 3)]);
    expect(series.ignored).toBe('Ignored 1 object named like a backup: 1 unfinished (without a record).');
    expect((await store.list('nothing')).others).toEqual(['listed', 'listed-eu']);
    const { message, hint } = await userErrorOf(store.find({ kind: 'latest', backupName: undefined }));
    expect(message).toContain('backup-name: the bucket backups/nightly contains backups of 2 series: listed');
    expect(hint).toBe('Set "backup-name" to one of them.');
    const missing = await userErrorOf(store.find({ kind: 'name', name: 'nothing.bak' }));
    expect(missing.message).toContain(
      'backup: there is no object named nothing.bak in the bucket backups/nightly. There are: listed',
    );
    expect(missing.hint).toContain('or "storage" if the backup is in another bucket.');
    const notes = await store.find({ kind: 'name', name: 'listed/notes.txt' });
    expect(notes).toMatchObject({ size: CONTENT.length, backup: undefined });
  });
});
