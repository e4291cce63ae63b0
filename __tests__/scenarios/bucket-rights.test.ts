import {
  CreateMultipartUploadCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import { type ActionRun, type RunActionOptions, runAction } from '../support/runner.ts';
import type { S3Credentials } from '../support/s3-server.ts';
import { expectColour } from '../support/series-bed.ts';
import { recordFor } from '../support/seeded-record.ts';
import { fillShop } from '../support/shop.ts';
import { type TestBed, errorsOf, expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';
import { backupFile, hoursBefore } from '../storage/artifact/store-bed.ts';
import {
  VERSITYGW_START_MS,
  type Versitygw,
  type VersitygwOptions,
  startVersitygw,
} from '../support/versitygw.ts';

type Gateway = BucketBed<Versitygw>;

let bed: TestBed;
let url: string;
/** Undefined where there is no versitygw. */
let bucket: Gateway | undefined;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  bucket = await startGateway();
}, VERSITYGW_START_MS);
afterAll(async () => {
  await Promise.all([bed.stop(), bucket?.stop()]);
});

async function startGateway(options: VersitygwOptions = {}): Promise<Gateway | undefined> {
  const server = await startVersitygw(options);
  return server && startBucketBed(server);
}

function backup(gateway: Gateway, user: S3Credentials, options: RunActionOptions = {}): Promise<ActionRun> {
  const { inputs = {}, ...more } = options;
  return bed.backup({
    inputs: { 'connection-string': url, storage: gateway.storage('nightly'), ...inputs },
    env: gateway.env(user),
    secrets: [user.secretAccessKey],
    ...more,
  });
}

function onSeries(
  action: 'prune' | 'check',
  gateway: Gateway,
  {
    inputs = {},
    user = gateway.server.credentials,
  }: { inputs?: Record<string, string>; user?: S3Credentials } = {},
): Promise<ActionRun> {
  return runAction({
    action,
    artifactService: bed.artifacts,
    inputs: { 'backup-name': 'shop', storage: gateway.storage('nightly'), ...inputs },
    env: gateway.env(user),
    secrets: [user.secretAccessKey],
  });
}

async function seed(gateway: Gateway, hoursAgo: number): Promise<string> {
  const name = backupFile('shop', hoursAgo);
  const content = name.repeat(30);
  await gateway.put(`nightly/shop/${name}`, content);
  await gateway.put(`nightly/shop/${name}.json`, JSON.stringify(recordFor(name, Buffer.from(content))));
  return name;
}

describe('a bucket (thorough)', () => {
  it('that may only be written to gets backups; what cannot be done then is said', async () => {
    if (!bucket) return;
    const writer = await bucket.server.createUser(['s3:PutObject']);
    const run = await backup(bucket, writer, { inputs: { 'if-unchanged': 'skip' } });
    expect({ exitCode: run.exitCode, errors: errorsOf(run) }).toEqual({ exitCode: 0, errors: [] });
    const name = run.outputs['backup-file'] ?? '';
    expect(await bucket.keys()).toEqual([`nightly/shop/${name}`, `nightly/shop/${name}.json`]);
    expect(remarksOf(run).join('\n')).toMatch(/s3:GetObject/);
    expect(remarksOf(run).join('\n')).toMatch(/s3:ListBucket/);
    await bucket.empty();
  });

  it('that may not be written to is refused, with the right that is missing', async () => {
    if (!bucket) return;
    const reader = await bucket.server.createUser(['s3:GetObject', 's3:ListBucket']);
    const run = await backup(bucket, reader);
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(/^storage: .* lack the permission s3:PutObject .*\n.*right/),
    ]);
    expect([await bucket.keys(), await bucket.server.uploads()]).toEqual([[], []]);
  });

  it('that may be read only can be checked, and not pruned', async () => {
    if (!bucket) return;
    const user = await bucket.server.createUser(['s3:GetObject', 's3:ListBucket']);
    const names = [await seed(bucket, 1), await seed(bucket, 25)];
    const checked = await onSeries('check', bucket, { user });
    expectColour(checked);
    expect(checked.outputs).toMatchObject({ count: '2', newest: names[0] });
    expectColour(await onSeries('prune', bucket, { user, inputs: { 'keep-last': '1' } }), /s3:DeleteObject/);
    expect(await bucket.keys()).toHaveLength(4);
    await bucket.empty();
  });

  it('with wrong credentials is refused in one sentence', async () => {
    if (!bucket) return;
    const run = await backup(bucket, { ...bucket.server.credentials, secretAccessKey: 'wrong-secret-key' });
    expect(errorsOf(run)).toEqual([
      expect.stringMatching(
        /^storage: .*: AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID .*\n.*again/,
      ),
    ]);
    const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'strange-secret-key' };
    expect(errorsOf(await backup(bucket, stranger))).toEqual([
      expect.stringMatching(/^storage: .*AWS_ACCESS_KEY_ID.*\n./),
    ]);
  });

  it('has 1,500 objects, and all of them are listed', async () => {
    if (!bucket) return;
    const gateway = bucket;
    const hours = Array.from({ length: 750 }, (_, index) => index + 1);
    for (let from = 0; from < hours.length; from += 50)
      await Promise.all(hours.slice(from, from + 50).map((hour) => seed(gateway, hour)));
    const checked = await onSeries('check', bucket);
    expectColour(checked);
    expect(checked.outputs).toMatchObject({ count: '750', newest: backupFile('shop', 1) });
    const lists = bucket.proxy.requests.filter(({ operation }) => operation === 'ListObjectsV2');
    expect(lists.length).toBeGreaterThan(1);
    await bucket.empty();
  });

  it('loses uploads that were not finished for a day, at the next backup or prune, and no others', async () => {
    if (!bucket) return;
    const gateway = bucket;
    const { client, server } = bucket;
    const begin = (key: string): Promise<unknown> =>
      client.send(new CreateMultipartUploadCommand({ Bucket: server.bucket, Key: key }));
    const old = [
      `nightly/shop/${backupFile('shop', 50)}`,
      'nightly/shop/foreign.zip',
      'elsewhere/shop/x.bak',
    ];
    const young = `nightly/shop/${backupFile('shop', 1)}`;
    const prune = (): Promise<ActionRun> => onSeries('prune', gateway, { inputs: { 'keep-last': '1' } });
    for (const again of [() => backup(gateway, server.credentials), prune]) {
      for (const key of old) await begin(key);
      await server.setUploadTimes(hoursBefore(30));
      await begin(young);
      expect((await again()).exitCode).toBe(0);
      expect([...(await server.uploads())].sort()).toEqual([...old.slice(1), young].sort());
      await server.abortUploads();
    }
    await bucket.empty();
  });
});

describe('a bucket with locks (thorough)', () => {
  it('gets backups, and prune counts what is locked as retained', async () => {
    const gateway = await startGateway({ objectLock: true });
    if (!gateway) return;
    const { client, server } = gateway;
    try {
      await client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: server.bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 7 } },
          },
        }),
      );
      expectSuccess(await backup(gateway, server.credentials));
      expectSuccess(await backup(gateway, server.credentials));
      const pruned = await onSeries('prune', gateway, { inputs: { 'keep-last': '1' } });
      expect({ exitCode: pruned.exitCode, errors: errorsOf(pruned) }).toEqual({ exitCode: 0, errors: [] });
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: server.bucket }));
      expect(Versions).toHaveLength(4);
    } finally {
      await gateway.stop();
    }
  });
});
