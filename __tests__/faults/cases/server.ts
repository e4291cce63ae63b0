import { Client } from 'pg';
import type { Database } from '../../support/database.ts';
import { until, untilRow, whileSession } from '../../support/failure-bench.ts';
import type { ActionRun } from '../../support/runner.ts';
import { type FaultBed, type Subject, backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { whileHeld, whileWaiting } from '../held-dump.ts';
import { withStandby, withStartingServer } from '../standby.ts';

/** The error that the server would send may be lost, because it can no longer send it. */
const GONE =
  /pg_dump failed: (?:The server (?:closed|ended) the connection|A process of the server crashed).*\n.*Run the job again/;
const NO_FREE_CONNECTION = 'The server has no free connection';
const COMPLETE = /Read back 4 tables and 182,400 rows/;

/** A fault of the server in the middle of a dump. */
const struckInTheMiddle = (fault: string, happens: (database: Database) => Promise<unknown>): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'failed',
  says: GONE,
  strike: (bed) => whileHeld(bed, { when: 'middle' }, () => happens(bed.database)),
});

/** The same, where the server does not restart by itself. */
const goesDown = (fault: string, happens: (database: Database) => Promise<unknown>): FaultCase => {
  const struck = struckInTheMiddle(fault, happens);
  return { ...struck, strike: (bed) => struck.strike(bed).finally(() => bed.database.start()) };
};

/** Waits until the server answers again after the crash of one of its processes. */
async function untilUp(database: Database): Promise<void> {
  await until('the server is up', () => database.query('SELECT 1').catch(() => undefined));
}

/** The server process of pg_dump's session. */
async function dumpBackend(database: Database): Promise<number> {
  const row = await untilRow(database, `SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY public%'`);
  return Number(row['pid']);
}

const waitingAndEnded = (
  fault: string,
  call: 'pg_terminate_backend' | 'pg_cancel_backend',
  says: RegExp,
): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'failed',
  says,
  strike: (bed) =>
    whileWaiting(bed, 'LOCK TABLE events_2', (pid) => bed.database.query(`SELECT ${call}(${pid})`)),
});

const GOES_DOWN: readonly FaultCase[] = [
  goesDown('the server is killed (SIGKILL)', (database) => database.crash()),
  goesDown('the server is shut down (fast)', (database) => database.halt('fast')),
  goesDown('the server is shut down (immediate)', (database) => database.halt('immediate')),
  struckInTheMiddle('the server is restarted', async (database) => {
    await database.halt('fast');
    await database.start();
  }),
  struckInTheMiddle('the server process of the dump is killed (SIGKILL)', async (database) => {
    process.kill(await dumpBackend(database), 'SIGKILL');
    await untilUp(database);
  }),
  {
    ...struckInTheMiddle('the session of the dump is terminated', async (database) =>
      database.query(`SELECT pg_terminate_backend(${await dumpBackend(database)})`),
    ),
    everyday: true,
  },
  waitingAndEnded(
    'the session of the dump is terminated while it waits for a lock',
    'pg_terminate_backend',
    /pg_dump failed: The server ended the connection.*\n.*Run the job again/,
  ),
  waitingAndEnded(
    'a query of the dump is cancelled on the server',
    'pg_cancel_backend',
    /pg_dump failed: A query was cancelled.*\n.*Run the job again/,
  ),
];

/** Occupies every connection of the server until they are released. */
async function takeAllConnections(database: Database): Promise<() => Promise<void>> {
  const clients: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: database.url });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch {
      break;
    }
    clients.push(client);
  }
  return async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
  };
}

/** A role with its own settings, and the URLs of the shop and the large database for that role. */
async function asRole(
  bed: FaultBed,
  settings: readonly string[],
  work: (of: (subject: Subject) => Subject, secret: string) => Promise<ActionRun>,
): Promise<ActionRun> {
  const { database, proxy } = bed;
  const role = await database.createRole('hurried', { attributes: 'SUPERUSER' });
  try {
    for (const setting of settings) await database.query(`ALTER ROLE hurried SET ${setting}`);
    return await work((subject) => {
      const url = database.urlFor({ database: subject.name, ...role });
      return { ...subject, url, proxiedUrl: proxy.through(url) };
    }, role.password);
  } finally {
    await database.query('DROP ROLE hurried');
  }
}

/** A time limit of the role that is shorter than the pause of the dump: pg_dump sets it to 0 for its own session. */
const limited = (fault: string, setting: string): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'survived',
  says: COMPLETE,
  strike: (bed) =>
    asRole(bed, [`${setting} = '500ms'`], (of, secret) =>
      whileHeld(bed, { when: 'middle', subject: of(bed.large), secrets: [secret] }, () =>
        bed.database.query('SELECT pg_sleep(1.5)'),
      ),
    ),
});

