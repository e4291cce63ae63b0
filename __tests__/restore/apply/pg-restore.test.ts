import { readFileSync, readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { recordChildren } from '../../../src/process/run.ts';
import type { RestoreRequest } from '../../../src/restore/apply/restore-request.ts';
import { captureOutput } from '../../support/captured-output.ts';
import type { Session } from '../../support/database.ts';
import { until, whileSession } from '../../support/failure-bench.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { ODD_DATABASE } from '../../archive/content/odd-database.ts';
import { type RestoreBed, SLOW_INDEX, type TestArchive, startRestoreBed } from './restore-bed.ts';

/** psql cannot read a function or a column of this name in a function's body. */
captureOutput();

const READABLE_BY_PSQL = ODD_DATABASE.replaceAll('"begin"()', '"began"()')
  .replaceAll(' t.begin ', ' t.began ')
  .replaceAll('"begin" integer', '"began" integer');

let bed: RestoreBed;
let odd: TestArchive;
let slow: TestArchive;

beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off', 'max_prepared_transactions = 1']);
  odd = await bed.dump(await bed.database(READABLE_BY_PSQL));
  slow = await bed.dump(await bed.database(SLOW_INDEX));
});
afterEach(async () => {
  recordChildren(() => undefined);
  expect(await readdir(bed.folder)).not.toContainEqual(expect.stringMatching(/\.(?:list|filter)$/));
});
afterAll(() => bed.stop());

