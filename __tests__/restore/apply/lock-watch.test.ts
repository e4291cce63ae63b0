import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { watchLocks } from '../../../src/restore/apply/lock-watch.ts';
import { type RestoreSessions, restoreSessions } from '../../../src/restore/apply/sessions.ts';
import { UserError } from '../../../src/errors.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { until, untilRow, whileSession } from '../../support/failure-bench.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { type RestoreBed, startRestoreBed } from './restore-bed.ts';

const WAIT_MS = 400;

const output = captureOutput();
let bed: RestoreBed;
beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off']);
});
afterAll(() => bed.stop());

/** Lets a session of a restore wait for a lock on a table that another session has locked, for as long as the work takes. */
async function whileWaiting(sessions: RestoreSessions, work: () => Promise<void>): Promise<void> {
  const table = `held_${randomBytes(4).toString('hex')}`;
  await bed.server.query(`CREATE TABLE ${table} ()`);
  const hold = `SET application_name = 'the shop'; BEGIN; LOCK TABLE ${table}`;
  await whileSession(bed.server, hold, (holder) =>
    whileSession(bed.server, `SET application_name = '${sessions.applicationName}'`, async (waiter) => {
      const waiting = waiter.query(`DROP TABLE ${table}`);
      await untilRow(
        bed.server,
        `SELECT FROM pg_locks WHERE relation = '${table}'::regclass AND NOT granted`,
      );
      await work();
      await holder.query('COMMIT');
      await waiting;
    }),
  );
}

it('a watch that cannot query the locks tries again, and does not stop the restore', async () => {
  const { user, password } = await bed.server.createRole('observer');
  const sessions = restoreSessions(bed.session('postgres', { PGUSER: user, PGPASSWORD: password }));
  // As when its one connection is that of the restore.
  await bed.server.query('ALTER ROLE observer CONNECTION LIMIT 0');
  await whileWaiting(sessions, async () => {
    const { signal, stop } = watchLocks(sessions, WAIT_MS);
    try {
      await until('more failed looks than a wait takes', () =>
        Promise.resolve(output.text.split('::debug::The locks cannot be watched').length > 10 || undefined),
      );
      expect(signal.aborted).toBe(false);
      await bed.server.query('ALTER ROLE observer CONNECTION LIMIT -1');
      await until('the end of the retries', () => Promise.resolve(signal.aborted || undefined));
    } finally {
      await stop();
    }
    const error: unknown = signal.reason;
    if (!(error instanceof UserError)) throw error;
    // A role without privileges is not told of the state of others.
    expect(error.message).toMatch(
      /^The restore waited 0\.4 s for a lock on public\.held_\w+, held by session \d+ \(user postgres, application the shop\)\.$/,
    );
    expect(error.hint).toMatch(/pg_terminate_backend\(\d+\)/);
  });
});

it('a watch that is stopped during its query ends without a message', async () => {
  // In the place of psql, whose question is over before it could be stopped.
  const psql = join(bed.folder, 'asks-for-ever');
  await writeFile(psql, '#!/bin/sh\ntouch "$0.asked"\nexec sleep 1000\n', { mode: 0o700 });
  const { signal, stop } = watchLocks(restoreSessions(bed.session('postgres', {}, { psql })), WAIT_MS);
  await until('the question', () => Promise.resolve(existsSync(`${psql}.asked`) || undefined));
  await stop();
  expect(signal.aborted).toBe(false);
  expect(output.text).not.toContain('cannot be watched');
});

it('a restore gives up waiting for a transaction that creates the same object', async () => {
  const archive = await bed.dump(await bed.database('CREATE SCHEMA shop'));
  const target = await bed.database();
  const error = await whileSession(
    bed.server,
    `SET application_name = 'a migration'; BEGIN; CREATE SCHEMA shop`,
    () => userErrorOf(bed.restore(archive, target, { lockWaitMs: WAIT_MS })),
    target,
  );
  expect(error.message).toMatch(
    /^The restore waited 0\.4 s for a lock on transactionid, held by session \d+ \(user postgres, application a migration, idle in transaction\)\. /,
  );
});
