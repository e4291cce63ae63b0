import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../support/captured-output.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { userErrorOf } from '../support/user-error.ts';
import { PlanBed } from './plan/plan-bed.ts';

captureOutput();

describe('a backup of a schema that needs an extension of another schema (thorough)', () => {
  let server: Database;
  let bed: PlanBed;
  beforeAll(async () => {
    [server, bed] = await Promise.all([startDatabase(), PlanBed.make()]);
    await server.sql(
      `CREATE EXTENSION citext; CREATE SCHEMA app; CREATE TABLE app.t (name citext); INSERT INTO app.t VALUES ('x')`,
    );
  });
  afterAll(() => Promise.all([server.stop(), bed.remove()]));

  it('fails with a hint, and is restored and verified once it does what the hint says', async () => {
    const origin = { server, database: 'postgres' };
    const error = await userErrorOf(
      bed.restore(await bed.dump(origin, '--schema=app'), await bed.emptyDatabase(server)),
    );
    expect(error.message).toContain('type "public.citext" does not exist');
    expect(error.hint).toContain('pg-dump-args: --extension=NAME');

    const archive = await bed.dump(origin, '--schema=app', '--extension=citext');
    const options = { forTest: true, noOwner: true, noPrivileges: true };
    await (await bed.restoreForVerification(archive, await bed.emptyDatabase(server), options)).verify();
  });
});
