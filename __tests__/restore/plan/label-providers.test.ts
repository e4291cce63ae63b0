import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../../support/captured-output.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { hasOldest } from '../../support/database-programs.ts';
import { forgedArchive } from '../../support/forged-archive.ts';
import { PlanBed } from './plan-bed.ts';
import { omissionsOf } from './plan-scene.ts';

captureOutput();

// No server of the tests has a provider: a comment of the archive is made a label.
describe.each(hasOldest ? (['13', '17'] as const) : (['17'] as const))(
  'security labels on a server without their provider, PostgreSQL %s (thorough)',
  (version) => {
    let bed: PlanBed;
    let server: Database;
    beforeAll(async () => {
      [bed, server] = await Promise.all([PlanBed.make(), startDatabase({ version })]);
    });
    afterAll(async () => {
      await server.stop();
      await bed.remove();
    });

    it('are left out and named, and the rest is restored and verified', async () => {
      await server.createDatabase('labelled');
      await server.sql(`CREATE TABLE t (id int); COMMENT ON TABLE t IS 'x'`, 'labelled');
      const file = await bed.dump({ server, database: 'labelled' });
      const forged = forgedArchive(await readFile(file), ({ entries }) => {
        for (const entry of entries) {
          if (entry.kind !== 'COMMENT' || entry.tag !== 'TABLE t') continue;
          entry.kind = 'SECURITY LABEL';
          entry.definition = `SECURITY LABEL FOR anon ON TABLE public.t IS 'x';\n`;
        }
      });
      await writeFile(file, forged);
      const { user, password } = await server.createRole('modest');
      for (const as of [undefined, { user, password }]) {
        const { plan, verify } = await bed.restoreForVerification(file, await bed.emptyDatabase(server, as), {
          noOwner: true,
        });
        expect(omissionsOf(plan)).toContain(
          'warning security label on TABLE t in public: the server has not loaded the provider anon: load it (session_preload_libraries) and restore again, or set the label yourself',
        );
        await verify();
      }
    });
  },
);
