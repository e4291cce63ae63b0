import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fastClock } from '../../support/fast-clock.ts';
import { untilRow, whileSession, withServer } from '../../support/failure-bench.ts';
import { startPgbouncer } from '../../support/pgbouncer.ts';
import type { ActionRun } from '../../support/runner.ts';
import { smallDisk } from '../../support/small-disk.ts';
import type { FaultBed, Subject } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import {
  WORKERS,
  WORKER_AT_WORK,
  backUpInParallel,
  untilWaiting,
  whenTablesAreLocked,
  withChangedFiles,
  withFilesChangedLate,
} from '../parallel-dump.ts';
import { parallelSignals } from './parallel-signals.ts';
import { withStandby } from '../standby.ts';

const COMPLETE = /Read back 4 tables and 182,400 rows/;
const CLOSED = /pg_dump failed: The server (?:closed|ended) the connection.*\n.*Run the job again/;

const AT_WORK = `FROM pg_stat_activity WHERE query LIKE 'COPY public.events%'`;

/** What goes wrong with the connection of a worker. */
const CONNECTION: readonly FaultCase[] = [
  {
    fault: 'the connection of a worker is reset at its start',
    phase: 'dump',
    outcome: 'failed',
    says: CLOSED,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'reset', times: 1, ...WORKERS });
      return backUpInParallel(bed);
    },
  },
  {
    fault: 'the connection of a worker is reset while it reads rows',
    phase: 'dump',
    outcome: 'failed',
    says: CLOSED,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'reset', times: 1, ...WORKER_AT_WORK });
      return backUpInParallel(bed);
    },
  },
  {
    fault: 'the connection of a worker stops responding while it reads rows',
    phase: 'dump',
    outcome: 'failed',
    says: /The connection of pg_dump is dead/,
    strike: async (bed) => {
      await bed.proxy.set({ kind: 'silence', times: 1, ...WORKER_AT_WORK });
      return backUpInParallel(bed, { env: fastClock() });
    },
  },
  {
    fault: 'the session of a worker is ended on the server',
    phase: 'dump',
    outcome: 'failed',
    says: CLOSED,
    strike: async (bed) => {
      // Both, or the other one could read all that is left before this one is missed.
      await bed.proxy.set({ kind: 'hold', times: 2, ...WORKER_AT_WORK });
      const running = backUpInParallel(bed);
      const both = `${AT_WORK} HAVING count(*) = 2`;
      await Promise.race([untilRow(bed.database, `SELECT 1 ${both}`), running]);
      await bed.database.query(`SELECT pg_terminate_backend(pid) ${AT_WORK}`);
      await bed.proxy.set({ kind: 'clear' });
      return running;
    },
  },
];

/** Works with the large database as a role that may read it, with a limit on its connections. */
async function asLimited<T>(
  bed: FaultBed,
  limit: number,
  work: (subject: Subject, secrets: readonly string[]) => Promise<T>,
): Promise<T> {
  const { database, proxy, large } = bed;
  const role = await database.createRole('limited', { attributes: `CONNECTION LIMIT ${limit}` });
  await database.query('GRANT pg_read_all_data TO limited');
  try {
    const url = database.urlFor({ database: large.name, ...role });
    return await work({ ...large, url, proxiedUrl: proxy.through(url) }, [role.password]);
  } finally {
    await database.query('DROP ROLE limited');
  }
}

/** Backs up through a PgBouncer that lets pass what it cannot keep to a session, so that nothing shows that it is one. */
async function throughPooler(bed: FaultBed): Promise<ActionRun> {
  const pooler = await startPgbouncer(bed.database, [
    'ignore_startup_parameters = extra_float_digits, options',
    'default_pool_size = 2',
    'query_wait_timeout = 1',
  ]);
  try {
    const url = `postgres://anybody:anything@${pooler.host}:${pooler.port}/${bed.large.name}`;
    return await backUpInParallel(bed, {}, { ...bed.large, url, proxiedUrl: url });
  } finally {
    await pooler.stop();
  }
}

