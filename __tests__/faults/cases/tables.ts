import { whileSession } from '../../support/failure-bench.ts';
import type { ActionRun, RunActionOptions } from '../../support/runner.ts';
import { type FaultBed, type Subject, backUp } from '../fault-bed.ts';
import type { FaultCase } from '../fault-case.ts';
import { untilWaiting, whileHeld, whileWaiting } from '../held-dump.ts';

const COMPLETE = /Read back 4 tables and 182,400 rows/;
const READ_RIGHTS = /\n.*Grant the role pg_read_all_data/;

/** Backs up while another session has an uncommitted change in the database. */
const beside = (
  bed: FaultBed,
  subject: Subject,
  script: string,
  options: RunActionOptions,
): Promise<ActionRun> =>
  whileSession(bed.database, `BEGIN; ${script}`, () => backUp(bed, subject, options), subject.name);

/** Runs a script in the large database. */
const inLarge = (bed: FaultBed, script: string): Promise<unknown> => bed.database.sql(script, bed.large.name);

const SHORT_WAIT = { inputs: { 'pg-dump-args': '--lock-wait-timeout=2s' } };

const LOCKS: readonly FaultCase[] = [
  {
    fault: 'another session locks a table',
    phase: 'dump',
    everyday: true,
    outcome: 'failed',
    says: /pg_dump failed: Timed out waiting for a lock on the table shop\.orders: session \d+ \(user postgres, idle in transaction\) has the lock\.\n.*pg_terminate_backend\(\d+\)/,
    strike: (bed) => beside(bed, bed.shop, 'LOCK TABLE shop.orders', SHORT_WAIT),
  },
  {
    fault: 'another session waits for a lock on a table that a long query reads',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: Timed out waiting for a lock on the table shop\.orders: session \d+ \(.*active\) waits for the lock, behind session \d+ \(.*idle in transaction\)\.\n.*pg_terminate_backend\(\d+\)/,
    strike: (bed) =>
      whileSession(
        bed.database,
        'BEGIN; SELECT FROM shop.orders',
        (reader) =>
          whileSession(
            bed.database,
            'BEGIN',
            async (migration) => {
              const locking = migration.query('LOCK TABLE shop.orders');
              const run = await backUp(bed, bed.shop, SHORT_WAIT);
              await reader.query('COMMIT');
              await locking;
              return run;
            },
            bed.shop.name,
          ),
        bed.shop.name,
      ),
  },
  {
    fault: 'another session locks a table, and releases the lock in time',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) => whileWaiting(bed, 'LOCK TABLE events_2', (_, commit) => commit()),
  },
  {
    fault: 'another session rewrites a system catalog (VACUUM FULL)',
    phase: 'preflight',
    outcome: 'failed',
    says: /The database cannot be examined: Timed out waiting for a lock on a table or a system catalog.*\n.*VACUUM FULL/,
    strike: (bed) => beside(bed, bed.shop, 'LOCK TABLE pg_depend', {}),
  },
];

/** A role that may read everything until its privilege is revoked. */
async function asReader(
  bed: FaultBed,
  when: 'before' | 'middle',
  happens: () => Promise<unknown>,
): Promise<ActionRun> {
  const { database, proxy, large } = bed;
  const role = await database.createRole('reader');
  await database.query('GRANT pg_read_all_data TO reader');
  try {
    const url = database.urlFor({ database: large.name, ...role });
    const subject = { ...large, url, proxiedUrl: proxy.through(url) };
    return await whileHeld(bed, { when, subject, secrets: [role.password] }, happens);
  } finally {
    await database.query('DROP ROLE reader');
  }
}

const revoked = (fault: string, when: 'before' | 'middle'): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'failed',
  says: new RegExp(`pg_dump failed: The user lacks the privilege to read the table .*${READ_RIGHTS.source}`),
  strike: (bed) => asReader(bed, when, () => bed.database.query('REVOKE pg_read_all_data FROM reader')),
});

const RIGHTS: readonly FaultCase[] = [
  revoked('the privilege to read is revoked after the preflight', 'before'),
  revoked('the privilege to read is revoked after the dump has begun', 'middle'),
];

