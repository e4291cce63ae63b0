import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { escaped } from '../../src/runner/markdown.ts';
import { parseRecord } from '../../src/storage/parse-record.ts';
import { expectColour, runOnSeries } from '../support/series-bed.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectFailure,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
let url: string;
let shop: ShopRows;
let folder: string;
let targets = 0;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  folder = await mkdtemp(path.join(tmpdir(), 'folder-'));
});
afterEach(() => {
  bed.artifacts.faults = {};
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A new folder for one test. */
const newFolder = (): string => path.join(folder, `backups-${(targets += 1)}`);
const backup = (storage: string, inputs: Record<string, string> = {}) =>
  bed.backup({ inputs: { 'connection-string': url, storage, ...inputs } });
const files = async (of: string): Promise<string[]> =>
  (await readdir(of).catch(() => [])).sort((a, b) => a.localeCompare(b));
const target = async (): Promise<{ name: string; into: string }> => {
  const name = `target${(targets += 1)}`;
  return { name, into: await bed.database.createDatabase(name) };
};

describe('a folder', () => {
  it('keeps each backup with its record, and the latest of them is restored', async () => {
    const storage = newFolder();
    const made = await backup(storage);
    expectSuccess(made);
    const { 'backup-file': name = '', 'backup-path': file = '' } = made.outputs;
    expect(file).toBe(path.join(storage, name));
    expect(await files(storage)).toEqual([name, `${name}.json`]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const content = await readFile(file);
    const record = parseRecord(await readFile(`${file}.json`), { name, size: content.length });
    expect(record.file.sha256).toBe(made.outputs['backup-sha256']);
    expect(made.outputs['artifact-id']).toBe('');
    expect(made.log).not.toContain('Ignored');

    const { name: database, into } = await target();
    const restored = await bed.restore({ inputs: { 'connection-string': into, storage } });
    expectSuccess(restored);
    expect(restored.outputs).toMatchObject({ 'backup-file': name, verified: 'true' });
    expect(restored.log).toContain('The backup is what its record says');
    expect(await countRows(bed.database, database)).toEqual(shop);
  });

  it('is checked and pruned: the newest stay, with their records', async () => {
    const storage = newFolder();
    const names: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      names.push((await backup(storage)).outputs['backup-file'] ?? '');
    }
    // Of two that were begun in the same second, the one with the later name counts as the newer.
    names.sort();
    const left = `shop-20260101T000000Z-0123456${targets % 10}.bak`;
    await writeFile(path.join(storage, left), 'half an archive');
    const old = new Date(Date.now() - 2 * 86_400_000);
    await utimes(path.join(storage, left), old, old);

    const checked = await runOnSeries('check', bed.artifacts, { inputs: { storage } });
    expect(checked.outputs).toMatchObject({ count: '3', newest: names[2] });
    const pruned = await runOnSeries('prune', bed.artifacts, { inputs: { storage, 'keep-last': '1' } });
    expectColour(pruned);
    expect(await files(storage)).toEqual([names[2], `${names[2] ?? ''}.json`]);
  });

  it('is refused before any work if it is no folder that can be written (thorough)', async () => {
    const file = path.join(folder, 'a-file');
    await writeFile(file, '');
    const run = await backup(`${file}/backups`);
    expectFailure(run, /^storage: ".*" cannot be written: /, bed.artifacts, bed.artifacts.artifacts().length);
  });
});

describe('several stores', () => {
  it('get the same file and record', async () => {
    const [one, two] = [newFolder(), newFolder()];
    const run = await backup(`${one}\nartifact\n${two}`);
    expectSuccess(run);
    const name = run.outputs['backup-file'] ?? '';
    expect(run.outputs).toMatchObject({ 'artifact-name': name, 'backup-path': path.join(one, name) });
    for (const store of [`the folder ${one}`, bed.artifacts.repository, `the folder ${two}`]) {
      expect(run.summary).toContain(` in ${escaped(store)}\n`);
    }
    const stored = await bed.artifacts.read(name);
    const record = await bed.artifacts.read(`${name}.json`);
    for (const copy of [one, two]) {
      expect(stored.equals(await readFile(path.join(copy, name)))).toBe(true);
      expect(record.equals(await readFile(path.join(copy, `${name}.json`)))).toBe(true);
    }
  });

  it.each([
    ['cannot be begun', { createArtifact: { answer: 403 } }],
    ['cannot be committed', { finalizeArtifact: { answer: 403 } }],
    ['differs when it is read back', { blobGet: { answer: 'corrupt' } }],
    // The artifact has its file by then, and the folder file and record.
    ['cannot get its record', { finalizeArtifact: { answer: 403, everyNth: 2 } }],
  ] as const)('have none of it if one of them %s', async (_, faults) => {
    const storage = newFolder();
    const before = bed.artifacts.artifacts().length;
    bed.artifacts.faults = faults;
    const run = await backup(`${storage}\nartifact`);
    expectFailure(run, /^The artifact .*(?:could not be uploaded|differs)/, bed.artifacts, before);
    expect(await files(storage)).toEqual([]);
  });

  it('are named where a copy cannot be removed again (thorough)', async () => {
    const storage = newFolder();
    bed.artifacts.faults = {
      finalizeArtifact: { answer: 403, everyNth: 2 },
      deleteArtifact: { answer: 403 },
    };
    const run = await backup(`${storage}\nartifact`);
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/could not be deleted \(.*403.*\): do not restore from it/),
    ]);
    expect(await files(storage)).toEqual([]);
  });
});

describe('a file given to restore', () => {
  it('without its record is compared with the file alone, which is said', async () => {
    const storage = newFolder();
    const made = await backup(storage);
    const copy = path.join(folder, 'copy.bak');
    await writeFile(copy, await readFile(made.outputs['backup-path'] ?? ''));
    const { into } = await target();
    const run = await bed.restore({ inputs: { 'connection-string': into, path: copy } });
    expectSuccess(run);
    expect(run.log).toContain('The backup has no record: what is restored is compared with the file alone');
    expect(run.summary).toContain('compared with the file alone');
  });

  it('with a record beside it must be what that says', async () => {
    const storage = newFolder();
    const made = await backup(storage);
    const file = made.outputs['backup-path'] ?? '';
    const record = await readFile(`${file}.json`, 'utf8');
    const ofTable = /(?<="bytes":\d+,"sha256":")[0-9a-f]{64}/;
    await writeFile(`${file}.json`, record.replace(ofTable, '0'.repeat(64)));
    const { into } = await target();
    const run = await bed.restore({ inputs: { 'connection-string': into, path: file } });
    expectFailedRestore(run, /not what its record says: /);
  });
});
