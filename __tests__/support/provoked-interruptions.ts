import { PassThrough } from 'node:stream';
import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  dumpWaits,
  newDatabase,
  until,
  untilRow,
  whileSession,
  withSetting,
} from './failure-bench.ts';

/** A database with tables; another session has an exclusive lock on one of them while a dump runs. */
async function dumpOfLocked(
  { plain, pgDump }: FailureBench,
  name: string,
  tables: readonly string[],
  onWaiting?: (pid: number) => Promise<unknown>,
): Promise<string> {
  const script = tables.map((table) => `CREATE TABLE ${table} (id int);`).join('\n');
  const connection = await newDatabase(plain, name, script);
  const words = onWaiting ? [] : ['--lock-wait-timeout=100'];
  return whileSession(
    plain,
    `BEGIN; LOCK TABLE ${tables[0] ?? ''} IN ACCESS EXCLUSIVE MODE`,
    async () => {
      const dumping = pgDump(connection, ...words);
      await onWaiting?.(await dumpWaits(plain, name));
      return dumping;
    },
    name,
  );
}

/** Ends a dump that waits for a lock by what is done to its session. */
async function endDump(bench: FailureBench, name: string, call: string): Promise<string> {
  return dumpOfLocked(bench, name, ['held'], (pid) => bench.plain.query(`SELECT ${call}(${pid})`));
}

/** A session that goes on only when the server has ended it for idling. */
async function idle(
  { plain, psql }: FailureBench,
  setting: string,
  reason: string,
  start: string,
): Promise<string> {
  const script = new PassThrough();
  const failing = psql(connectionTo(plain, { PGOPTIONS: `-c ${setting}=50` }), script);
  script.write(start);
  await until(reason, () => Promise.resolve(plain.log.includes(reason) || undefined));
  script.end('SELECT 2;\n');
  return failing;
}

/** Locks, time limits, and sessions that somebody ends. */
export const INTERRUPTION_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a table that stays locked',
    cause: /Timed out waiting for a lock on the table public\.held/,
    hint: /--lock-wait-timeout/,
    provoke: (bench) => dumpOfLocked(bench, 'locked', ['held']),
  },
  {
    name: 'one of several tables that stays locked',
    cause: /Timed out waiting for a lock on one of the tables public\.a, public\.b, public\."c, d"/,
    provoke: (bench) => dumpOfLocked(bench, 'locked_many', ['a', 'b', '"c, d"']),
  },
  {
    name: 'a lock that a query waits for too long',
    cause: /Timed out waiting for a lock/,
    hint: /VACUUM FULL/,
    transient: true,
    provoke: (bench) =>
      whileSession(bench.plain, 'BEGIN; LOCK TABLE pg_largeobject', () =>
        withSetting(bench, 'lock_timeout=50', 'SELECT count(*) FROM pg_largeobject'),
      ),
  },
  {
    name: 'a lock that is not waited for',
    cause: /is locked by another session/,
    provoke: ({ plain, psql }) =>
      whileSession(plain, 'BEGIN; LOCK TABLE pg_description', () =>
        psql(connectionTo(plain), 'BEGIN; LOCK TABLE pg_description NOWAIT'),
      ),
  },
  {
    name: 'a query that takes too long',
    cause: /statement_timeout ended a query/,
    hint: /ALTER ROLE/,
    provoke: (bench) => withSetting(bench, 'statement_timeout=50', 'SELECT pg_sleep(60)'),
  },
  {
    name: 'a transaction that idles too long',
    cause: /idle_in_transaction_session_timeout ended the session/,
    provoke: (bench) =>
      idle(bench, 'idle_in_transaction_session_timeout', 'idle-in-transaction timeout', 'BEGIN;\n'),
  },
  {
    name: 'a session that idles too long',
    cause: /idle_session_timeout ended the session/,
    provoke: (bench) => idle(bench, 'idle_session_timeout', 'idle-session timeout', 'SELECT 1;\n'),
  },
  {
    name: 'a transaction that takes too long',
    cause: /transaction_timeout ended the session/,
    provoke: (bench) => withSetting(bench, 'transaction_timeout=50', 'BEGIN;\nSELECT pg_sleep(60);'),
  },
  {
    name: 'a dump that somebody cancels',
    cause: /A query was cancelled/,
    provoke: (bench) => endDump(bench, 'cancelled', 'pg_cancel_backend'),
  },
  {
    name: 'a dump whose session somebody ends',
    cause: /ended the connection: it was shut down or restarted, or the session was terminated/,
    transient: true,
    provoke: (bench) => endDump(bench, 'terminated', 'pg_terminate_backend'),
  },
  {
    name: 'a table that is dropped while the dump waits for it',
    cause: /"public\.held" .*while the dump/,
    provoke: async ({ plain, pgDump }) => {
      const connection = await newDatabase(plain, 'dropped', 'CREATE TABLE held (id int)');
      return whileSession(
        plain,
        'BEGIN; DROP TABLE held',
        async (session) => {
          const dumping = pgDump(connection);
          await dumpWaits(plain, 'dropped');
          await session.query('COMMIT');
          return dumping;
        },
        'dropped',
      );
    },
  },
  {
    name: 'a deadlock',
    cause: /deadlock/i,
    transient: true,
    provoke: async ({ plain, psql }) => {
      const connection = await newDatabase(plain, 'dead', 'CREATE TABLE a (); CREATE TABLE b ()');
      const script = new PassThrough();
      return whileSession(
        plain,
        // The other side never looks for deadlocks, so that it is psql that gives way.
        `SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE a`,
        async (session) => {
          const failing = psql({ ...connection, PGOPTIONS: '-c deadlock_timeout=10' }, script);
          script.write('BEGIN;\nLOCK TABLE b;\n');
          const lock = `SELECT FROM pg_locks WHERE relation = 'b'::regclass AND`;
          await untilRow(plain, `${lock} granted`, 'dead');
          const waiting = session.query('LOCK TABLE b');
          await untilRow(plain, `${lock} NOT granted`, 'dead');
          script.end('LOCK TABLE a;\n');
          const stderr = await failing;
          await waiting;
          return stderr;
        },
        'dead',
      );
    },
  },
];
