import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CancelledError } from '../../../src/errors.ts';
import { recordChildren } from '../../../src/process/run.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { type RestoreBed, type TestArchive, startRestoreBed } from '../apply/restore-bed.ts';

captureOutput();

let bed: RestoreBed;
let archive: TestArchive;

beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off']);
  archive = await bed.dump(await bed.database('CREATE TABLE t AS SELECT generate_series(1, 9) AS id'));
});
afterAll(() => bed.stop());

describe('a verification that is impossible', () => {
  it('fails and says that row-level security hides rows, even from their owner', async () => {
    const owner = await bed.server.createRole('owner');
    const source = await bed.database(
      'CREATE TABLE notes (id int); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY',
    );
    const notes = await bed.dump(source);
    await bed.server.createDatabase('owned', { owner: 'owner' });
    const session = bed.session('owned', { PGUSER: owner.user, PGPASSWORD: owner.password });
    await bed.restore(notes, 'owned', { session, noOwner: true });
    const error = await userErrorOf(bed.verify(notes, 'owned', { session }));
    expect(error.message).toBe(
      'The restored database could not be verified: row-level security hides rows from this user in public.notes.',
    );
    expect(error.hint).toMatch(/BYPASSRLS.*verify: false/);
    await bed.verify(notes, 'owned');
  });

  it.each([
    [
      'pg_dump fails',
      `echo 'pg_dump: error: query failed: ERROR:  permission denied for table users' >&2; exit 1`,
      /could not be verified: pg_dump failed: The user lacks the privilege to read the table users/,
    ],
    ['pg_dump is killed', 'kill -KILL $$', /could not be verified: pg_dump was ended by SIGKILL/],
    ['its script stops', `echo 'SELECT 1;'`, /could not be verified: the output of pg_dump is incomplete/],
  ])('fails with the cause: %s', async (_, script, message) => {
    const pgDump = join(bed.folder, 'pg_dump');
    await writeFile(pgDump, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    const target = await bed.database('CREATE TABLE t ()');
    const error = await userErrorOf(
      bed.verify(archive, target, { session: bed.session(target, {}, { pgDump }) }),
    );
    expect(error.message).toMatch(message);
  });

  it('stops when the run is cancelled', async () => {
    const controller = new AbortController();
    const cancelled = new CancelledError('SIGINT');
    const target = await bed.database();
    await bed.restore(archive, target);
    let programs = 0;
    recordChildren(() => {
      programs += 1;
      // psql asks the catalog before pg_dump starts.
      if (programs === 2)
        setImmediate(() => {
          controller.abort(cancelled);
        });
    });
    const session = bed.session(target).until(controller.signal);
    await expect(bed.verify(archive, target, { session })).rejects.toBe(cancelled);
  });
});
