import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { recordFor } from '../support/seeded-record.ts';
import { code } from '../../src/runner/markdown.ts';
import { isJsonObject } from '../support/artifact-service-http.ts';
import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import { REPOSITORY_ROOT } from '../support/node-program.ts';
import { type ActionRun, type RunActionOptions, runAction } from '../support/runner.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import { faultsOf, toolsOf } from '../support/secret-audit.ts';
import { expectColour } from '../support/series-bed.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';
import { backupFile, hoursBefore } from '../storage/artifact/store-bed.ts';

const PUBLIC = { repository: { full_name: 'example/shop', private: false, visibility: 'public' } };
const SESSION_TOKEN = 'FwoGZXIvYXdzEJr//session-token';

let bed: TestBed;
let bucket: BucketBed;
let url: string;
let shop: ShopRows;
let targets = 0;
beforeAll(async () => {
  [bed, bucket] = await Promise.all([startTestBed(), startS3rver().then(startBucketBed)]);
  url = await bed.database.createDatabase('shop');
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.1 });
});
afterEach(async () => {
  bucket.proxy.faults = [];
  await bucket.empty();
});
afterAll(async () => {
  await Promise.all([bed.stop(), bucket.stop()]);
});

const secrets = (): string[] => [bucket.server.credentials.secretAccessKey];
const backup = ({ inputs = {}, env = {}, ...more }: RunActionOptions = {}): Promise<ActionRun> =>
  bed.backup({
    inputs: { 'connection-string': url, storage: bucket.storage('nightly'), ...inputs },
    env: { ...bucket.env(), ...env },
    secrets: secrets(),
    ...more,
  });
const onSeries = (action: 'prune' | 'check', inputs: Record<string, string> = {}): Promise<ActionRun> =>
  runAction({
    action,
    artifactService: bed.artifacts,
    inputs: { 'backup-name': 'shop', storage: bucket.storage('nightly'), ...inputs },
    env: bucket.env(),
    secrets: secrets(),
  });
const restore = async (
  more: RunActionOptions = {},
): Promise<{ readonly run: ActionRun; readonly database: string }> => {
  const database = `target${(targets += 1)}`;
  const into = await bed.database.createDatabase(database);
  const run = await bed.restore({
    env: bucket.env(),
    secrets: secrets(),
    ...more,
    inputs: { 'connection-string': into, storage: bucket.storage('nightly'), ...more.inputs },
  });
  return { run, database };
};

/** Puts a backup into the bucket that was made so many hours ago. */
async function seed(hoursAgo: number, { record = true } = {}): Promise<string> {
  const name = backupFile('shop', hoursAgo);
  const content = name.repeat(30);
  const key = `nightly/shop/${name}`;
  await bucket.put(key, content);
  await bucket.server.setTime(key, hoursBefore(hoursAgo));
  if (!record) return name;
  await bucket.put(`${key}.json`, JSON.stringify(recordFor(name, Buffer.from(content))));
  return name;
}

