import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestBed, expectFailedRestore, expectSuccess, startTestBed } from '../support/test-bed.ts';
import { type Restore, nextTarget, relationsIn, restoring } from './held-restore.ts';

const COMMITTED = 'The target contains the whole backup';

let bed: TestBed;
let folder: string;
let file: string;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'backups-'));
  const url = await bed.database.createDatabase('visited');
  await bed.database.sql('CREATE TABLE public.visits AS SELECT generate_series(1, 100) AS id', 'visited');
  const run = await bed.backup({ inputs: { 'connection-string': url, storage: `${folder}/` } });
  expectSuccess(run);
  file = run.outputs['backup-path'] ?? '';
  // Only a commit in the target of a test waits for a standby, which does not exist.
  const settings = {
    wal_level: 'replica',
    max_wal_senders: '2',
    synchronous_commit: 'local',
    synchronous_standby_names: 'missing',
  };
  for (const [name, value] of Object.entries(settings))
    await bed.database.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await bed.database.halt();
  await bed.database.start();
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Begins a restore whose COMMIT waits for a standby, and waits for that. */
async function waitingForStandby(
  inputs: Record<string, string> = {},
  { prepare = '' }: { readonly prepare?: string } = {},
): Promise<Restore> {
  const waits = `ALTER DATABASE ${nextTarget()} SET synchronous_commit = 'on';`;
  const restore = await restoring(bed, { path: file, ...inputs }, { prepare: `${prepare}${waits}` });
  const { target } = restore;
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = $1`;
  const ended = new AbortController();
  const onEnd = (): void => {
    ended.abort();
  };
  void restore.running.then(onEnd, onEnd);
  while (!ended.signal.aborted && (await bed.database.query(waiting, { values: [target] })).length === 0)
    await pause(20);
  return restore;
}

const terminateWaiting = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;

/** The two ways to the server: pg_restore itself, and psql where something is replaced. */
const WAYS = [
  { name: 'an empty target', inputs: () => ({}), prepare: '' },
  {
    name: 'a target whose table is replaced',
    inputs: () => ({ clean: 'true', 'confirm-database': nextTarget() }),
    prepare: 'CREATE TABLE public.visits (other int);',
  },
];

describe.each(WAYS)('a restore into $name that is interrupted in its COMMIT', ({ inputs, prepare }) => {
  it('by SIGINT says that the target contains the backup if the server has committed', async () => {
    const restore = await waitingForStandby(inputs(), { prepare });
    restore.kill('SIGINT');
    const run = await restore.running;
    expectFailedRestore(run, /cancelled \(SIGINT\)/);
    expect(run.summary).toContain(COMMITTED);
    expect(run.summary).not.toContain('as it was before');
    expect(await rowsOf(restore)).toBe(100);
  });

  it('by the end of its session says that the target contains the backup if the server has committed', async () => {
    const restore = await waitingForStandby(inputs(), { prepare });
    await bed.database.query(terminateWaiting);
    const run = await restore.running;
    expectFailedRestore(run, /which was committed: the target contains the whole backup/);
    expect(run.summary).toContain(COMMITTED);
    expect(run.summary).not.toContain('Nothing was changed');
    expect(await rowsOf(restore)).toBe(100);
  });
});

it('a restore whose server stops in its COMMIT says that the result is unknown (thorough)', async () => {
  const restore = await waitingForStandby();
  await bed.database.halt('immediate');
  const run = await restore.running;
  await bed.database.start();
  expectFailedRestore(run, /It is unknown whether it was committed, because the server cannot be asked/);
  expect(run.summary).toContain('either contains the whole backup or is as it was before');
  expect(await relationsIn(bed, restore.target)).toEqual(['visits']);
});

async function rowsOf({ target }: Restore): Promise<number> {
  const rows = await bed.database.query('SELECT id FROM public.visits', { database: target });
  return rows.length;
}