/** How many tables a database contains. */
async function tablesIn(database: string): Promise<number> {
  const [row] = await bed.server.query(
    `SELECT count(*)::int AS tables FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    { database },
  );
  return Number(row?.['tables']);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What the server says of the restore into a database. */
async function sessionsOfRestore(target: string): Promise<readonly Session[]> {
  const all = await bed.server.sessions();
  return all.filter(({ database, application }) => database === target && / restore /.test(application));
}

/** Waits until a session of the restore is at the index, or at whatever the pattern says. */
async function atWork(database: string, query: RegExp = /INDEX/): Promise<number> {
  return until(`a session at ${String(query)}`, async () => {
    const sessions = await sessionsOfRestore(database);
    return sessions.find((session) => query.test(session.query))?.pid;
  });
}

const WAYS: [string, Partial<RestoreRequest>][] = [
  ['in one transaction', {}],
  ['over several connections', { jobs: 3 }],
  // As for a server that is older than the tools; this one takes the same script.
  ['through psql', { serverMajor: 16 }],
];

describe.each(WAYS)('a restore %s (thorough)', (_, way) => {
  it.each([
    ['of characters to quote', `it's "odd" 😀`],
    ['like a URL', 'postgres://x@y:1/z'],
    ['of one word (thorough)', 'plain'],
    ['like parameters (thorough)', 'host=nowhere dbname=b'],
    ['with spaces around it (thorough)', ' spaced '],
  ])('restores everything into a database with a name %s', async (_name, name) => {
    const target = await bed.database('', `${name}${JSON.stringify(way)}`);
    await bed.restore(odd, target, way);
    expect(await bed.verify(odd, target)).toEqual({
      tables: odd.manifest.tables.length,
      rows: odd.manifest.rows,
      sequences: 4,
      largeObjects: 3,
    });
  });

  it('restores only the listed entries', async () => {
    const target = await bed.database();
    const { stdout } = await bed.pgRestore(['--list', odd.file]);
    const users = [...stdout.matchAll(/^(\d+); .*(?:TABLE|TABLE DATA) public users /gm)];
    await bed.restore({ ...odd, dumpIds: users.map(([, id]) => Number(id)) }, target, way);
    expect(await bed.server.query('SELECT count(*) FROM users', { database: target })).toEqual([
      { count: '500' },
    ]);
    expect(await tablesIn(target)).toBe(1);
  });

  it('with a drop script replaces what exists, and creates the rest', async () => {
    const target = await bed.database(READABLE_BY_PSQL);
    await bed.server.sql('DELETE FROM users WHERE id < 100; DROP TABLE some_generated', target);
    await bed.restore(odd, target, { ...way, clean: true });
    await bed.verify(odd, target);
  });

  it('that fails says in which state the target is', async () => {
    const target = await bed.database('CREATE TABLE users (mine int)');
    const error = await userErrorOf(bed.restore(odd, target, way));
    expect(error.message).toContain('This already exists in the target: relation "users".');
    expect(error.hint).toContain('clean: true');
    if (way.jobs === undefined) {
      expect(error.message).toContain('Nothing was changed: it was one transaction.');
      expect(await tablesIn(target)).toBe(1);
    } else expect(error.message).toContain('A part of it was restored');
    expect(await bed.server.query('SELECT mine FROM users', { database: target })).toEqual([]);
  });

  it('that is cancelled ends its sessions on the server', async () => {
    const target = await bed.database('', `slow ${JSON.stringify(way)}`);
    const cancelled = new CancelledError('SIGINT');
    const controller = new AbortController();
    const session = bed.session(target).until(controller.signal);
    const restoring = bed.restore(slow, target, { ...way, session });
    const rejected = expect(restoring).rejects.toBe(cancelled);
    await atWork(target);
    controller.abort(cancelled);
    await rejected;
    expect(await sessionsOfRestore(target)).toEqual([]);
    if (way.jobs === undefined) expect(await tablesIn(target)).toBe(0);
  });

  it('leaves no session on the server when pg_restore is killed', async () => {
    const target = await bed.database('', `slow killed ${JSON.stringify(way)}`);
    const pids: number[] = [];
    recordChildren((pid) => void pids.push(pid));
    const restoring = userErrorOf(bed.restore(slow, target, way));
    await atWork(target);
    for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    expect((await restoring).message).toMatch(/^(?:pg_restore|psql) was ended by SIGKILL\. /);
    expect(await sessionsOfRestore(target)).toEqual([]);
    if (way.jobs === undefined) expect(await tablesIn(target)).toBe(0);
  });

  it('gives up waiting for a lock, and names the relation and the session that has it', async () => {
    const target = await bed.database(READABLE_BY_PSQL);
    const error = await whileSession(
      bed.server,
      `SET application_name = 'the shop'; BEGIN; SELECT count(*) FROM users`,
      () => userErrorOf(bed.restore(odd, target, { ...way, clean: true, lockWaitMs: 400 })),
      target,
    );
    expect(error.message).toMatch(
      /^The restore waited 0\.4 s for a lock on public\.\w+, held by session \d+ \(user postgres, application the shop, idle in transaction\)\. /,
    );
    expect(error.hint).toMatch(/pg_terminate_backend\(\d+\)/);
    if (way.jobs === undefined) await bed.verify(odd, target);
  });

  it('gives up waiting for a prepared transaction, and says how to end it', async () => {
    const target = await bed.database(READABLE_BY_PSQL);
    await bed.server.sql(`BEGIN; SELECT count(*) FROM users; PREPARE TRANSACTION 'forgotten'`, target);
    try {
      const error = await userErrorOf(bed.restore(odd, target, { ...way, clean: true, lockWaitMs: 400 }));
      expect(error.message).toMatch(/ for a lock on public\.\w+, held by a prepared transaction\. /);
      expect(error.hint).toContain('ROLLBACK PREPARED');
    } finally {
      await bed.server.query(`ROLLBACK PREPARED 'forgotten'`, { database: target });
    }
  });
});

