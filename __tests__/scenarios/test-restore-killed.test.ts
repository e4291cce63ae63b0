import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Database, startDatabase } from '../support/database.ts';
import { whileSession } from '../support/failure-bench.ts';
import { type TestBed, startTestBed } from '../support/test-bed.ts';

let bed: TestBed;
let stage: Database;
beforeAll(async () => {
  [bed, stage] = await Promise.all([startTestBed(), startDatabase()]);
});
afterAll(() => Promise.all([bed.stop(), stage.stop()]));

it('a job that is killed while it creates the scratch database names it in the post step', async () => {
  let kill: () => void = () => undefined;
  // CREATE DATABASE waits for the lock, and the server creates the database when the lock is gone.
  const run = await whileSession(
    stage,
    'BEGIN; LOCK TABLE pg_catalog.pg_database IN SHARE MODE',
    async () => {
      const running = bed.backup({
        inputs: { 'connection-string': bed.database.url, 'verify-connection-string': stage.url },
        secrets: [stage.password],
        onStart: (handle) => {
          kill = () => {
            handle.kill('SIGKILL');
          };
        },
      });
      const creating = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^CREATE DATABASE'`;
      await Promise.race([untilRows(creating), running]);
      kill();
      return running;
    },
  );
  const created = await untilRows(`SELECT datname FROM pg_database WHERE datname ~ 'test_restore'`);
  const name = String(created[0]?.['datname']);
  expect(run.post?.log).toContain(`DROP DATABASE IF EXISTS "${name}";`);
});

async function untilRows(sql: string): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const rows = await stage.query(sql);
    if (rows.length > 0) return rows;
    await pause(50);
  }
  throw new Error(`no rows: ${sql}`);
}
