import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PsqlError } from '../../src/postgres/psql.ts';
import type { PgSession } from '../../src/postgres/session.ts';
import { openSnapshot } from '../../src/postgres/snapshot.ts';
import { run } from '../../src/process/run.ts';
import { type TestClientTools, testClientTools } from '../support/client-tools.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { connectionTo, untilRow } from '../support/failure-bench.ts';
import { testSession } from '../support/test-session.ts';

const DIRECT = { hasSession: true, dumpArguments: [] };
const HOLDERS = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%snapshot'`;

let database: Database;
let tools: TestClientTools;
let session: PgSession;
beforeAll(async () => {
  [tools, database] = await Promise.all([testClientTools(), startDatabase()]);
  await database.sql('CREATE TABLE counted (id int)');
  session = testSession(tools, connectionTo(database));
});
afterAll(() => database.stop('immediate'));

const allEnded = () => untilRow(database, `SELECT 1 WHERE NOT EXISTS (${HOLDERS})`);
const rows = 'SELECT count(*) FROM public.counted;';

describe('a snapshot (thorough)', () => {
  it('is what every question sees, and pg_dump too', async () => {
    await using snapshot = await openSnapshot(session, DIRECT);
    const before = await snapshot.query(rows, 1);
    await database.query('INSERT INTO counted VALUES (1)');
    expect(await snapshot.query(rows, 1)).toEqual(before);
    const args = ['--data-only', '--table=counted', `--snapshot=${snapshot.id ?? ''}`];
    const dumped = await run(tools.pgDump, args, { env: session.environment });
    expect(dumped.stderr).toBe('');
    expect(dumped.stdout).not.toMatch(/^1$/m);
  });

  it('outlives a failed question, whose error is its own', async () => {
    await using snapshot = await openSnapshot(session, DIRECT);
    const answers = await Promise.allSettled([
      snapshot.query('SELECT 1/0; SELECT 2;', 1),
      snapshot.query(`SELECT 'a', E'line\\nfeed'; SELECT 'b', NULL;`, 2),
    ]);
    expect(answers).toMatchObject([
      { status: 'rejected', reason: { stderr: expect.stringContaining('division by zero') } },
      {
        status: 'fulfilled',
        value: [
          ['a', 'line\nfeed'],
          ['b', ''],
        ],
      },
    ]);
  });

  it.each([
    ['the role', 'ALTER ROLE hasty SET %s'],
    ['the database', 'ALTER DATABASE postgres SET %s'],
  ])('is not ended by the timeouts of %s', async (_, alter) => {
    await database.query('DROP ROLE IF EXISTS hasty');
    const hasty = await database.createRole('hasty');
    const settings = ['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'];
    for (const name of settings) await database.query(alter.replace('%s', `${name} = '200ms'`));
    const hurried = testSession(tools, {
      ...connectionTo(database),
      PGUSER: hasty.user,
      PGPASSWORD: hasty.password,
    });
    await using snapshot = await openSnapshot(hurried, DIRECT);
    expect(await snapshot.query('SELECT pg_catalog.pg_sleep(0.5), 1;', 2)).toHaveLength(1);
    expect(snapshot.id).toBeDefined();
    for (const name of settings) await database.query(`ALTER DATABASE postgres RESET ${name}`);
  });

  it('leaves no session behind, not even in the middle of a question', async () => {
    const aborted = new AbortController();
    const snapshot = await openSnapshot(session.until(aborted.signal), DIRECT);
    expect(await database.query(HOLDERS)).toHaveLength(1);
    const asked = snapshot.query('SELECT pg_catalog.pg_sleep(600), 1;', 2);
    asked.catch(() => undefined);
    await untilRow(database, `${HOLDERS} AND state = 'active'`);
    aborted.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
    await snapshot[Symbol.asyncDispose]();
    await allEnded();
  });

  it('fails the questions that wait, and those that come, when its connection is lost', async () => {
    await using snapshot = await openSnapshot(session, DIRECT);
    const asked = [snapshot.query('SELECT pg_catalog.pg_sleep(600), 1;', 2), snapshot.query(rows, 1)];
    const settled = Promise.allSettled(asked);
    await untilRow(database, `${HOLDERS} AND state = 'active'`);
    await database.query(`SELECT pg_terminate_backend(pid) FROM (${HOLDERS}) holders`);
    for (const answer of await settled) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(PsqlError) });
    }
  });

  it('ends when an answer takes too long', async () => {
    await using snapshot = await openSnapshot(session, DIRECT);
    await expect(snapshot.query('SELECT pg_catalog.pg_sleep(600), 1;', 2, 100)).rejects.toThrow(
      'received no answer for',
    );
    await allEnded();
  });

  it.each([
    ['sessions may be pooled', { hasSession: false, dumpArguments: [] }],
    ['pg_dump is given one', { hasSession: true, dumpArguments: ['--snapshot=0-1'] }],
    ['pg_dump waits for its own', { hasSession: true, dumpArguments: ['--serializable-deferrable'] }],
  ])('is not held if %s: each question sees the present', async (_, options) => {
    await using snapshot = await openSnapshot(session, options);
    const [[before] = []] = await snapshot.query(rows, 1);
    await database.query('INSERT INTO counted VALUES (1)');
    expect(await snapshot.query(rows, 1)).toEqual([[String(Number(before) + 1)]]);
    expect(snapshot.id).toBeUndefined();
    expect(await database.query(HOLDERS)).toEqual([]);
  });

  it('is not held where the server does not answer so: the log says why', async () => {
    const broken = testSession({ ...tools, psql: tools.pgDump }, connectionTo(database));
    await using snapshot = await openSnapshot(broken, DIRECT);
    expect(snapshot.id).toBeUndefined();
  });
});
