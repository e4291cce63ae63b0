import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../support/captured-output.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { userErrorOf } from '../support/user-error.ts';
import { PlanBed } from './plan/plan-bed.ts';

const FEW = ['max_connections = 10', 'max_worker_processes = 1', 'autovacuum = off', 'max_wal_senders = 0'];
const MANY_OBJECTS = `
DO $$ BEGIN
  FOR i IN 1..1500 LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, note text)', i); END LOOP;
  FOR i IN 1..1500 LOOP PERFORM lo_from_bytea((100000 + i)::oid, 'x'); END LOOP;
END $$;`;

captureOutput();

describe('a server with too few locks for a restore in one transaction (thorough)', () => {
  let origin: Database;
  let bed: PlanBed;
  let archive: string;
  beforeAll(async () => {
    [origin, bed] = await Promise.all([
      startDatabase({ settings: ['max_locks_per_transaction = 512'] }),
      PlanBed.make(),
    ]);
    await origin.sql(MANY_OBJECTS);
    archive = await bed.dump({ server: origin, database: 'postgres' });
  });
  afterAll(() => Promise.all([origin.stop(), bed.remove()]));

  it('is told the setting that is needed, which is enough', async () => {
    const poor = await startDatabase({ settings: [...FEW, 'max_locks_per_transaction = 20'] });
    const error = await userErrorOf(bed.restore(archive, await bed.emptyDatabase(poor)));
    expect(error.message).toMatch(/lock table is too small for all that one transaction creates or drops/);
    const [, needed = ''] =
      /^Set max_locks_per_transaction = (\d+) on the server, where it is 20, and restart it\./.exec(
        error.hint,
      ) ?? [];
    await (await bed.restoreForVerification(archive, await bed.emptyDatabase(poor), { jobs: 2 })).verify();
    await poor.stop();

    const rich = await startDatabase({ settings: [...FEW, `max_locks_per_transaction = ${needed}`] });
    await (await bed.restoreForVerification(archive, await bed.emptyDatabase(rich))).verify();
    await rich.stop();
  });
});
