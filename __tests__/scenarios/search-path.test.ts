import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type TestBed,
  expectFailedRestore,
  expectFailure,
  expectSuccess,
  remarksOf,
  startTestBed,
} from '../support/test-bed.ts';

const ORIGIN = `
CREATE SCHEMA extensions;
CREATE EXTENSION unaccent SCHEMA extensions;
SET search_path = public, extensions;
CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
CREATE TABLE t (a text, b text GENERATED ALWAYS AS (folded(a)) STORED);
INSERT INTO t VALUES ('é');
`;
const NEEDS =
  /The function folded, which the backup needs for CREATE TABLE public\.t, calls this without its schema/;

let bed: TestBed;
let url: string;
beforeAll(async () => {
  bed = await startTestBed();
  url = await bed.database.createDatabase('origin');
  await bed.database.sql(ORIGIN, 'origin');
});
afterAll(() => bed.stop());

describe('a database whose functions need a search path (thorough)', () => {
  it('passes its test restore and is restored with search-path, over one connection', async () => {
    const inputs = { 'connection-string': url, 'verify-connection-string': bed.database.url };
    expectFailure(await bed.backup({ inputs }), NEEDS, bed.artifacts);
    const given = { 'search-path': 'public, extensions' };
    const backup = await bed.backup({ inputs: { ...inputs, ...given } });
    expectSuccess(backup);
    expect(backup.log).toContain('Test restore succeeded');

    const target = { 'connection-string': await bed.database.createDatabase('target') };
    expectFailedRestore(await bed.restore({ inputs: target }), NEEDS);
    const run = await bed.restore({ inputs: { ...target, ...given, jobs: '2' } });
    expectSuccess(run);
    expect(run.outputs['verified']).toBe('true');
    expect(remarksOf(run)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('restoring with the search path "public", "extensions"'),
        expect.stringContaining('jobs: with search-path, everything is restored over one connection'),
      ]),
    );
    expect(await bed.database.query('SELECT b FROM public.t', { database: 'target' })).toEqual([{ b: 'e' }]);
  });
});