/** A schema change that waits until the dump is over, and is rolled back. */
const waitsForDump = (fault: string, change: string): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'survived',
  says: COMPLETE,
  strike: (bed) =>
    whileSession(
      bed.database,
      'BEGIN',
      async (migration) => {
        let changing: Promise<unknown> | undefined;
        const run = await whileHeld(bed, { when: 'middle' }, () => {
          changing = migration.query(change);
          return untilWaiting(bed, 'events_4');
        });
        await changing;
        await migration.query('ROLLBACK');
        return run;
      },
      bed.large.name,
    ),
});

const PASSING_TABLE = 'CREATE TABLE passing AS SELECT 1 AS id';
const DROPPED = 'DROP TABLE IF EXISTS passing';

/** A table that exists at the preflight, and is dropped before pg_dump has sent anything. */
async function passingTable(bed: FaultBed, options: RunActionOptions = {}): Promise<ActionRun> {
  await inLarge(bed, PASSING_TABLE);
  return whileHeld(bed, { when: 'before', ...options }, () => inLarge(bed, DROPPED)).finally(() =>
    inLarge(bed, DROPPED),
  );
}

const CHANGES: readonly FaultCase[] = [
  {
    fault: 'a table is dropped after the preflight',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: passingTable,
  },
  {
    fault: 'a table that the inputs name is dropped after the preflight',
    phase: 'dump',
    outcome: 'failed',
    says: /pg_dump failed: The tables input matches nothing in the database \(pattern "public\.passing"\)\.\n/,
    strike: (bed) => passingTable(bed, { inputs: { tables: 'public.passing' } }),
  },
  {
    fault: 'a table is dropped after pg_dump has listed it and before pg_dump has locked it',
    phase: 'dump',
    outcome: 'survived',
    says: /run again without the snapshot .*: pg_dump failed: The table "public\.passing" was dropped or renamed while the dump ran/,
    async strike(bed) {
      await inLarge(bed, PASSING_TABLE);
      return whileWaiting(bed, DROPPED, (_, commit) => commit()).finally(() => inLarge(bed, DROPPED));
    },
  },
  waitsForDump('another session tries to drop a table that is being dumped', 'DROP TABLE events_4'),
  waitsForDump(
    'another session tries to alter a table that is being dumped',
    'ALTER TABLE events_4 ADD COLUMN extra text',
  ),
  {
    fault: 'a table is created after the dump has begun',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) =>
      whileHeld(bed, { when: 'middle' }, () => inLarge(bed, PASSING_TABLE)).finally(() =>
        inLarge(bed, DROPPED),
      ),
  },
  {
    fault: 'rows are added to a table before pg_dump reads it',
    phase: 'dump',
    outcome: 'survived',
    says: COMPLETE,
    strike: (bed) =>
      whileHeld(bed, { when: 'middle' }, () =>
        inLarge(bed, `INSERT INTO events_4 SELECT -id, 0, '', '', '', 0, now() FROM events_4 LIMIT 1000`),
      ).finally(() => inLarge(bed, 'DELETE FROM events_4 WHERE id < 0')),
  },
];

/** A database that is dropped during its backup. */
const droppedDatabase = (
  fault: string,
  { when, says }: { readonly when: 'before' | 'middle'; readonly says: RegExp },
): FaultCase => ({
  fault,
  phase: 'dump',
  outcome: 'failed',
  says,
  async strike(bed) {
    const { database, large, proxy } = bed;
    await database.query('CREATE DATABASE doomed TEMPLATE large');
    const url = database.urlFor({ database: 'doomed' });
    const subject: Subject = { ...large, name: 'doomed', url, proxiedUrl: proxy.through(url) };
    return whileHeld(bed, { when, subject }, () =>
      database.query('DROP DATABASE doomed WITH (FORCE)'),
    ).finally(() => database.query('DROP DATABASE IF EXISTS doomed WITH (FORCE)'));
  },
});

/** What other sessions do to the tables of the backup. */
export const tableCases: readonly FaultCase[] = [
  ...LOCKS,
  ...RIGHTS,
  ...CHANGES,
  droppedDatabase('the database is dropped after the preflight', {
    when: 'before',
    says: /pg_dump failed: The server has no database "doomed"\.\nCorrect the name after/,
  }),
  droppedDatabase('the database is dropped (WITH FORCE) after the dump has begun', {
    when: 'middle',
    says: /pg_dump failed: The server (?:closed|ended) the connection.*\n.*Run the job again/,
  }),
];
