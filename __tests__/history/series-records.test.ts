import { describe, expect, it } from '@jest/globals';
import { rowsOfBackups, sampled } from '../../src/history/series-records.ts';
import { finishedBackup } from '../../src/storage/file-with-record.ts';
import type { StoredBackup } from '../../src/storage/store.ts';
import { backupFile } from '../storage/artifact/store-bed.ts';
import { captureOutput } from '../support/captured-output.ts';
import { openRecordFor, recordFor } from '../support/seeded-record.ts';

captureOutput();

const CONTENT = Buffer.alloc(100);
const READER = {
  ...{ action: 'check', repository: 'example/shop', githubToken: '' },
  signal: new AbortController().signal,
};
const stored = (name: string): StoredBackup =>
  finishedBackup(name, recordFor(name, CONTENT), { kind: 'file', path: `/backups/${name}` });
const series = (length: number): StoredBackup[] =>
  Array.from({ length }, (_, hours) => stored(backupFile('shop', hours)));

describe('the records of a series', () => {
  it('of 1,000 backups are read for 60 of them, the newest and the oldest among them', async () => {
    const all = series(1_000);
    const looked = sampled(all);
    const read: string[] = [];
    const store = {
      record: (backup: { readonly name: string }) => {
        read.push(backup.name);
        return Promise.resolve(recordFor(backup.name, CONTENT));
      },
    };
    for await (const rows of rowsOfBackups(store, looked, READER)) expect(rows).toBeUndefined();
    expect(read).toEqual(looked.map(({ name }) => name));
    expect(new Set(read).size).toBe(60);
    expect(looked.slice(0, 30)).toEqual(all.slice(0, 30));
    expect(looked.at(-1)).toBe(all.at(-1));
    expect(sampled(all.slice(0, 60))).toHaveLength(60);
  });

  it('come in their order, however long each takes, and those of encrypted backups are not read', async () => {
    const open = openRecordFor(backupFile('shop', 2), CONTENT, { 'public.users': 7 });
    const answers = [Promise.withResolvers<typeof open>(), Promise.withResolvers<typeof open>()];
    let asked = 0;
    const store = { record: () => answers[asked++]?.promise ?? Promise.reject(new Error('not asked')) };
    const backups = [
      stored(backupFile('shop', 1)),
      stored(`${backupFile('shop', 2)}.age`),
      stored(backupFile('shop', 3)),
    ];
    setImmediate(() => {
      answers[1]?.resolve({ ...open, content: { ...open.content, tables: [] } });
      answers[0]?.resolve(open);
    });
    const found = [];
    for await (const rows of rowsOfBackups(store, backups, READER)) found.push(rows?.tables.size);
    expect(found).toEqual([1, undefined, 0]);
    expect(asked).toBe(2);
  });

  it('of which one cannot be read are an error in its turn', async () => {
    const store = { record: () => Promise.reject(new Error('damaged')) };
    const reading = rowsOfBackups(store, series(3), READER);
    await expect(reading.next()).rejects.toThrow('damaged');
  });
});
