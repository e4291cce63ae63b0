import { expect, describe, it } from '@jest/globals';
import { startDatabase } from '../support/database.ts';
import { expectSuccess, remarksOf, startTestBed } from '../support/test-bed.ts';

/** Autovacuum that looks every second, and then takes minutes. */
const BUSY = [
  'autovacuum = on',
  'autovacuum_naptime = 1s',
  'autovacuum_vacuum_cost_delay = 100',
  'autovacuum_vacuum_cost_limit = 1',
];

describe('a test restore by a role with short timeouts, on a server whose autovacuum never rests (thorough)', () => {
  it('succeeds, and leaves no scratch database behind', async () => {
    const [bed, busy] = await Promise.all([startTestBed(), startDatabase({ settings: BUSY })]);
    try {
      const hurried = await busy.createRole('hurried', { attributes: 'CREATEDB' });
      for (const setting of ['statement_timeout', 'lock_timeout', 'transaction_timeout']) {
        await busy.query(`ALTER ROLE hurried SET ${setting} = '30ms'`);
      }
      const url = await bed.database.createDatabase('source');
      await bed.database.sql(
        `CREATE TABLE many AS SELECT i FROM generate_series(1, 200000) i;
         CREATE FUNCTION slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
           $$BEGIN IF current_database() <> 'source' THEN PERFORM pg_sleep(3); END IF; RETURN 1; END$$;
         CREATE TABLE one AS SELECT 1 AS i; CREATE INDEX ON one (slowly(i))`,
        'source',
      );
      const run = await bed.backup({
        inputs: {
          'connection-string': url,
          'verify-connection-string': busy.urlFor({ ...hurried, database: 'postgres' }),
        },
        secrets: [busy.password, hurried.password],
      });
      expectSuccess(run);
      expect(remarksOf(run)).toEqual([]);
      expect(await busy.query(`SELECT datname FROM pg_database WHERE datname ~ 'test_restore'`)).toEqual([]);
    } finally {
      await Promise.all([bed.stop(), busy.stop()]);
    }
  });
});
