import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRun } from '../support/runner.ts';
import { fillLarge } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailedRestore,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';
import { type StandIns, withStandIns } from '../support/stand-in-tools.ts';
import {
  type Restore,
  expectNoSessions,
  nextTarget,
  relationsIn,
  restoring,
  sleepsAt,
  untilAsleep,
} from './held-restore.ts';

const PASSPHRASE = 'correct horse battery staple';
const SECRETS = { secrets: [PASSPHRASE] };
const UNTOUCHED = /The target was not touched\./;
const ONE_TRANSACTION = /The target is as it was before: the restore is one transaction\./;
const IN_PARTS = /The target may contain a part of the backup: with jobs/;
const NOT_VERIFIED = /The target contains what was restored, but it is not verified\./;

let bed: TestBed;
let folder: string;
let large: ActionRun;
let sealed: ActionRun;
let sleeper: ActionRun;
let doubter: ActionRun;
beforeAll(async () => {
  bed = await startTestBed();
  folder = await mkdtemp(path.join(tmpdir(), 'backups-'));
  const make = async (name: string, inputs: Record<string, string> = {}): Promise<ActionRun> => {
    const url = bed.database.urlFor({ database: name });
    const run = await bed.backup({
      inputs: { 'connection-string': url, 'backup-name': name, storage: `artifact\n${folder}/`, ...inputs },
      secrets: [PASSPHRASE],
    });
    expectSuccess(run);
    return run;
  };
  for (const name of ['large', 'sleeper', 'doubter']) await bed.database.createDatabase(name);
  await fillLarge(bed.database, { database: 'large', megabytes: 60 });
  await bed.database.sql(sleepsAt('restore'), 'sleeper');
  await bed.database.sql(sleepsAt('verification'), 'doubter');
  large = await make('large');
  sealed = await make('large', { 'backup-name': 'sealed', 'age-passphrase': PASSPHRASE });
  sleeper = await make('sleeper');
  doubter = await make('doubter');
});
afterEach(() => {
  bed.artifacts.faults = {};
});
afterAll(async () => {
  await bed.stop();
  await rm(folder, { recursive: true, force: true });
});

const fileOf = ({ outputs }: ActionRun): string => outputs['backup-path'] ?? '';

const READS_FOR_EVER: StandIns = { pg_restore: 'exec sleep 1000' };

/** The moments of a restore: what to restore, how to know that it is there, and what is said of the target then. */
const MOMENTS = [
  {
    moment: 'download',
    inputs: () => ({ backup: large.outputs['artifact-name'] ?? '' }),
    before: () => {
      // The first is the record.
      bed.artifacts.faults = { blobGet: { answer: 'stall', everyNth: 2 } };
    },
    tools: {},
    reached: ({ line }: Restore) => line(/^Downloading/),
    impact: UNTOUCHED,
    relations: [],
  },
  {
    moment: 'decryption',
    inputs: () => ({ path: fileOf(sealed), 'age-passphrase': PASSPHRASE }),
    before: () => undefined,
    // It takes a second to make the key of the passphrase; a signal that comes later meets the read-back, which does not end.
    tools: READS_FOR_EVER,
    reached: ({ line }: Restore) => line(/^Restoring from the file/),
    impact: UNTOUCHED,
    relations: [],
  },
  {
    moment: 'read-back',
    inputs: () => ({ path: fileOf(large) }),
    before: () => undefined,
    tools: READS_FOR_EVER,
    reached: ({ line }: Restore) => line(/^The backup is of/),
    impact: UNTOUCHED,
    relations: [],
  },
  {
    moment: 'restore',
    inputs: () => ({ path: fileOf(sleeper) }),
    before: () => undefined,
    tools: {},
    reached: (restore: Restore) => untilAsleep(bed, restore),
    impact: ONE_TRANSACTION,
    relations: [],
  },
  {
    moment: 'verification',
    inputs: () => ({ path: fileOf(doubter) }),
    before: () => undefined,
    tools: {},
    reached: (restore: Restore) => untilAsleep(bed, restore),
    impact: NOT_VERIFIED,
    relations: ['visits'],
  },
];

describe.each(MOMENTS)(
  'in the middle of the $moment (thorough)',
  ({ inputs, before, tools, reached, impact, relations }) => {
    /** Runs a restore that gets a signal at that moment. */
    const signalled = (
      signal: NodeJS.Signals,
    ): Promise<{ readonly target: string; readonly run: ActionRun }> =>
      withStandIns(bed.toolCache, tools, async (toolCache) => {
        before();
        const restore = await restoring(bed, inputs(), { ...SECRETS, toolCache });
        await reached(restore);
        restore.kill(signal);
        return { target: restore.target, run: await restore.running };
      });

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'a cancelled run (%s) says how it left the target, and leaves nothing else',
      async (signal) => {
        const { target, run } = await signalled(signal);
        expectFailedRestore(run, new RegExp(`cancelled \\(${signal}\\)\\.\\n${impact.source}`));
        expect(run.summary).toContain('The restore failed');
        expect(await relationsIn(bed, target)).toEqual(relations);
        await expectNoSessions(bed);
      },
    );

    it('a run that is killed is cleaned up by post', async () => {
      const { target, run } = await signalled('SIGKILL');
      expect({
        signal: run.signal,
        errors: errorsOf(run),
        left: run.leftFiles,
        post: run.post?.exitCode,
      }).toEqual({ signal: 'SIGKILL', errors: [], left: [], post: 0 });
      expect(run.post?.log).toContain('Cleaned up after an interrupted job');
      await expectNoSessions(bed);
      expect(await relationsIn(bed, target)).toEqual(relations);
    });
  },
);

