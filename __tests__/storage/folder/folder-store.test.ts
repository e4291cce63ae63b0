import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { recordName } from '../../../src/storage/backup-file-name.ts';
import { folderPlace, requireWritablePlace } from '../../../src/storage/folder/folder-place.ts';
import { folderStore } from '../../../src/storage/folder/folder-store.ts';
import { removeUnfinishedFiles } from '../../../src/storage/folder/pending-file.ts';
import { type BackupRecord, serializeRecord } from '../../../src/storage/record.ts';
import type { BackupStore, PendingBackup } from '../../../src/storage/store.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { openRecordFor, recordFor } from '../../support/seeded-record.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { backupFile } from '../artifact/store-bed.ts';

const output = captureOutput();
const CONTENT = Buffer.from('PGDMP and what follows'.padEnd(100));
const FACTS = { size: CONTENT.length, sha256: createHash('sha256').update(CONTENT).digest('hex') };

let workspace: string;
let folder: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'folder-store-'));
  folder = path.join(workspace, 'backups');
});
afterEach(() => rm(workspace, { recursive: true, force: true }));

const { signal } = new AbortController();
const storeOf = (given = './backups/'): BackupStore => folderStore(folderPlace(given, workspace), signal);
const files = async (): Promise<string[]> => (await readdir(folder)).toSorted();

/** Writes a backup by hand. */
async function put(name: string, record: BackupRecord = recordFor(name, CONTENT)): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, name), CONTENT);
  await writeFile(path.join(folder, recordName(name)), serializeRecord(record));
}
async function unfinished(name: string, hoursAgo = 0): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, name);
  await writeFile(file, CONTENT);
  const time = new Date(Date.now() - hoursAgo * 3_600_000);
  await utimes(file, time, time);
}
async function begin(name: string): Promise<PendingBackup> {
  const pending = await storeOf().begin(name, { databaseBytes: 1, signal });
  await pipeline([CONTENT], pending.sink);
  return pending;
}
const NAME = backupFile('shop', 1);

