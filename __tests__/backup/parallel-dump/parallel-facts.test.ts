import { describe, expect, it } from '@jest/globals';
import { askParallelFacts } from '../../../src/backup/parallel-dump/parallel-facts.ts';
import { testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { hasOldest } from '../../support/database-programs.ts';
import { connectionTo, newRole, whileSession } from '../../support/failure-bench.ts';
import { testSession } from '../../support/test-session.ts';

const SCRIPT = `
ALTER DATABASE shop CONNECTION LIMIT 7;
SELECT lo_from_bytea(0, decode(repeat('00', 100000), 'hex'));`;

async function withServer(
  version: '13' | '16' | '18',
  settings: readonly string[],
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await startDatabase({ version, settings: ['max_connections = 20', ...settings] });
  try {
    await database.createDatabase('shop');
    await database.sql(SCRIPT, 'shop');
    await work(database);
  } finally {
    await database.stop('immediate');
  }
}

describe('the facts for a parallel dump (thorough)', () => {
  it.each((['13', '16', '18'] as const).filter((version) => version !== '13' || hasOldest))(
    'of a server of version %s are its limits for the user, and what others have of them',
    async (version) => {
      const reserved = version === '13' ? 0 : 2;
      const settings = version === '13' ? [] : [`reserved_connections = ${reserved}`];
      const { psql } = await testClientTools();
      await withServer(version, settings, async (database) => {
        const ask = (environment: Parameters<typeof testSession>[1]) =>
          askParallelFacts(testSession({ psql }, { ...environment, PGDATABASE: 'shop' }));
        const limited = await newRole(database, 'limited', 'CONNECTION LIMIT 5');
        await whileSession(database, 'SELECT 1', async () => {
          const facts = await ask(limited);
          expect(facts.limits).toEqual([
            { of: 'the user', most: 5, taken: 0 },
            { of: 'the database', most: 7, taken: 0 },
            { of: 'the server', most: 20, taken: 1 + 3 + reserved },
          ]);
          expect(facts.largeObjectBytes).toBeGreaterThan(1);
        });
        // Neither a limit nor a reserved connection is for a superuser.
        expect((await ask(connectionTo(database))).limits).toEqual([
          { of: 'the server', most: 20, taken: 0 },
        ]);
        if (version === '13') return;
        const preferred = await newRole(database, 'preferred', 'IN ROLE pg_use_reserved_connections');
        expect((await ask(preferred)).limits.at(-1)).toEqual({ of: 'the server', most: 20, taken: 3 });
      });
    },
  );
});