describe('a bucket', () => {
  it('keeps each backup with its record, and the latest of them is restored', async () => {
    const made = await backup();
    expectSuccess(made);
    const { 'backup-file': name = '', 'backup-sha256': sha256, 'artifact-id': id } = made.outputs;
    expect(id).toBe('');
    expect(made.outputs['backup-url']).toBe(`s3://backups/nightly/shop/${name}`);
    expect(await bucket.keys()).toEqual([`nightly/shop/${name}`, `nightly/shop/${name}.json`]);
    const record: unknown = JSON.parse((await bucket.read(`nightly/shop/${name}.json`)).toString());
    const schema: unknown = JSON.parse(
      await readFile(path.join(REPOSITORY_ROOT, 'docs/record.schema.json'), 'utf8'),
    );
    if (!isJsonObject(schema)) throw new Error('The schema is no object.');
    const validate = new Ajv2020({ strict: true, strictRequired: false }).compile(schema);
    validate(record);
    expect(validate.errors).toBeNull();
    expect(record).toMatchObject({ file: { name, sha256 } });
    expect(bed.artifacts.artifacts()).toEqual([]);

    const { run, database } = await restore();
    expectSuccess(run);
    expect(run.outputs).toMatchObject({ 'backup-file': name, verified: 'true' });
    expect(run.summary).toContain(`| Backup | ${code(made.outputs['backup-url'] ?? '')} |`);
    expect(await countRows(bed.database, database)).toEqual(shop);
  });

  it('has nothing new if the database is unchanged and that is to be skipped (thorough)', async () => {
    const first = await backup({ inputs: { 'if-unchanged': 'skip' } });
    const again = await backup({ inputs: { 'if-unchanged': 'skip' } });
    expectSuccess(again);
    expect(again.outputs).toMatchObject({ unchanged: 'true', 'backup-file': first.outputs['backup-file'] });
    expect(await bucket.keys()).toHaveLength(2);
  });

  it('is checked and pruned: the newest stay, and what is no backup of this action is left alone', async () => {
    const [newest, older] = [await seed(1), await seed(25), await seed(49)];
    const foreign = ['nightly/shop/notes.txt', 'nightly/shop/dump.bak', 'nightly/orders/x.bak', 'shop-x.bak'];
    for (const key of foreign) await bucket.put(key, 'foreign');
    const unfinished = [await seed(2, { record: false }), await seed(60, { record: false })];
    const checked = await onSeries('check');
    expectColour(checked);
    expect(checked.outputs).toMatchObject({ count: '3', newest });
    const pruned = await onSeries('prune', { 'keep-last': '2' });
    expectColour(pruned);
    const kept = [newest, older].flatMap((name) => [name, `${name}.json`]);
    const expected = [...kept, unfinished[0] ?? ''].map((name) => `nightly/shop/${name}`);
    expect(await bucket.keys()).toEqual([...expected, ...foreign].toSorted());
  });

  it('that does not let a locked backup be deleted keeps it, which is no failure of prune', async () => {
    const [newest, locked, free] = [await seed(1), await seed(25), await seed(49)];
    const message = 'Access Denied because object protected by object lock.';
    const trouble = { kind: 'refuse', with: { status: 403, code: 'AccessDenied', message } } as const;
    bucket.proxy.faults = [{ on: 'DeleteObject', key: new RegExp(locked), trouble }];
    const pruned = await onSeries('prune', { 'keep-last': '1' });
    expectColour(pruned);
    expect(JSON.parse(pruned.outputs['deleted'] ?? '')).toEqual([free]);
    expect(pruned.log).toMatch(new RegExp(`2 backups kept \\(1 retained by the storage: ${locked}\\)`));
    const kept = [newest, locked].flatMap((name) => [name, `${name}.json`]);
    expect(await bucket.keys()).toEqual(kept.map((name) => `nightly/shop/${name}`).toSorted());
  });

  it('gets the same bytes as the artifact of the run', async () => {
    const storage = `artifact\n${bucket.storage()}`;
    const run = await backup({ inputs: { storage } });
    expectSuccess(run);
    const name = run.outputs['backup-file'] ?? '';
    expect(run.outputs['artifact-name']).toBe(name);
    for (const each of [name, `${name}.json`])
      expect((await bucket.read(`shop/${each}`)).equals(await bed.artifacts.read(each))).toBe(true);
  });

  it('has none of a backup that another store does not get (thorough)', async () => {
    bed.artifacts.faults = { finalizeArtifact: { answer: 403, everyNth: 2 } };
    const before = bed.artifacts.artifacts().length;
    const run = await backup({ inputs: { storage: `${bucket.storage()}\nartifact` } });
    bed.artifacts.faults = {};
    expect(errorsOf(run)).toEqual([expect.stringMatching(/^The artifact could not be uploaded/)]);
    expect([await bucket.keys(), await bucket.server.uploads()]).toEqual([[], []]);
    expect(bed.artifacts.artifacts()).toHaveLength(before);
  });

  it('that is empty, or has other backups only, has nothing to restore (thorough)', async () => {
    const { run: empty } = await restore({ inputs: { 'backup-name': 'shop' } });
    expectFailedRestore(empty, /no .*backup/i);
    await seed(1);
    const { run: other } = await restore({ inputs: { 'backup-name': 'orders' } });
    expectFailedRestore(other, /orders/);
  });

  it('whose backup was changed is not restored (thorough)', async () => {
    const made = await backup();
    const key = `nightly/shop/${made.outputs['backup-file'] ?? ''}`;
    const bytes = await bucket.read(key);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
    await bucket.put(key, bytes);
    const { run } = await restore();
    expectFailedRestore(run, /SHA-256|record|damaged/);
  });
});