describe('a backup in a folder', () => {
  it('is there when its record is, and not before', async () => {
    const pending = await begin(NAME);
    expect(await files()).toEqual([`${NAME}.partial`]);
    expect((await storeOf().list('shop')).backups).toEqual([]);
    expect(pending.progress()).toBe(CONTENT.length);
    await pending.commit(FACTS);
    expect((await storeOf().list('shop')).backups).toEqual([]);
    const record = openRecordFor(NAME, CONTENT);
    const stored = await pending.finish(record);
    expect(await files()).toEqual([NAME, recordName(NAME)]);
    const [found] = (await storeOf().list('shop')).backups;
    expect(found).toEqual({ ...stored, sha256: undefined });
    expect(await storeOf().record(stored)).toEqual(record);
    expect(await buffer(await storeOf().open(stored))).toEqual(CONTENT);
  });

  it('is readable by its owner alone, as is its record', async () => {
    const pending = await begin(NAME);
    await pending.commit(FACTS);
    await pending.finish(recordFor(NAME, CONTENT));
    for (const name of await files()) {
      expect((await stat(path.join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it.each([
    ['before its end', (pending: PendingBackup) => Promise.resolve(pending.progress())],
    ['after its commit', (pending: PendingBackup) => pending.commit(FACTS)],
    [
      'after its record, because another store has failed',
      async (pending: PendingBackup) => {
        await pending.commit(FACTS);
        await pending.finish(recordFor(NAME, CONTENT));
      },
    ],
  ])('leaves nothing when it is aborted %s, not even the folder', async (_, prepare) => {
    const pending = await begin(NAME);
    await prepare(pending);
    await pending.abort();
    expect(await readdir(workspace)).toEqual([]);
  });

  it('is refused when the disk has something else than was written', async () => {
    const pending = await begin(NAME);
    await writeFile(path.join(folder, `${NAME}.partial`), 'something else');
    const { code, message } = await userErrorOf(pending.commit(FACTS));
    expect(code).toBe('stored-copy-differs');
    expect(message).toContain(`The file ${NAME} differs from what was written`);
    await pending.abort();
  });

  it('never replaces one of the same name', async () => {
    await unfinished(`${NAME}.partial`);
    expect((await userErrorOf(begin(NAME))).message).toContain(
      'could not be written to the folder ./backups/',
    );
  });

  it('that is cancelled at any moment of its beginning leaves no file and no folder', async () => {
    let refused = 0;
    for (let turns = 0; turns < 40; turns += 1) {
      const cancelled = new AbortController();
      const begun = storeOf('./kept/here/').begin(NAME, { databaseBytes: 1, signal: cancelled.signal });
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      cancelled.abort(new CancelledError('SIGINT'));
      const pending = await begun.catch(() => undefined);
      if (!pending) refused += 1;
      await pending?.abort();
      expect(await readdir(workspace)).toEqual([]);
    }
    expect(refused).toBeGreaterThan(1);
  });

  it('that a killed job has begun is removed by the post step, whatever it had done', async () => {
    const pending = await begin(NAME);
    await pending.commit(FACTS);
    const state = /unfinished-files[^[]*(\[.*?\])/.exec(output.text)?.[1] ?? '';
    expect(JSON.parse(state)).toEqual([{ file: path.join(folder, NAME), made: folder }]);
    process.env['STATE_unfinished-files'] = state;
    await removeUnfinishedFiles();
    delete process.env['STATE_unfinished-files'];
    expect(await readdir(workspace)).toEqual([]);
    await pending.abort();
  });

  it('that the post step cannot remove is named, and the others are removed', async () => {
    const stuck = path.join(folder, NAME);
    const other = path.join(folder, backupFile('shop', 2));
    // Nothing removes a folder in place of a file.
    await mkdir(stuck, { recursive: true });
    await writeFile(other, CONTENT);
    process.env['STATE_unfinished-files'] = JSON.stringify([
      { file: stuck, made: folder },
      { file: other, made: folder },
    ]);
    await removeUnfinishedFiles();
    delete process.env['STATE_unfinished-files'];
    expect(await files()).toEqual([NAME]);
    expect(output.text).toMatch(
      /::warning .*The file .*\.bak could not be removed \(.*\): do not restore from it\./,
    );
  });
});

describe('a folder of backups', () => {
  it('is listed by names and records, the newest first', async () => {
    for (const hours of [30, 1, 5]) await put(backupFile('shop', hours));
    await put(backupFile('shop-eu', 2));
    await unfinished(backupFile('shop', 3));
    await unfinished('notes.txt');
    await unfinished(`${backupFile('shop', 4)}.json.partial`);
    const series = await storeOf().list('shop');
    expect(series.backups.map(({ name }) => name)).toEqual(
      [1, 5, 30].map((hours) => backupFile('shop', hours)),
    );
    expect(series).toMatchObject({ others: ['shop-eu'], lookedAt: undefined, unfinished: { length: 2 } });
    expect(series.ignored).toBe('Ignored 2 files named like a backup: 2 unfinished (without a record).');
  });

  it('is empty when it is not there', async () => {
    expect(await storeOf().list('shop')).toMatchObject({ backups: [], others: [], ignored: undefined });
    const { message } = await userErrorOf(storeOf().find({ kind: 'latest', backupName: undefined }));
    expect(message).toBe('backup: there is no backup in the folder ./backups/. It has no files.');
  });

  it('has no backup behind a link', async () => {
    await put(NAME);
    const other = backupFile('shop', 2);
    await symlink(path.join(folder, NAME), path.join(folder, other));
    await symlink(path.join(folder, recordName(NAME)), path.join(folder, recordName(other)));
    expect((await storeOf().list('shop')).backups.map(({ name }) => name)).toEqual([NAME]);
  });

  it.each(['commit', 'finish'] as const)(
    'is left alone if a link is put in its place before the %s',
    async (step) => {
      const outside = await mkdtemp(path.join(tmpdir(), 'outside-'));
      const pending = await begin(NAME);
      if (step === 'finish') await pending.commit(FACTS);
      await rm(outside, { recursive: true });
      await rename(folder, outside);
      await symlink(outside, folder);
      const work = step === 'commit' ? pending.commit(FACTS) : pending.finish(recordFor(NAME, CONTENT));
      expect((await userErrorOf(work)).message).toContain('a link leads out of the workspace');
      expect(await readdir(outside)).toEqual([step === 'commit' ? `${NAME}.partial` : NAME]);
      await rm(outside, { recursive: true });
    },
  );

  it('has no backup that is a link to the same bytes', async () => {
    const pending = await begin(NAME);
    const other = path.join(folder, 'other');
    await rename(path.join(folder, `${NAME}.partial`), other);
    await symlink(other, path.join(folder, `${NAME}.partial`));
    expect((await userErrorOf(pending.commit(FACTS))).message).toContain('ELOOP');
  });

  it('must not be one to which a link of the repository leads', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'outside-'));
    await symlink(outside, folder);
    for (const work of [
      storeOf().list('shop'),
      storeOf().begin(NAME, { databaseBytes: 1, signal }),
      requireWritablePlace(folderPlace('./backups/', workspace)),
    ]) {
      expect((await userErrorOf(work)).message).toContain('a link leads out of the workspace');
    }
    expect(await readdir(outside)).toEqual([]);
    // One that the workflow names itself may be anywhere.
    await requireWritablePlace(folderPlace(outside, workspace));
    await rm(outside, { recursive: true });
  });

  it('finds the latest of a series, or a file by its name', async () => {
    for (const hours of [3, 1]) await put(backupFile('shop', hours));
    const { find, record } = storeOf();
    expect((await find({ kind: 'latest', backupName: undefined })).name).toBe(NAME);
    await put(backupFile('blog', 2));
    expect((await find({ kind: 'latest', backupName: 'blog' })).name).toBe(backupFile('blog', 2));
    const { message, hint } = await userErrorOf(find({ kind: 'latest', backupName: undefined }));
    expect(message).toContain('the folder ./backups/ contains backups of 2 series: shop');
    expect(hint).toBe('Set "backup-name" to one of them.');
    await unfinished('mine.bak');
    expect(await record(await find({ kind: 'name', name: 'mine.bak' }))).toBeUndefined();
    const missing = await userErrorOf(find({ kind: 'name', name: '../x.bak' }));
    expect(missing.message).toContain(
      'there is no file named ../x.bak in the folder ./backups/. There are: shop-',
    );
    expect((await userErrorOf(find({ kind: 'id', id: 3 }))).message).toContain('no file with the id 3');
  });

  it('fails when a record cannot be used', async () => {
    await put(NAME, { ...recordFor(NAME, CONTENT), database: 'x' });
    await writeFile(path.join(folder, NAME), 'another size'.padEnd(101));
    const [stored] = (await storeOf().list('shop')).backups;
    if (!stored) throw new Error('It is not listed.');
    expect((await userErrorOf(storeOf().record(stored))).message).toContain('file.size must be the size');
  });

  it('loses a backup with its record, and nothing else', async () => {
    await put(NAME);
    await put(backupFile('shop', 2));
    const store = storeOf();
    const [newest] = (await store.list('shop')).backups;
    if (!newest) throw new Error('It is not listed.');
    await store.remove(newest);
    await store.remove(newest);
    expect(await files()).toEqual([backupFile('shop', 2), recordName(backupFile('shop', 2))]);
  });

  it('loses what interrupted jobs have left a day ago when the next backup begins', async () => {
    const [old, fresh] = [backupFile('shop', 90), backupFile('shop', 80)];
    await unfinished(old, 30);
    await unfinished(`${old}.json.partial`, 30);
    await unfinished(fresh, 2);
    await unfinished('notes.txt', 300);
    const pending = await begin(NAME);
    expect(await files()).toEqual([`${NAME}.partial`, fresh, 'notes.txt'].toSorted());
    expect(output.text).toContain(`Removed ${old}: unfinished for more than a day`);
    await pending.abort();
  });
});