/** Connections that are too few, or not of one server. */
const LIMITS: readonly FaultCase[] = [
  {
    fault: 'the user may not have as many connections as there are jobs',
    phase: 'preflight',
    outcome: 'failed',
    says: /^jobs: 2 needs 3 connections, .* and 2 can be opened: the limit of the user is 2, .*\nSet "jobs: 1"/,
    strike: (bed) => asLimited(bed, 2, (subject, secrets) => backUpInParallel(bed, { secrets }, subject)),
  },
  {
    fault: 'the user may not have one more connection than the dump needs',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) => asLimited(bed, 3, (subject, secrets) => backUpInParallel(bed, { secrets }, subject)),
  },
  {
    fault: 'the limit of connections is reached after the preflight',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: The server has no free connection\.\n.*Each of the jobs is a connection/,
    strike: (bed) =>
      asLimited(bed, 9, async (subject, secrets) => {
        await bed.proxy.set({ kind: 'hold', times: 1, spare: 3 });
        const held = bed.proxy.struck();
        const running = backUpInParallel(bed, { secrets }, subject);
        await Promise.race([held, running]);
        await bed.database.query('ALTER ROLE limited CONNECTION LIMIT 2');
        await bed.proxy.set({ kind: 'clear' });
        return running;
      }),
  },
  {
    fault: 'the connection string leads to a pooler, which is allowed',
    phase: 'start',
    outcome: 'failed',
    says: /^jobs: 2 cannot be combined with "allow-pooler: true".*\nUse the direct connection string/,
    strike: (bed) => backUpInParallel(bed, { inputs: { 'allow-pooler': 'true' } }),
  },
  {
    fault: 'the connection string leads to a pooler that nothing shows',
    phase: 'dump',
    outcome: 'failed',
    says: /Timed out waiting for a free connection of the pooler\.\n.*direct connection string/,
    strike: throughPooler,
  },
];

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

/** Backs up with a folder for temporary files on a small disk; undefined where mounting is not allowed. */
async function onDisk(bed: FaultBed, megabytes: number): Promise<ActionRun | undefined> {
  const disk = await smallDisk(megabytes);
  if (!disk) return undefined;
  try {
    const temp = join(disk.folder, 'temp');
    await mkdir(temp);
    return await backUpInParallel(bed, { temp });
  } finally {
    await disk.remove();
  }
}

const UNSTITCHABLE = String.raw`\n.*[Rr]un the job again`;

/** The disk, and the files of the directory. */
const FILES: readonly FaultCase[] = [
  {
    fault: 'the disk is much too small for the dump',
    phase: 'preflight',
    outcome: 'failed',
    says: /^jobs: 2 writes the dump to the disk of the runner first, and it does not fit: .*\nSet "jobs: 1"/,
    strike: (bed) => onDisk(bed, 1),
  },
  {
    fault: 'the disk gets full while the dump is written',
    phase: 'dump',
    outcome: 'failed',
    says: /^pg_dump failed: The disk of the runner is full\.\n.*"jobs: 1"/,
    strike: (bed) => onDisk(bed, 8),
  },
  {
    fault: 'a file of the dump is truncated before it is stitched',
    phase: 'dump',
    everyday: true,
    outcome: 'failed',
    says: new RegExp(`is not complete.*${UNSTITCHABLE}`),
    strike: (bed) => withChangedFiles(bed, 'truncate --size=-100 "$1"'),
  },
  {
    fault: 'a file of the dump is missing before it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`is missing.*${UNSTITCHABLE}`),
    strike: (bed) => withChangedFiles(bed, 'rm "$2"'),
  },
  {
    fault: 'two files of the dump are exchanged while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'mv "$3" kept && mv "$4" "$3" && mv kept "$4"'),
  },
  {
    fault: 'a file of the dump is replaced by that of another dump while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'cp "$4" other && mv other "$4"'),
  },
  {
    fault: 'a file of the dump is truncated while it is stitched',
    phase: 'dump',
    outcome: 'failed',
    says: new RegExp(`was changed meanwhile.*${UNSTITCHABLE}`),
    strike: (bed) => withFilesChangedLate(bed, 'truncate --size=1000 "$4"'),
  },
];

/** Faults of a dump over several connections. */
export const parallelCases: readonly FaultCase[] = [
  ...CONNECTION,
  ...LIMITS,
  ...STANDBYS,
  ...TABLES,
  ...FILES,
  ...parallelSignals,
];
