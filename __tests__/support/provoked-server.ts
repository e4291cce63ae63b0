import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Database } from './database.ts';
import { serverUser } from './database-folders.ts';
import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  dumpWaits,
  newDatabase,
  whileSession,
  withServer,
  withSetting,
} from './failure-bench.ts';

/** Something happens to the server while a dump waits for a lock. */
async function whileDumpWaits(
  { pgDump }: FailureBench,
  happens: (database: Database) => Promise<unknown>,
): Promise<string> {
  return withServer([], async (database) => {
    await database.sql('CREATE TABLE held (id int)');
    return whileSession(database, 'BEGIN; LOCK TABLE held', async () => {
      const dumping = pgDump(connectionTo(database));
      await dumpWaits(database, 'postgres');
      await happens(database);
      return dumping;
    });
  });
}

/** Grants a process hardly more memory than it has now: what an ordinary user can do to the own processes. */
async function limitMemory(pid: number): Promise<void> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmSize:\s+(\d+) kB/m.exec(status)?.[1]);
  await promisify(execFile)('prlimit', [`--pid=${pid}`, `--as=${(kilobytes + 8192) * 1024}`], serverUser());
}

/** The server as such: how it is, and what it runs out of. */
export const SERVER_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a server that is shutting down',
    cause: /does not accept connections now: it is shutting down/,
    transient: true,
    provoke: ({ psql }) =>
      withServer([], (database) =>
        whileSession(database, 'SELECT 1', async () => {
          process.kill(database.pid, 'SIGTERM');
          return psql(connectionTo(database));
        }),
      ),
  },
  {
    name: 'a server that is shut down during the dump',
    cause: /ended the connection: it was shut down/,
    transient: true,
    provoke: (bench) => whileDumpWaits(bench, (database) => database.halt('fast')),
  },
  {
    name: 'a server that does not look back when it is shut down',
    cause: /ended the connection: it was shut down|closed the connection/,
    transient: true,
    provoke: (bench) => whileDumpWaits(bench, (database) => database.halt('immediate')),
  },
  {
    name: 'a server one of whose processes crashes during the dump',
    cause: /process of the server crashed/,
    transient: true,
    provoke: (bench) =>
      whileDumpWaits(bench, (database) =>
        whileSession(database, 'SELECT 1', async (session) => {
          const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
        }),
      ),
  },
  {
    name: 'a server that is killed during the dump',
    cause: /closed the connection/,
    transient: true,
    provoke: (bench) => whileDumpWaits(bench, (database) => database.crash()),
  },
  {
    name: 'more tables than there is room to lock',
    cause: /too small to lock all tables/,
    hint: /max_locks_per_transaction/,
    provoke: async ({ narrow, pgDump }) => {
      const connection = await newDatabase(narrow, 'wide', '');
      for (let first = 0; first < 1200; first += 30) {
        const names = Array.from({ length: 30 }, (_, index) => `CREATE TABLE t${first + index} ();`);
        await narrow.sql(names.join('\n'), 'wide');
      }
      return pgDump(connection);
    },
  },
  {
    name: 'more room for temporary files than the server grants',
    cause: /temporary files .*temp_file_limit/,
    provoke: (bench) =>
      withSetting(
        bench,
        'temp_file_limit=64kB -c work_mem=64kB',
        'SELECT count(*) FROM (SELECT i FROM generate_series(1, 100000) i ORDER BY i DESC OFFSET 0) s',
      ),
  },
  {
    name: 'a value that is larger than the memory of the server',
    cause: /server ran out of memory .*, in the table public\.held/,
    provoke: async ({ plain, pgDump }) => {
      const script = `CREATE TABLE held AS SELECT repeat('x', 50000000) AS value`;
      const connection = await newDatabase(plain, 'hungry', script);
      const lock = 'BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE';
      return whileSession(
        plain,
        lock,
        async (session) => {
          const dumping = pgDump(connection);
          await limitMemory(await dumpWaits(plain, 'hungry'));
          await session.query('COMMIT');
          return dumping;
        },
        'hungry',
      );
    },
  },
  {
    name: 'a stack that is too deep',
    cause: /max_stack_depth/,
    provoke: (bench) =>
      withSetting(
        bench,
        'max_stack_depth=100kB',
        `CREATE FUNCTION pg_temp.deep(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN pg_temp.deep(n + 1); END $$;
         SELECT pg_temp.deep(1);`,
      ),
  },
];

const HUGE = `CREATE TABLE huge AS SELECT 1 AS id, convert_to(repeat('x', 560 * 1024 * 1024), 'UTF8') AS value`;

/** What no server can print; takes a gigabyte of memory. */
export const HUGE_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a row that is longer than a gigabyte as text',
    cause:
      /A row is too large, in the table public\.huge: as text, it or one of its values needs more than the 1 GB/,
    hint: /exclude-table-data/,
    provoke: async ({ plain, pgDump }) => pgDump(await newDatabase(plain, 'huge', HUGE)),
  },
];
