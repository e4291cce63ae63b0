import { untilRow } from '../../support/failure-bench.ts';
import { startPgbouncer } from '../../support/pgbouncer.ts';
import { fastClock } from '../../support/fast-clock.ts';
import type { ActionRun } from '../../support/runner.ts';
import type { FaultBed, Subject } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { COMPLETE, WORKERS, WORKER_AT_WORK, backUpInParallel } from '../parallel-dump.ts';
import { parallelFiles } from './parallel-files.ts';
import { parallelServer } from './parallel-server.ts';
import { parallelSignals } from './parallel-signals.ts';

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

/** Faults of a dump over several connections. */
export const parallelCases: readonly FaultCase[] = [
  ...CONNECTION,
  ...LIMITS,
  ...parallelServer,
  ...parallelFiles,
  ...parallelSignals,
];