describe('a restore that replaces existing tables (thorough)', () => {
  const REPLACING = {
    prepare: `CREATE TABLE public.visits AS SELECT 'mine' AS page;`,
    expected: [{ page: 'mine' }],
  };
  const inputsFor = (target: string): Record<string, string> => ({
    path: fileOf(sleeper),
    clean: 'true',
    'confirm-database': target,
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('and is ended by %s leaves them unchanged', async (signal) => {
    const restore = await restoring(bed, inputsFor(nextTarget()), { prepare: REPLACING.prepare });
    await untilAsleep(bed, restore);
    restore.kill(signal);
    const run = await restore.running;
    if (signal === 'SIGINT') expectFailedRestore(run, ONE_TRANSACTION);
    await expectNoSessions(bed);
    expect(await bed.database.query('SELECT page FROM public.visits', { database: restore.target })).toEqual(
      REPLACING.expected,
    );
    expect(await relationsIn(bed, restore.target)).toEqual(['visits']);
  });

  it('waits for the locks of other sessions, and can be cancelled meanwhile', async () => {
    const restore = await restoring(bed, inputsFor(nextTarget()), { prepare: REPLACING.prepare });
    const { target } = restore;
    // The test bed's own session holds a lock on the table for as long as it sleeps.
    const holding = bed.database
      .sql(`LOCK TABLE public.visits IN SHARE MODE; SELECT pg_sleep(60);`, target)
      .catch(() => undefined);
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1`;
    await restore.line(/^Will replace/);
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await bed.database.query(waiting, { values: [target] })).length > 0) break;
      await pause(50);
    }
    restore.kill('SIGINT');
    expectFailedRestore(await restore.running, ONE_TRANSACTION);
    await expectNoSessions(bed);
    await bed.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = $1`,
      { values: [target] },
    );
    await holding;
    expect(await bed.database.query('SELECT page FROM public.visits', { database: target })).toEqual(
      REPLACING.expected,
    );
  });
});

describe('a server that ends the connection during a restore', () => {
  it('because the session is terminated changes nothing (thorough)', async () => {
    const restore = await restoring(bed, { path: fileOf(sleeper) });
    await untilAsleep(bed, restore);
    await bed.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
    );
    expectFailedRestore(
      await restore.running,
      /pg_restore failed: The server (?:ended|closed) the connection.*Nothing was changed/,
    );
    expect(await relationsIn(bed, restore.target)).toEqual([]);
    await expectNoSessions(bed);
  });

  it('because it is stopped changes nothing (thorough)', async () => {
    const restore = await restoring(bed, { path: fileOf(sleeper) });
    await untilAsleep(bed, restore);
    await bed.database.halt();
    const run = await restore.running;
    await bed.database.start();
    expectFailedRestore(run, /pg_restore failed: .*Nothing was changed/);
    expect(await relationsIn(bed, restore.target)).toEqual([]);
  });

  it('during the verification leaves the restored data, and the error says that it was not verified (thorough)', async () => {
    const restore = await restoring(bed, { path: fileOf(doubter) });
    await untilAsleep(bed, restore);
    await bed.database.halt();
    const run = await restore.running;
    await bed.database.start();
    expectFailedRestore(run, /could not be verified/);
    expect(run.summary).toMatch(/contains what was restored.*but it is not verified/);
    expect(await relationsIn(bed, restore.target)).toEqual(['visits']);
  });
});

describe('a restore over several connections (thorough)', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'that is cancelled (%s) says that a part is left',
    async (signal) => {
      const restore = await restoring(bed, { path: fileOf(sleeper), jobs: '2' });
      await untilAsleep(bed, restore);
      restore.kill(signal);
      expectFailedRestore(await restore.running, IN_PARTS);
      await expectNoSessions(bed);
      expect(await relationsIn(bed, restore.target)).toContain('visits');
    },
  );

  it('that loses a connection says that the target may be incomplete', async () => {
    const restore = await restoring(bed, { path: fileOf(sleeper), jobs: '2' });
    await untilAsleep(bed, restore);
    await bed.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
    );
    const run = await restore.running;
    expectFailedRestore(run, /pg_restore failed: .*A part of it was restored: with jobs/);
    expect(run.summary).toMatch(/may contain a part of the backup/);
    await expectNoSessions(bed);
  });
});
