import { describe, expect, it } from '@jest/globals';
import { askCatalogue } from '../../../src/backup/not-included/catalogue-facts.ts';
import { openSnapshot } from '../../../src/postgres/snapshot.ts';
import { testClientTools } from '../../support/client-tools.ts';
import { startDatabase } from '../../support/database.ts';
import { hasOldest } from '../../support/database-programs.ts';
import { connectionTo } from '../../support/failure-bench.ts';
import { testSession } from '../../support/test-session.ts';

describe('the catalogue (thorough)', () => {
  it.each((['13', '16', '18'] as const).filter((version) => version !== '13' || hasOldest))(
    'of a server of version %s can be asked in a snapshot',
    async (version) => {
      const database = await startDatabase({ version });
      try {
        await database.sql('CREATE EXTENSION citext; CREATE UNLOGGED TABLE t (id int); SELECT lo_create(0)');
        const session = testSession(await testClientTools(), connectionTo(database));
        await using snapshot = await openSnapshot(session, { hasSession: true, dumpArguments: [] });
        expect(snapshot.id).toBeDefined();
        expect(await askCatalogue(snapshot, Number(version))).toMatchObject({
          tables: [{ schema: 'public', name: 't', unlogged: true }],
          objects: [{ kind: 'EXTENSION', name: 'citext' }],
          ...{ largeObjects: 1, extensionTables: [], membersOfOthers: [], inSystemSchemas: [] },
        });
      } finally {
        await database.stop('immediate');
      }
    },
  );
});