describe('the credentials of a bucket', () => {
  it('are printed nowhere, and no other program gets them', async () => {
    const { secretAccessKey } = bucket.server.credentials;
    const all = [secretAccessKey, SESSION_TOKEN, bed.database.password];
    const env = { ...bucket.env(), AWS_SESSION_TOKEN: SESSION_TOKEN };
    const made = await backup({ env, secrets: all, debug: true });
    expectSuccess(made);
    const { run } = await restore({ env, secrets: all, debug: true });
    expectSuccess(run);
    for (const each of [made, run])
      expect(faultsOf({ run: each, secrets: all, passwords: [bed.database.password] })).toEqual([]);
    expect(toolsOf(made)).toEqual(['pg_dump', 'pg_restore', 'psql']);
    expect(made.masks).toEqual(expect.arrayContaining([secretAccessKey, SESSION_TOKEN]));
    expect(
      bucket.proxy.requests.some(({ headers }) => headers['x-amz-security-token'] === SESSION_TOKEN),
    ).toBe(true);
  });

  it('must be there (thorough)', async () => {
    const run = await backup({ env: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' } });
    expect(errorsOf(run)).toEqual([expect.stringMatching(/no credentials.*\n.*AWS_ACCESS_KEY_ID/)]);
  });
});

describe('in a public repository', () => {
  it('a backup that is not encrypted may go to a bucket; log, summary and record show nothing of its content (thorough)', async () => {
    const run = await backup({ event: PUBLIC });
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(run.outputs).toMatchObject({ tables: '', rows: '', 'content-digest': '' });
    for (const text of [run.log, run.summary]) expect(text).not.toMatch(/order_lines|customers/);
    const record = await bucket.read(`nightly/shop/${run.outputs['backup-file'] ?? ''}.json`);
    expect(record.toString()).not.toMatch(/order_lines|"content"/);
  });

  it('an artifact beside the bucket must be encrypted (thorough)', async () => {
    const run = await backup({ event: PUBLIC, inputs: { storage: `${bucket.storage()}\nartifact` } });
    expect(errorsOf(run)).toEqual([expect.stringMatching(/This repository is public/)]);
    expect(await bucket.keys()).toEqual([]);
  });
});

describe('where there is no artifact service', () => {
  const elsewhere = {
    GITHUB_SERVER_URL: 'https://gitea.example.com',
    GITHUB_API_URL: 'http://127.0.0.1:9',
    ACTIONS_RESULTS_URL: '',
    ACTIONS_RUNTIME_TOKEN: '',
  };

  it('a bucket works', async () => {
    const made = await backup({ env: elsewhere });
    expectSuccess(made);
    const { run } = await restore({ env: { ...bucket.env(), ...elsewhere } });
    expectSuccess(run);
  });

  it('an artifact fails, and the error names what works (thorough)', async () => {
    const run = await backup({ env: elsewhere, inputs: { storage: 'artifact' } });
    expect(errorsOf(run)).toEqual([expect.stringMatching(/artifact.*\n.*s3:\/\//)]);
  });
});