const CONNECTIONS: readonly FaultCase[] = [
  {
    fault: 'the server has no free connection',
    phase: 'preflight',
    outcome: 'failed',
    says: new RegExp(`The database cannot be reached: ${NO_FREE_CONNECTION}.*\n.*raise the connection limit`),
    async strike(bed) {
      const giveBack = await takeAllConnections(bed.database);
      return backUp(bed, bed.shop).finally(giveBack);
    },
  },
  {
    fault: 'the server has no free connection at the first attempt',
    phase: 'preflight',
    outcome: 'survived',
    says: new RegExp(`Attempt 1 of 3: ${NO_FREE_CONNECTION}`),
    async strike(bed) {
      const giveBack = await takeAllConnections(bed.database);
      return backUp(bed, bed.shop, {
        inputs: { 'connection-attempts': '3' },
        onLine: (line) => {
          if (line.startsWith('Attempt 1')) void giveBack();
        },
      }).finally(giveBack);
    },
  },
  {
    fault: 'the server has no free connection after the preflight',
    phase: 'dump',
    outcome: 'survived',
    says: new RegExp(`pg_dump is run again without the snapshot .*: pg_dump failed: ${NO_FREE_CONNECTION}`),
    async strike(bed) {
      let giveBack: (() => Promise<void>) | undefined;
      // The connection of the snapshot is free again a moment after its session has ended.
      const inputs = { 'connection-attempts': '3' };
      const run = await whileHeld(bed, { when: 'before', inputs }, async () => {
        giveBack = await takeAllConnections(bed.database);
      });
      await giveBack?.();
      return run;
    },
  },
];

const STARTING: readonly FaultCase[] = [
  {
    fault: 'the server is starting up',
    phase: 'preflight',
    outcome: 'failed',
    says: /The server does not accept connections now: it is starting up\.\nRun the job again when the server is up/,
    strike: (bed) => withStartingServer(bed, (subject) => backUp(bed, subject)),
  },
  {
    fault: 'the server is starting up at the first attempt',
    phase: 'preflight',
    outcome: 'survived',
    says: /Attempt 1 of 5: The server does not accept connections now: it is starting up/,
    strike: (bed) =>
      withStartingServer(bed, (subject, goOn) =>
        backUp(bed, subject, {
          inputs: { 'connection-attempts': '5' },
          onLine: (line) => {
            if (line.startsWith('Attempt 1')) goOn();
          },
        }),
      ),
  },
  {
    fault: 'the server is stopped',
    phase: 'preflight',
    outcome: 'failed',
    says: /The database cannot be reached: Nothing accepts connections at the port/,
    async strike(bed) {
      await bed.database.halt();
      return backUp(bed, { ...bed.shop, proxiedUrl: bed.shop.url }).finally(() => bed.database.start());
    },
  },
];

const STANDBY: readonly FaultCase[] = [
  {
    fault: 'the standby that is dumped is promoted',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) =>
      withStandby(bed, ({ standby, bed: replicated }) =>
        whileHeld(replicated, { when: 'middle' }, async () => {
          await standby.query('SELECT pg_promote()');
          await untilRow(standby, 'SELECT 1 WHERE NOT pg_is_in_recovery()');
        }),
      ),
  },
  {
    fault: 'the standby that is dumped has to apply a change that conflicts with the dump',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: The standby had to apply changes of the primary that conflict with the dump\.\n.*max_standby_streaming_delay/,
    strike: (bed) =>
      withStandby(bed, ({ primary, standby, bed: replicated }) =>
        whileHeld(replicated, { when: 'middle' }, async () => {
          await primary.query('DROP TABLE events_4', { database: 'large' });
          const [end] = await primary.query('SELECT pg_current_wal_lsn() AS lsn');
          // The change is applied as soon as the dump, which gets an error when it goes on, no longer blocks it.
          await untilRow(standby, `SELECT 1 WHERE pg_last_wal_receive_lsn() >= '${String(end?.['lsn'])}'`);
        }),
      ),
  },
];

/** Faults of the server and of the backup's sessions. */
export const serverCases: readonly FaultCase[] = [
  ...CONNECTIONS,
  ...STARTING,
  ...GOES_DOWN,
  limited('the statement_timeout of the role is shorter than the dump', 'statement_timeout'),
  limited(
    'the idle_in_transaction_session_timeout of the role is shorter than the dump',
    'idle_in_transaction_session_timeout',
  ),
  limited('the transaction_timeout of the role is shorter than the dump', 'transaction_timeout'),
  {
    // The statement_timeout of the role would be shorter.
    fault: 'another session locks a system catalog',
    phase: 'preflight',
    outcome: 'failed',
    says: /The database cannot be examined: Timed out waiting for a lock on a table or a system catalog\.\n.*no migration/,
    strike: (bed) =>
      asRole(bed, [`statement_timeout = '300ms'`], (of, secret) =>
        whileSession(
          bed.database,
          'BEGIN; LOCK TABLE pg_depend',
          () => backUp(bed, of(bed.shop), { secrets: [secret] }),
          'shop',
        ),
      ),
  },
  ...STANDBY,
];
