import { untilRow, whileSession, withServer } from '../../support/failure-bench.ts';
import type { ActionRun } from '../../support/runner.ts';
import type { FaultBed } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { untilWaiting } from '../held-dump.ts';
import { COMPLETE, WORKER_AT_WORK, backUpInParallel, whenTablesAreLocked } from '../parallel-dump.ts';
import { withStandby } from '../standby.ts';

const STANDBYS: readonly FaultCase[] = [
  {
    fault: 'the server is a standby',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) => withStandby(bed, ({ bed: replicated }) => backUpInParallel(replicated)),
  },
  {
    fault: 'a standby has to apply a change that conflicts with a worker',
    phase: 'dump',
    outcome: 'failed',
    // Which of the two the worker meets first is up to the standby.
    says: /pg_dump failed: (?:The standby had to apply changes of the primary that conflict with the dump\.\n.*max_standby_streaming_delay|A worker of pg_dump could not lock the table)/,
    strike: (bed) =>
      withStandby(bed, async ({ primary, standby, bed: replicated }) => {
        const { proxy } = replicated;
        await proxy.set({ kind: 'hold', ...WORKER_AT_WORK });
        const held = proxy.struck();
        const running = backUpInParallel(replicated);
        await Promise.race([held, running]);
        const read = `SELECT substring(query FROM 'COPY (\\S+)') AS name FROM pg_stat_activity WHERE query LIKE 'COPY %'`;
        const { name } = await untilRow(standby, `${read} OFFSET 1`);
        await primary.query(`DROP TABLE ${String(name)}`, { database: 'large' });
        const [end] = await primary.query('SELECT pg_current_wal_lsn() AS lsn');
        await untilRow(standby, `SELECT 1 WHERE pg_last_wal_receive_lsn() >= '${String(end?.['lsn'])}'`);
        await proxy.set({ kind: 'clear' });
        return running;
      }),
  },
];

const FEW_LOCKS = ['max_connections = 12', 'max_locks_per_transaction = 10', 'max_worker_processes = 1'];

const TOO_FEW = /\[notice\]The dump takes about 1,500 locks, .* room for 120: .* set it to 128/;

/** A server with more tables than one transaction can lock, which is told before the dump. */
function withManyTables(bed: FaultBed): Promise<ActionRun> {
  return withServer([...FEW_LOCKS, 'autovacuum_max_workers = 1'], async (database) => {
    const url = await database.createDatabase('wide');
    for (let first = 0; first < 1500; first += 30) {
      const names = Array.from({ length: 30 }, (_, index) => `CREATE TABLE t${first + index} ();`);
      await database.sql(names.join('\n'), 'wide');
    }
    const run = await backUpInParallel(bed, {}, { ...bed.large, name: 'wide', url, proxiedUrl: url });
    if (!TOO_FEW.test(run.log)) throw new Error(`No notice of the locks:\n${run.log}`);
    return run;
  });
}

/** What other sessions do to tables. */
const TABLES: readonly FaultCase[] = [
  {
    fault: 'another session wants to drop a table before its worker locks it',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: A worker of pg_dump could not lock the table "public\.events_1".*\nRun the backup when no migration is running/,
    strike: (bed) =>
      whileSession(
        bed.database,
        'BEGIN',
        (migration) =>
          whenTablesAreLocked(bed, async (goOn, running) => {
            const dropping = migration.query('DROP TABLE events_1');
            await Promise.race([untilWaiting(bed, 'events_1'), running]);
            await goOn();
            await running;
            await dropping;
            await migration.query('ROLLBACK');
          }),
        bed.large.name,
      ),
  },
  {
    fault: 'there are more tables than the server can lock',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: The server's lock table is too small to lock all tables at once\.\nSet max_locks_per_transaction = 128 on the server, where it is 10, and restart it\./,
    strike: withManyTables,
  },
];

/** What the server and other sessions do to a dump over several connections. */
export const parallelServer: readonly FaultCase[] = [...STANDBYS, ...TABLES];
