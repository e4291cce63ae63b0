import { truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type ProvokedRestore, RESTORE_FAILURES } from '../../support/provoked-restore.ts';
import { userErrorOf } from '../../support/user-error.ts';
import { type RestoreBed, type RestoreChanges, type TestArchive, startRestoreBed } from './restore-bed.ts';

captureOutput();

let bed: RestoreBed;
let databases = 0;
beforeAll(async () => {
  bed = await startRestoreBed('17', ['fsync = off']);
});
afterAll(() => bed.stop());

/** One for both tools. */
const archives: Record<string, Promise<TestArchive>> = {};

/** Backs up the source, and leaves neither it nor its roles. */
async function archiveOf({ source, dump = [] }: ProvokedRestore): Promise<TestArchive> {
  const database = await bed.database(source);
  const archive = await bed.dump(database, ...dump);
  await bed.server.query(`DROP DATABASE ${database}`);
  for (const role of ['gone', 'vanished']) await bed.server.query(`DROP ROLE IF EXISTS ${role}`);
  return archive;
}

/** Makes the target and the role, and returns what a restore into it needs. */
async function target(failure: ProvokedRestore): Promise<{ name: string; changes: RestoreChanges }> {
  const name = `target_${(databases += 1)}`;
  const role = await bed.server.createRole(`${name}_user`);
  const owner = failure.ordinary && !failure.foreign ? role.user : 'postgres';
  await bed.server.query(
    `CREATE DATABASE ${name} STRATEGY file_copy OWNER ${owner} ${failure.database ?? ''}`,
  );
  if (failure.target !== undefined) await bed.server.sql(failure.target.replaceAll('USER', role.user), name);
  const user: Record<string, string> = failure.ordinary
    ? { PGUSER: role.user, PGPASSWORD: role.password }
    : {};
  const session = bed.session(name, { ...user, ...failure.environment });
  const { clean = false, noOwner = true } = failure;
  return { name, changes: { session, clean, noOwner } };
}

describe.each(Object.entries(RESTORE_FAILURES))('the diagnosis of %s', (_, failures) => {
  describe.each([
    ['pg_restore', {}],
    ['psql (thorough)', { serverMajor: 16 }],
  ])('by %s', (_tool, way) => {
    it.each(failures)('explains $name', async (failure) => {
      const archive = (archives[failure.name] ??= archiveOf(failure));
      const { name, changes } = await target(failure);
      const error = await userErrorOf(bed.restore(await archive, name, { ...changes, ...way }));
      expect(error.message).toMatch(failure.cause);
      expect(error.hint).toMatch(failure.hint);
      expect([error.message, error.hint, String(error.cause)].join()).not.toMatch(/secret"|70000|Key/);
    });
  });
});

describe('the diagnosis of an archive', () => {
  it('explains a truncated archive', async () => {
    const { file } = await bed.dump(
      await bed.database(`CREATE TABLE t AS SELECT repeat(md5(g::text), 9) FROM generate_series(1, 999) g`),
    );
    await truncate(file, 3_000);
    const { stderr } = await bed.pgRestore(['--file=-', file]);
    expect(diagnose(stderr).cause).toMatch(/archive is damaged/);
  });
});
