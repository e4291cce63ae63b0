import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, startDatabase } from '../support/database.ts';
import type { ActionRun } from '../support/runner.ts';
import { fillShop } from '../support/shop.ts';
import {
  type TestBed,
  errorsOf,
  expectFailure,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
let stage: Database;
let shopUrl: string;
let folder: string;
beforeAll(async () => {
  [bed, stage] = await Promise.all([startTestBed(), startDatabase()]);
  shopUrl = await bed.database.createDatabase('shop');
  await fillShop(bed.database, { database: 'shop', scale: 0.1 });
  folder = await mkdtemp(path.join(tmpdir(), 'test-restore-'));
});
afterAll(async () => {
  await Promise.all([bed.stop(), stage.stop(), rm(folder, { recursive: true, force: true })]);
});

/** A backup with a test restore, on the server of this file if no other is named. */
async function backup(
  inputs: Record<string, string> = {},
  more: Parameters<TestBed['backup']>[0] = {},
): Promise<ActionRun> {
  return bed.backup({
    ...more,
    inputs: {
      'connection-string': shopUrl,
      'verify-connection-string': stage.url,
      'connection-attempts': '1',
      // The second of a series may otherwise bear the name of the first.
      'backup-name': `b${bed.artifacts.artifacts().length}`,
      storage: `artifact\n${folder}/`,
      ...inputs,
    },
    secrets: [stage.password, ...(more.secrets ?? [])],
  });
}

/** What is true after every test restore, whatever its result. */
async function expectStageCleared(server: Database = stage): Promise<void> {
  const scratch = await server.query(`SELECT datname FROM pg_database WHERE datname ~ 'test_restore'`);
  expect(scratch).toEqual([]);
  for (let attempt = 0; attempt < 50 && (await server.sessions()).length > 0; attempt++) await pause(100);
  expect(await server.sessions()).toEqual([]);
}

/** The step fails, and there is no backup: neither as an artifact nor on the disk. */
async function expectNoBackup(run: ActionRun, annotation: RegExp, before: number): Promise<void> {
  expectFailure(run, annotation, bed.artifacts, before);
  expect((await readdir(folder)).filter((name) => name.startsWith(`b${before}-`))).toEqual([]);
}

/** A database of the source whose function acts only in a test restore. */
async function sourceThat(name: string, act: string): Promise<string> {
  const url = await bed.database.createDatabase(name);
  await bed.database.sql(
    `CREATE TABLE public.visits (id int PRIMARY KEY, seen int NOT NULL);
     INSERT INTO public.visits VALUES (1, 10), (2, 20);
     CREATE FUNCTION public.act() RETURNS int LANGUAGE plpgsql AS $$
     BEGIN
       IF current_database() LIKE 'postgres_backup_test_restore_%' THEN ${act} END IF;
       RETURN 1;
     END $$;
     -- A restore fills it again.
     CREATE MATERIALIZED VIEW public.acts AS SELECT public.act();`,
    name,
  );
  return url;
}

describe('a test restore', () => {
  it('restores and verifies the backup in a scratch database before it is published, drops the database, and reports it', async () => {
    const run = await backup();
    expectSuccess(run);
    expect(remarksOf(run)).toEqual([]);
    expect(run.log).toMatch(
      /The server for the test restore:\nConnected to postgres at [^]*Dumping shop[^]*Read back[^]*Will create[^]*Restored 10 tables[^]*Verified in[^]*Test restore succeeded in .*: restored, verified and dropped again[^]*Uploaded/,
    );
    expect(run.summary).toMatch(/restored into a scratch database and compared row by row/);
    expect(run.summary).toMatch(
      new RegExp(
        `Test restore.*restored and verified to be identical.*&#58;${stage.port}</code>, PostgreSQL 17`,
      ),
    );
    expect(run.summary).toMatch(/Duration[^\n]*test restore/);
    await expectStageCleared();
    // Two passwords, and neither is in any log, file or argument: the runner looks for both.
    expect(run.masks).toContain(stage.password);
  });

  it('works on an older server (thorough)', async () => {
    const older = await startDatabase({ version: '16' });
    try {
      const run = await backup({ 'verify-connection-string': older.url }, { secrets: [older.password] });
      expectSuccess(run);
      expect(run.summary).toMatch(/Test restore.*PostgreSQL 16/);
      await expectStageCleared(older);
    } finally {
      await older.stop();
    }
  });

  it('can use the server that is backed up (thorough)', async () => {
    const run = await backup({ 'verify-connection-string': bed.database.url });
    expectSuccess(run);
    await expectStageCleared(bed.database);
  });

  it('of an encrypted backup happens before it is published (thorough)', async () => {
    const passphrase = 'correct horse battery staple';
    const run = await backup({ 'age-passphrase': passphrase }, { secrets: [passphrase] });
    expectSuccess(run);
    expect(run.outputs['artifact-name']).toMatch(/\.bak\.age$/);
    expect(run.log).toMatch(/Encrypted to [^]*Test restore succeeded in [^]*Uploaded /);
    await expectStageCleared();
  });

  it('restores the selected part of the database, if it needs nothing else (thorough)', async () => {
    await bed.database.sql('CREATE SCHEMA alone; CREATE TABLE alone.note AS SELECT 1 AS id', 'shop');
    const run = await backup({ schemas: 'alone' });
    expectSuccess(run);
    expect(run.log).toContain('Restored 1 table');
    await expectStageCleared();
  });
});

describe('a backup that fails its test restore is not published', () => {
  it('because the restored rows differ', async () => {
    const url = await sourceThat('changing', 'UPDATE public.visits SET seen = seen + 1 WHERE id = 2;');
    const before = bed.artifacts.artifacts().length;
    const run = await backup({ 'connection-string': url });
    await expectNoBackup(run, /test restore[^]*public\.visits/, before);
    await expectStageCleared();
  });

  it('because the server lacks an extension that it needs (thorough)', async () => {
    // adminpack was removed in PostgreSQL 17.
    const source = await startDatabase({ version: '16' });
    try {
      await source.sql('CREATE EXTENSION adminpack');
      const before = bed.artifacts.artifacts().length;
      const run = await backup({ 'connection-string': source.url }, { secrets: [source.password] });
      await expectNoBackup(run, /test restore[^]*adminpack/, before);
      await expectStageCleared();
    } finally {
      await source.stop();
    }
  });

  it('because the selected part of the database needs something else (thorough)', async () => {
    const name = 'chosen';
    const url = await bed.database.createDatabase(name);
    await bed.database.sql(
      `CREATE SCHEMA types; CREATE TYPE types.mood AS ENUM ('fine');
       CREATE SCHEMA app; CREATE TABLE app.diary (mood types.mood);`,
      name,
    );
    const before = bed.artifacts.artifacts().length;
    const run = await backup({ 'connection-string': url, schemas: 'app' });
    await expectNoBackup(run, /test restore[^]*types/, before);
    await expectStageCleared();
  });

  it('because the server stops in the middle (thorough)', async () => {
    const url = await sourceThat('halting', 'PERFORM pg_sleep(60);');
    const server = await startDatabase();
    const before = bed.artifacts.artifacts().length;
    try {
      const running = backup(
        { 'connection-string': url, 'verify-connection-string': server.url },
        { secrets: [server.password] },
      );
      await Promise.race([untilAtWork(server), running]);
      await server.crash();
      await expectNoBackup(await running, /test restore/, before);
    } finally {
      await server.stop();
    }
  });
});

describe('an unsuitable server for the test restore makes the backup fail before the dump', () => {
  const refused = async (
    inputs: Record<string, string>,
    annotation: RegExp,
    secrets: string[] = [],
  ): Promise<void> => {
    const before = bed.artifacts.artifacts().length;
    const run = await backup(inputs, { secrets });
    await expectNoBackup(run, annotation, before);
    expect(run.log).not.toContain('Dumping');
  };

  it('because it cannot be reached', async () => {
    await refused(
      { 'verify-connection-string': 'postgres://postgres:whatever-secret@127.0.0.1:1/postgres' },
      /^verify-connection-string: The database cannot be reached: Nothing accepts connections/,
      ['whatever-secret'],
    );
  });

  it('because the password is wrong (thorough)', async () => {
    const url = stage.urlFor({ password: 'another-secret' });
    await refused(
      { 'verify-connection-string': url },
      /^verify-connection-string: .*refused the password.*\n.*secret that verify-connection-string/,
      ['another-secret'],
    );
  });

  it('because it is too new for the tools of a fixed postgres-version, while auto follows it (thorough)', async () => {
    const newer = await startDatabase({ version: '18' });
    const inputs = { 'verify-connection-string': newer.url };
    try {
      const says = /^verify-connection-string: The server is PostgreSQL 18.*\n.*"postgres-version: 18"/;
      await refused({ ...inputs, 'postgres-version': '17' }, says, [newer.password]);
      const run = await backup({ ...inputs, 'postgres-version': 'auto' }, { secrets: [newer.password] });
      expect(run.log).toContain('PostgreSQL 18 needs newer client tools than 17');
    } finally {
      await newer.stop();
    }
  });

  it('because its role may not create databases (thorough)', async () => {
    const clerk = await stage.createRole('clerk');
    await refused(
      { 'verify-connection-string': stage.urlFor({ ...clerk, database: 'postgres' }) },
      /verify-connection-string[^]*CREATEDB/,
      [clerk.password],
    );
  });

  it('because it is a standby (thorough)', async () => {
    const standby = await startDatabase({ settings: ['wal_level = replica'] });
    try {
      await standby.halt();
      await writeFile(path.join(standby.dataDirectory, 'standby.signal'), '');
      await standby.start();
      await refused({ 'verify-connection-string': standby.url }, /verify-connection-string[^]*a standby/, [
        standby.password,
      ]);
    } finally {
      await standby.stop();
    }
  });

  it('because it is a transaction pooler, which no input allows here (thorough)', async () => {
    const url = 'postgres://u:whatever-secret@h:6432/d';
    await refused(
      { 'verify-connection-string': url, 'allow-pooler': 'true' },
      /^verify-connection-string: .*transaction pooler.*\n(?!.*allow-pooler)/,
      ['whatever-secret'],
    );
  });

  it('because the connection string is not one (thorough)', async () => {
    await refused({ 'verify-connection-string': 'mysql://h/d' }, /verify-connection-string/);
  });
});

describe('a run that ends in the middle of the test restore (thorough)', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'because it is cancelled (%s) drops the scratch database',
    async (signal) => {
      const url = await sourceThat(`cancelled_${signal.toLowerCase()}`, 'PERFORM pg_sleep(60);');
      const before = bed.artifacts.artifacts().length;
      await expectNoBackup(await endedAtWork(url, signal), new RegExp(`cancelled \\(${signal}\\)`), before);
      await expectStageCleared();
    },
  );

  it('because it is killed leaves nothing on the runner, but the scratch database on the server', async () => {
    const url = await sourceThat('killed', 'PERFORM pg_sleep(60);');
    const run = await endedAtWork(url, 'SIGKILL');
    expect({ signal: run.signal, errors: errorsOf(run), left: run.leftFiles }).toEqual({
      signal: 'SIGKILL',
      errors: [],
      left: [],
    });
    expect(run.post?.log).toContain('Cleaned up after an interrupted job');
    // Post has no connection: the database stays until a person drops it, or the service container goes.
    for (const { datname } of await stage.query(
      `SELECT datname FROM pg_database WHERE datname ~ 'test_restore'`,
    ))
      await stage.query(`DROP DATABASE ${String(datname)} WITH (FORCE)`);
    await expectStageCleared();
  });
});

/** A backup that gets a signal while its test restore is at work. */
async function endedAtWork(url: string, signal: NodeJS.Signals): Promise<ActionRun> {
  let handle: { kill(signal: NodeJS.Signals): void } | undefined;
  const running = backup(
    { 'connection-string': url },
    {
      onStart: (started) => {
        handle = started;
      },
    },
  );
  await Promise.race([untilAtWork(stage), running]);
  handle?.kill(signal);
  return running;
}

/** Waits until the restore sleeps in the scratch database. */
async function untilAtWork(server: Database): Promise<void> {
  const asleep = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname ~ 'test_restore'`;
  while ((await server.query(asleep)).length === 0) await pause(50);
}