describe('a restore (thorough)', () => {
  it('fails with a clear error when the tools cannot write a script for an older server', async () => {
    const archive = await bed.dump(await bed.database(ODD_DATABASE));
    const target = await bed.database();
    const error = await userErrorOf(bed.restore(archive, target, { serverMajor: 16 }));
    expect(error.message).toContain('a column named "begin"');
    expect(await tablesIn(target)).toBe(0);
    await bed.restore(archive, target);
  });

  it('has no secret in its arguments, and a list file that only its user can read', async () => {
    const target = await bed.database('', 'secretive');
    const seen: { args: string; mode: number }[] = [];
    // At once: the program may have ended a moment later.
    recordChildren((pid) => {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const [list = ''] = readdirSync(bed.folder).filter((name) => name.endsWith('.list'));
      seen.push({ args, mode: statSync(join(bed.folder, list)).mode & 0o777 });
    });
    await bed.restore(odd, target);
    expect(seen).toHaveLength(1);
    for (const { args, mode } of seen) {
      expect(args).toContain('--single-transaction');
      expect(args).not.toContain(bed.server.password);
      expect(args).not.toContain('secretive');
      expect(mode).toBe(0o600);
    }
  });

  it('with noOwner restores no owners', async () => {
    await bed.server.createRole('origin');
    const script = 'CREATE TABLE mine (); ALTER TABLE mine OWNER TO origin; GRANT SELECT ON mine TO PUBLIC';
    const archive = await bed.dump(await bed.database(script));
    const facts = `SELECT relowner::regrole::text AS owner, relacl IS NULL AS bare FROM pg_class WHERE relname = 'mine'`;
    const target = await bed.database();
    await bed.restore(archive, target, { noOwner: true });
    expect(await bed.server.query(facts, { database: target })).toEqual([{ owner: 'postgres', bare: false }]);
    const other = await bed.database();
    await bed.restore(archive, other);
    expect(await bed.server.query(facts, { database: other })).toEqual([{ owner: 'origin', bare: false }]);
  });

  it('passes additional arguments to pg_restore', async () => {
    const target = await bed.database();
    await bed.restore(odd, target, { extra: ['--no-comments'] });
    const comments = `SELECT obj_description('users'::regclass) AS comment`;
    expect(await bed.server.query(comments, { database: target })).toEqual([{ comment: null }]);
  });

  it('that fails shows no values of rows', async () => {
    const source = await bed.database(
      'CREATE TABLE secrets (name text); INSERT INTO secrets VALUES ($$Ada$$)',
    );
    const archive = await bed.dump(source, '--data-only');
    const target = await bed.database('CREATE TABLE secrets (name text CHECK (length(name) > 10))');
    const error = await userErrorOf(bed.restore(archive, target));
    expect(error.message).toContain('check constraint');
    expect(JSON.stringify([error.message, error.hint, error.cause, String(error.cause)])).not.toContain(
      'Ada',
    );
    expect(String(error.cause)).toContain('secrets_name_check');
  });

  it('that fails names every object that depends on a replaced one', async () => {
    const archive = await bed.dump(await bed.database('CREATE TABLE base (id int)'));
    const views = ['a', 'b', 'c'].map((name) => `CREATE VIEW ${name} AS SELECT * FROM base;`);
    const target = await bed.database(`CREATE TABLE base (id int); ${views.join(' ')}`);
    const error = await userErrorOf(bed.restore(archive, target, { clean: true }));
    expect(error.message).toBe(
      'psql failed: The table public.base cannot be replaced: the view public.a, which is not in the backup, depends on it. ' +
        'Also: view public.b depends on table public.base; view public.c depends on table public.base. Nothing was changed: it was one transaction.',
    );
  });
});

describe('a server that crashes during a restore (thorough)', () => {
  it.each(WAYS)('leaves the target empty, or the error says that a part was restored: %s', async (_, way) => {
    const mortal = await startRestoreBed('17');
    try {
      const target = await mortal.database('', 'slow');
      const restoring = userErrorOf(mortal.restore(slow, target, way));
      await until('the index', async () =>
        (await mortal.server.sessions()).find(({ query }) => query.includes('INDEX')),
      );
      await mortal.server.crash();
      expect((await restoring).message).toMatch(/connection/);
      await mortal.server.start();
      const tables = await mortal.server.query(`SELECT FROM pg_class WHERE relname = 'slow'`, {
        database: target,
      });
      expect(tables).toHaveLength(way.jobs === undefined ? 0 : 1);
    } finally {
      await mortal.stop();
    }
  });
});
