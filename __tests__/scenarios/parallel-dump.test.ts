import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childrenOf } from '../../src/process/activity.ts';
import { type BucketBed, startBucketBed } from '../support/s3-bucket.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import type { StepHandle } from '../support/runner-step.ts';
import { startS3rver } from '../support/s3rver-server.ts';
import { type ShopRows, countRows, fillShop } from '../support/shop.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { type TestBed, expectFailure, expectSuccess, startTestBed } from '../support/test-bed.ts';

const PASSPHRASE = 'correct horse battery';

let bed: TestBed;
let bucket: BucketBed;
let url: string;
let large: string;
let shop: ShopRows;
let folder: string;
let targets = 0;
beforeAll(async () => {
  [bed, bucket] = await Promise.all([startTestBed(), startS3rver().then(startBucketBed)]);
  url = await bed.database.createDatabase('shop');
  large = await bed.database.createDatabase('large');
  await bed.database.query(
    [1, 2, 3, 4]
      .map(
        (table) =>
          `CREATE TABLE large_${table} AS SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i`,
      )
      .join(';'),
    { database: 'large' },
  );
  shop = await fillShop(bed.database, { database: 'shop', scale: 0.2 });
  folder = await mkdtemp(path.join(tmpdir(), 'parallel-'));
});
afterAll(async () => {
  await Promise.all([bed.stop(), bucket.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const onBucket = (): Pick<RunActionOptions, 'env' | 'secrets'> => ({
  env: bucket.env(),
  secrets: [bucket.server.credentials.secretAccessKey, PASSPHRASE],
});
const backup = (
  inputs: Record<string, string> = {},
  more: Omit<RunActionOptions, 'inputs'> = {},
): Promise<ActionRun> =>
  bed.backup({ ...onBucket(), ...more, inputs: { 'connection-string': url, jobs: '4', ...inputs } });

/** Restores the latest backup of a series over four connections, and expects all of it. */
async function expectRestored(inputs: Record<string, string>): Promise<void> {
  const name = `target${(targets += 1)}`;
  const into = await bed.database.createDatabase(name);
  const run = await bed.restore({
    ...onBucket(),
    inputs: { 'connection-string': into, jobs: '4', ...inputs },
  });
  expectSuccess(run);
  expect(run.outputs['verified']).toBe('true');
  expect(await countRows(bed.database, name)).toEqual(shop);
}

/** A backup whose workers wait for rows of large tables that do not come, and what is done to it then. */
async function whileHeld(
  strike: (held: { readonly step: StepHandle; readonly leader: number }) => void,
): Promise<{ readonly run: ActionRun; readonly workers: readonly number[] }> {
  const { host, port } = bed.database;
  const proxy = await startTcpProxy({ host, port });
  let step: StepHandle | undefined;
  let workers: number[] = [];
  try {
    await proxy.set({ kind: 'hold', afterBytes: 1_000_000 });
    const struck = proxy.struck();
    const running = backup(
      { 'connection-string': proxy.through(large), 'backup-name': 'held' },
      { onStart: (started) => void (step ??= started) },
    );
    await Promise.race([struck, running]);
    if (!step) throw new Error('The step has not started.');
    const leader = childrenOf(step.pid).find((pid) => commandOf(pid).includes('--format=directory'));
    if (leader === undefined) throw new Error('There is no pg_dump.');
    const file = /--file=(\S+)/.exec(commandOf(leader))?.[1] ?? '';
    const recorded = (): string => readFileSync(path.join(path.dirname(file), 'children'), 'utf8');
    do {
      await pause(20);
      workers = childrenOf(leader);
    } while (workers.length < 4 || workers.some((pid) => !recorded().includes(`${pid} `)));
    strike({ step, leader });
    return { run: await running, workers };
  } finally {
    await proxy.stop();
  }
}

const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
const hasEnded = (pid: number): boolean => !existsSync(`/proc/${pid}`);

/** What happens to a process can be seen on Linux only. */
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('a backup with several connections (thorough)', () => {
  it.each([
    ['without encryption', 'plain', {}],
    ['encrypted', 'sealed', { 'age-passphrase': PASSPHRASE }],
  ])(
    '%s is restored on a test server, is stored in every store, and restored from each over several connections',
    async (_, name, encryption: Record<string, string>) => {
      const stores = ['artifact', path.join(folder, name), bucket.storage(name)];
      const run = await backup({
        ...{ ...encryption, 'backup-name': name, storage: stores.join('\n') },
        'verify-connection-string': bed.database.url,
      });
      expectSuccess(run);
      expect(run.log).toContain('Dumping shop (zstd:3, 4 connections)');
      const [, size] =
        /Dumped over 4 connections in .* s; up to (.* kB) of the runner's disk/.exec(run.log) ?? [];
      expect(run.log).toMatch(/Stitched into one archive in .* s\n/);
      expect(run.summary).toContain(
        `| Dump | over 4 connections; up to ${size ?? '?'} of the runner's disk |`,
      );
      expect(run.summary).toContain('restored and verified to be identical');
      const isSaid = run.log.includes('on the disk of the runner without encryption until it is stored');
      expect(isSaid).toBe(name === 'sealed');
      if (isSaid) expect(`${run.log}${run.summary}`).not.toMatch(/customers|order_lines/);
      for (const storage of stores) await expectRestored({ ...encryption, 'backup-name': name, storage });
    },
  );

  it('has the content digest of one with a single connection, so that neither stores what the other has stored', async () => {
    const skip = (name: string, jobs: string, more: Record<string, string> = {}): Promise<ActionRun> =>
      backup({ 'backup-name': name, 'if-unchanged': 'skip', jobs, ...more });
    const parallel = await skip('digest', '4');
    expectSuccess(parallel);
    const single = await skip('digest', '1');
    expectSuccess(single);
    expect(single.log).not.toContain('connections');
    expect(single.outputs).toMatchObject({
      unchanged: 'true',
      'backup-file': parallel.outputs['backup-file'],
      'content-digest': parallel.outputs['content-digest'],
    });
    const sealed = { 'age-passphrase': PASSPHRASE };
    expect((await skip('tag', '1', sealed)).outputs['unchanged']).toBe('false');
    expect((await skip('tag', '2', sealed)).outputs['unchanged']).toBe('true');
  });

  it.each(['gzip:1', 'lz4', 'none'])('is restored with the compression %s', async (compression) => {
    const name = compression.replace(':', '-');
    const run = await backup({ compression, 'backup-name': name, jobs: '2' });
    expectSuccess(run);
    expect(run.log).toContain(`Dumping shop (${compression}, 2 connections)`);
    expect(run.log).toMatch(/Dumped over 2 connections/);
    expect(run.summary).toMatch(new RegExp(`; pg_dump 17[^|]*, ${compression.replace(':', '&#58;')} \\|`));
    await expectRestored({ 'backup-name': name });
  });

  it('takes the filters and pg-dump-args of one with a single connection', async () => {
    const filters = {
      ...{ tables: 'shop.orders\nshop.events', 'exclude-table-data': 'shop.events' },
      'pg-dump-args': '--no-owner --lock-wait-timeout=10s',
    };
    const [parallel, single] = [
      await backup({ ...filters, 'backup-name': 'some' }),
      await backup({ ...filters, 'backup-name': 'some', jobs: '1' }),
    ];
    expectSuccess(parallel);
    expect(parallel.outputs['tables']).toBe('1');
    expect(parallel.outputs['content-digest']).toBe(single.outputs['content-digest']);
  });

  onLinux('ends the workers of a pg_dump that was killed, and says so', async () => {
    const before = bed.artifacts.artifacts().length;
    const { run, workers } = await whileHeld(({ leader }) => process.kill(leader, 'SIGKILL'));
    expectFailure(run, /^pg_dump was ended by SIGKILL\.\n.*ran out of memory/, bed.artifacts, before);
    expect(workers.filter(hasEnded)).toEqual(workers);
  });

  onLinux('leaves no worker and no file when it is killed with its pg_dump', async () => {
    const { run, workers } = await whileHeld(({ step, leader }) => {
      step.kill('SIGKILL');
      process.kill(leader, 'SIGKILL');
    });
    expect(run).toMatchObject({ signal: 'SIGKILL', leftFiles: [], post: { exitCode: 0 } });
    // A worker that has nothing to do yet ends by itself.
    const ended = workers.filter((pid) =>
      run.post?.log.includes(`Ending process ${pid} of an interrupted job`),
    );
    expect(ended).not.toEqual([]);
    expect(workers.filter(hasEnded)).toEqual(workers);
  });
});
