import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../src/process/run.ts';
import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  newDatabase,
  newRole,
  until,
  untilRow,
  whileSession,
} from './failure-bench.ts';
import { smallDisk } from './small-disk.ts';

/** A dump with two workers. */
function parallelDump(
  { pgDump, folder }: FailureBench,
  connection: Environment,
  ...words: readonly string[]
): Promise<string> {
  const target = join(folder, `of-${connection['PGDATABASE'] ?? ''}-by-${connection['PGUSER'] ?? ''}`);
  return pgDump(connection, '--format=directory', '--jobs=2', `--file=${target}`, ...words);
}

/** A parallel dump, one of whose workers takes many seconds to compress what it reads: time to do something to it. */
async function whileWorkerReads(
  bench: FailureBench,
  name: string,
  happens: (session: number) => unknown,
): Promise<string> {
  const rows = `SELECT md5(i::text) FROM generate_series(1, 1500000) i`;
  const connection = await newDatabase(bench.plain, name, `CREATE TABLE slow AS ${rows}`);
  const dumping = parallelDump(bench, connection, '--compress=zstd:19');
  const reading = `SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY public.slow%'`;
  const row = await untilRow(bench.plain, `${reading} AND datname = current_database()`, name);
  await happens(Number(row['pid']));
  return dumping;
}

/** The processes that a parallel dump into this folder has started. */
function workersOf(folder: string): number[] {
  const ofDump = readdirSync('/proc').flatMap((pid) => {
    try {
      const isOfDump = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--file=${folder}/`);
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return isOfDump ? [{ pid: Number(pid), parent: Number(parent) }] : [];
    } catch {
      // No process, or one that has just ended.
      return [];
    }
  });
  const pids = new Set(ofDump.map(({ pid }) => pid));
  return ofDump.filter(({ parent }) => pids.has(parent)).map(({ pid }) => pid);
}

/** A session that wants to drop a table that the dump has locked, before a worker locks it too. */
async function dropBeforeWorker(bench: FailureBench): Promise<string> {
  const { plain } = bench;
  const name = 'dropping';
  const connection = await newDatabase(plain, name, 'CREATE TABLE held (id int)');
  const waits = (table: string): Promise<unknown> =>
    untilRow(
      plain,
      `SELECT 1 AS one FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`,
      name,
    );
  return whileSession(
    plain,
    // pg_dump reads it after it has locked the tables, and before it starts its workers.
    'BEGIN; LOCK TABLE pg_policy IN ACCESS EXCLUSIVE MODE',
    (gate) =>
      whileSession(
        plain,
        'BEGIN',
        async (migration) => {
          const dumping = parallelDump(bench, connection);
          await waits('pg_policy');
          const dropping = migration.query('DROP TABLE held');
          await waits('held');
          await gate.query('COMMIT');
          const stderr = await dumping;
          await dropping;
          return stderr;
        },
        name,
      ),
    name,
  );
}

/** Each method of compression has its own words for it. */
async function fillDisk(bench: FailureBench, method: string): Promise<string> {
  const rows = 'SELECT md5(i::text) FROM generate_series(1, 100000) i';
  const connection = await newDatabase(bench.plain, `full_${method}`, `CREATE TABLE many AS ${rows}`);
  const disk = await smallDisk(1);
  // As recorded, where this user may not mount a disk.
  if (!disk) return 'pg_dump: error: error during writing: No space left on device\n';
  try {
    return await parallelDump(
      bench,
      connection,
      `--compress=${method}`,
      `--file=${join(disk.folder, 'full')}`,
    );
  } finally {
    await disk.remove();
  }
}

/** What only a parallel dump can meet: the failure of a worker, of which the process that started it says nothing. */
export const PARALLEL_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a worker whose session is ended',
    cause: /closed the connection|ended the connection/,
    transient: true,
    provoke: (bench) =>
      whileWorkerReads(bench, 'ended', (pid) => bench.plain.query(`SELECT pg_terminate_backend(${pid})`)),
  },
  {
    name: 'a worker that is killed',
    cause: /A worker process of pg_dump has ended and did not say why/,
    hint: /memory/,
    provoke: (bench) =>
      whileWorkerReads(bench, 'killed', async () => {
        const workers = await until('the workers', () => {
          const found = workersOf(bench.folder);
          return Promise.resolve(found.length === 2 ? found : undefined);
        });
        for (const pid of workers) process.kill(pid, 'SIGKILL');
      }),
  },
  {
    name: 'a table that another session wants to drop, before a worker locks it',
    cause: /A worker of pg_dump could not lock the table "public\.held"/,
    hint: /"jobs: 1"/,
    provoke: dropBeforeWorker,
  },
  {
    name: 'fewer connections than workers',
    cause: /no free connection/,
    hint: /Each of the jobs is a connection/,
    transient: true,
    provoke: async (bench) => {
      await newDatabase(bench.plain, 'crowded', 'CREATE TABLE held (id int)');
      const role = await newRole(bench.plain, 'lone', 'CONNECTION LIMIT 1 IN ROLE pg_read_all_data');
      return parallelDump(bench, { ...role, PGDATABASE: 'crowded' });
    },
  },
  {
    name: 'a snapshot of another server',
    cause: /snapshot for pg_dump does not exist: .*on another server/,
    hint: /one server/,
    provoke: (bench) => parallelDump(bench, connectionTo(bench.plain), '--snapshot=00000003-0000001B-1'),
  },
  {
    name: 'a role that may export no snapshot',
    cause: /lacks the privilege to export a snapshot/,
    hint: /"jobs: 1"/,
    provoke: async (bench) => {
      await newDatabase(
        bench.plain,
        'unshared',
        'REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC',
      );
      return parallelDump(bench, { ...(await newRole(bench.plain, 'alone')), PGDATABASE: 'unshared' });
    },
  },
  ...['gzip', 'lz4'].map((method): ProvokedFailure => ({
    name: `a disk that is full, with the compression ${method}`,
    cause: /The disk of the runner is full/,
    hint: /"jobs: 1"/,
    provoke: (bench) => fillDisk(bench, method),
  })),
];
