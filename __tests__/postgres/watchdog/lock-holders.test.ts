import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { awaitedTables, namingLockHolder } from '../../../src/postgres/watchdog/lock-holders.ts';
import type { PgSession } from '../../../src/postgres/session.ts';
import { UserError } from '../../../src/errors.ts';
import { testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { testSession } from '../../support/test-session.ts';
import { connectionTo, untilRow, whileSession } from '../../support/failure-bench.ts';

const GIVEN = new UserError('runner', 'pg_dump failed: One of the tables stayed locked.', 'Wait.', {
  cause: new Error('what it printed'),
});
const TIMEOUT = 'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout';

let database: Database;
let session: PgSession;
beforeAll(async () => {
  const [tools, server] = await Promise.all([
    testClientTools(),
    startDatabase({ settings: ['max_prepared_transactions = 2'] }),
  ]);
  database = server;
  await database.sql('CREATE TABLE held (id int); CREATE TABLE "Odd, ""name""" (id int)');
  session = testSession(tools, connectionTo(database));
});
afterAll(() => database.stop('immediate'));

/** What pg_dump 17 prints when the server ends its LOCK TABLE. */
const lockFailure = (...tables: readonly string[]): string =>
  `${TIMEOUT}\npg_dump: detail: Query was: LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`;
const asked = async (...tables: readonly string[]): Promise<string> => {
  const { message, hint } = await namingLockHolder(GIVEN, lockFailure(...tables), session);
  return `${message}\n${hint}`;
};

describe('the tables that pg_dump waited for', () => {
  it('are those of its LOCK TABLE, as it quotes them', () => {
    const tables = ['public.a', 'public."b, c"', '"Shop"."say ""hi"""', 'public.d'];
    expect(awaitedTables(lockFailure(...tables))).toEqual(new Set(tables));
  });

  it('can be one table, of an older server', () => {
    const stderr = `${TIMEOUT}\npg_dump: detail: Query was: LOCK TABLE ONLY public.a IN ACCESS SHARE MODE`;
    expect(awaitedTables(stderr)).toEqual(new Set(['public.a']));
  });

  it.each([
    ['another query', `${TIMEOUT}\npg_dump: detail: Query was: COPY public.a TO stdout;`],
    [
      'another failure',
      lockFailure('public.a').replace(/ERROR: .*/, 'ERROR:  permission denied for table a'),
    ],
  ])('are none if it failed at %s', (_, stderr) => {
    expect(awaitedTables(stderr)).toEqual(new Set());
  });
});

describe('a dump that waited for a lock too long', () => {
  it('causes an error that names the table and the session with the lock', async () => {
    await whileSession(database, 'BEGIN; LOCK TABLE held', async () => {
      expect(await asked('public.other', 'public.held')).toMatch(
        /^pg_dump failed: Timed out waiting for a lock on the table public\.held: session \d+ \(user postgres, idle in transaction\) has the lock\.\nRun the backup when no migration is running, or end the session: SELECT pg_terminate_backend\(\d+\)\. .*--lock-wait-timeout=10min/,
      );
    });
  });

  it('causes an error that names a table whose name has to be quoted', async () => {
    await whileSession(database, 'BEGIN; LOCK TABLE "Odd, ""name"""', async () => {
      expect(await asked('public."Odd, ""name"""')).toContain(
        'Timed out waiting for a lock on the table public."Odd, ""name"""',
      );
    });
  });

  it('causes an error that names the long query for which the next session in the queue waits', async () => {
    await whileSession(
      database,
      `SET application_name = 'report'; BEGIN; SELECT FROM held`,
      async (reader) => {
        await whileSession(database, `SET application_name = 'migration'`, async (migration) => {
          const locking = migration.query('BEGIN; LOCK TABLE held; COMMIT');
          await untilRow(database, `SELECT FROM pg_locks WHERE relation = 'held'::regclass AND NOT granted`);
          expect(await asked('public.held')).toMatch(
            /session \d+ \(user postgres, application migration, active\) waits for the lock, behind session \d+ \(user postgres, application report, idle in transaction\)\.\n/,
          );
          await reader.query('COMMIT');
          await locking;
        });
      },
    );
  });

  it('causes an error that names a forgotten prepared transaction', async () => {
    await whileSession(database, `BEGIN; LOCK TABLE held; PREPARE TRANSACTION 'forgotten'`, async () => {
      try {
        expect(await asked('public.held')).toMatch(
          /a prepared transaction has the lock\.\n.*ROLLBACK PREPARED/,
        );
      } finally {
        await database.query(`ROLLBACK PREPARED 'forgotten'`);
      }
    });
  });

  it.each([
    ['the lock was released meanwhile', ['public.held'], {}],
    ['the server cannot be asked', ['public.held'], { PGPORT: '1' }],
  ])('causes the original error if %s', async (_, tables, changes) => {
    expect(await namingLockHolder(GIVEN, lockFailure(...tables), session.with(changes))).toBe(GIVEN);
  });

  it('does not cause an error about a lock on another table', async () => {
    await whileSession(database, 'BEGIN; LOCK TABLE held', async () => {
      expect(await namingLockHolder(GIVEN, lockFailure('public.other'), session)).toBe(GIVEN);
    });
  });

  it('causes an error with the output of pg_dump as its cause', async () => {
    await whileSession(database, 'BEGIN; LOCK TABLE held', async () => {
      expect((await namingLockHolder(GIVEN, lockFailure('public.held'), session)).cause).toBe(GIVEN.cause);
    });
  });
});
