import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createScratchDatabase } from '../../../src/backup/test-restore/scratch-database.ts';
import type { PgSession } from '../../../src/postgres/session.ts';
import { settingsFor } from '../../../src/postgres/session-settings.ts';
import { hasOldest } from '../../support/database-programs.ts';
import { type RestoreBed, startRestoreBed } from '../../restore/apply/restore-bed.ts';

/** Autovacuum that looks every second, and then takes minutes. */
const BUSY = [
  'autovacuum = on',
  'autovacuum_naptime = 1s',
  'autovacuum_vacuum_cost_delay = 100',
  'autovacuum_vacuum_cost_limit = 1',
];

describe.each(hasOldest ? (['13', '17'] as const) : (['17'] as const))(
  'the scratch database of a role that is no superuser, on PostgreSQL %s (thorough)',
  (version) => {
    let bed: RestoreBed;
    let session: PgSession;
    beforeAll(async () => {
      bed = await startRestoreBed(version, BUSY);
      const { user, password } = await bed.server.createRole('modest', { attributes: 'CREATEDB' });
      const own = { PGUSER: user, PGPASSWORD: password };
      session = bed.session('postgres', {
        ...own,
        ...settingsFor({ major: Number(version), isSuperuser: false }, own),
      });
    });
    afterAll(() => bed.stop());

    const scratches = (): Promise<unknown> =>
      bed.server.query(`SELECT datname FROM pg_database WHERE datname LIKE '%test_restore%'`);

    it('is dropped while autovacuum is at work in it', async () => {
      {
        await using scratch = await createScratchDatabase(session, 'UTF8', () => undefined);
        await scratch.session.query(
          'CREATE TABLE t AS SELECT i, repeat(i::text, 50) FROM generate_series(1, 200000) i; DELETE FROM t;',
          1,
        );
        const worker = `SELECT 1 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = '${scratch.name}'`;
        while ((await bed.server.query(worker)).length === 0) await pause(100);
        // What the worker is for: with it, the role may not use FORCE.
        await expect(session.query(`DROP DATABASE ${scratch.name} WITH (FORCE);`, 1)).rejects.toMatchObject({
          stderr: expect.stringMatching(
            /permission denied to terminate process|member of the role whose process/,
          ),
        });
        expect(await bed.server.query(worker)).not.toEqual([]);
      }
      expect(await scratches()).toEqual([]);
    }, 60_000);

    it('is dropped although another session of the role is connected to it', async () => {
      let ended: Promise<unknown> = Promise.resolve();
      {
        await using scratch = await createScratchDatabase(session, 'UTF8', () => undefined);
        ended = scratch.session.query('SELECT pg_sleep(60);', 1).catch(() => 'ended');
        while (!(await bed.server.sessions()).some(({ query }) => query.includes('pg_sleep')))
          await pause(50);
      }
      expect(await ended).toBe('ended');
      expect(await scratches()).toEqual([]);
    });

    it('is created and dropped whatever timeouts the role has', async () => {
      await bed.server.sql(
        `ALTER ROLE modest SET statement_timeout = '30ms'; ALTER ROLE modest SET lock_timeout = '1ms'`,
      );
      if (version === '17') await bed.server.query(`ALTER ROLE modest SET transaction_timeout = '30ms'`);
      {
        await using scratch = await createScratchDatabase(session, 'UTF8', () => undefined);
        expect(await scratches()).toEqual([{ datname: scratch.name }]);
      }
      expect(await scratches()).toEqual([]);
    });
  },
);
