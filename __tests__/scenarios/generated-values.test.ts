import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type TestBed,
  expectFailedRestore,
  expectFailure,
  expectSuccess,
  startTestBed,
} from '../support/test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await startTestBed();
  await bed.database.createDatabase('shop');
  await bed.database.sql(
    `CREATE FUNCTION public.rate() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
     CREATE TABLE public.prices (id int PRIMARY KEY, rated int GENERATED ALWAYS AS (id * public.rate()) STORED, "Twice ""it""" text GENERATED ALWAYS AS (md5(id::text)) STORED);
     INSERT INTO public.prices SELECT generate_series(1, 1000); CREATE TABLE public.plain AS SELECT 1 AS id;`,
    'shop',
  );
});
afterAll(() => bed.stop());

function backup(inputs: Record<string, string> = {}): ReturnType<TestBed['backup']> {
  return bed.backup({
    inputs: { 'connection-string': bed.database.urlFor({ database: 'shop' }), ...inputs },
  });
}

let targets = 0;
async function restore(inputs: Record<string, string> = {}): ReturnType<TestBed['restore']> {
  targets += 1;
  const url = await bed.database.createDatabase(`target_${targets}`);
  return bed.restore({ inputs: { 'connection-string': url, 'backup-name': 'shop', ...inputs } });
}

describe('the values of generated columns (thorough)', () => {
  it('are compared after a restore and a test restore', async () => {
    expectSuccess(await backup({ 'verify-connection-string': bed.database.url }));
    const run = await restore();
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('true');
    expect(run.log).not.toContain('not compared');
  });

  it('are noticed to be others where a function has changed since they were stored', async () => {
    await bed.database.sql(
      `CREATE OR REPLACE FUNCTION public.rate() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 101'`,
      'shop',
    );
    const before = bed.artifacts.artifacts().length;
    const says = /public\.prices has other values in its generated columns \(Twice "it", rated\)/;
    expectFailure(
      await backup({ 'verify-connection-string': bed.database.url }),
      says,
      bed.artifacts,
      before,
    );
    expectSuccess(await backup());
    expectFailedRestore(await restore(), says);
    // What does not restore that table, has nothing to compare.
    expectSuccess(await restore({ tables: 'public.plain' }));
  });

  it('are said not to be compared where nothing tells what they were', async () => {
    const secrets = ['correct horse battery staple'];
    const inputs = {
      'connection-string': bed.database.urlFor({ database: 'shop' }),
      'backup-name': 'sealed',
      'age-passphrase': 'correct horse battery staple',
    };
    expectSuccess(await bed.backup({ inputs, secrets }));
    const url = await bed.database.createDatabase('of_sealed');
    const run = await bed.restore({ inputs: { ...inputs, 'connection-string': url }, secrets });
    expectSuccess(run);
    expect(run.log).toContain('not compared: the values of generated columns');
  });
});
