import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../support/captured-output.ts';
import { type Database, startDatabase } from '../support/database.ts';
import { type ServerVersion, hasOldest } from '../support/database-programs.ts';
import { userErrorOf } from '../support/user-error.ts';
import { type Place, PlanBed } from './plan/plan-bed.ts';

/** What can be made under a search path, and not under an empty one. */
const EXTENSIONS = `
CREATE SCHEMA "Ext";
CREATE EXTENSION unaccent SCHEMA "Ext";
CREATE EXTENSION hstore SCHEMA "Ext";
SET search_path = public, "Ext";
CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN unaccent($1); END';
`;
const OBJECTS: Readonly<Record<string, string>> = {
  'a generated column': `CREATE TABLE t (a text, b text GENERATED ALWAYS AS (plain(a)) STORED); INSERT INTO t VALUES ('é');`,
  'a generated column by PL/pgSQL': `CREATE TABLE t (a text, b text GENERATED ALWAYS AS (slowly(a)) STORED); INSERT INTO t VALUES ('é');`,
  'a CHECK': `CREATE TABLE t (a text CHECK (slowly(a) <> '')); INSERT INTO t VALUES ('é');`,
  'a domain': `CREATE DOMAIN d AS text CHECK (plain(VALUE) <> ''); CREATE TABLE t (a d); INSERT INTO t VALUES ('é');`,
  'the condition of a trigger': `CREATE TABLE t (h hstore);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER changed BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.h IS DISTINCT FROM NEW.h) EXECUTE FUNCTION note();`,
};
const INDEXES: Readonly<Record<string, string>> = {
  'an index': `CREATE TABLE t (a text); INSERT INTO t VALUES ('é'); CREATE INDEX folded ON t (slowly(a));`,
  'a materialized view': `CREATE TABLE t (a text); INSERT INTO t VALUES ('é'); CREATE MATERIALIZED VIEW mv AS SELECT slowly(a) FROM t;`,
};
const SEARCH_PATH = ['public', 'Ext'];

const VERSIONS: readonly ServerVersion[] = hasOldest ? ['13', '16', '17'] : ['16', '17'];
const output = captureOutput();

describe.each(VERSIONS)('a restore into PostgreSQL %s (thorough)', (version) => {
  let server: Database;
  let bed: PlanBed;
  beforeAll(async () => {
    [server, bed] = await Promise.all([startDatabase({ version }), PlanBed.make()]);
  });
  afterAll(() => Promise.all([server.stop(), bed.remove()]));

  const archiveOf = async (script: string): Promise<string> =>
    bed.dump(await bed.filledDatabase(server, EXTENSIONS + script));
  /** On 13, everybody may create in the schema public. */
  async function target(): Promise<Place> {
    const place = await bed.emptyDatabase(server);
    await server.sql('REVOKE CREATE ON SCHEMA public FROM PUBLIC', place.database);
    return place;
  }

  it.each(Object.entries({ ...OBJECTS, ...(version === '17' ? {} : INDEXES) }))(
    'of %s that needs a search path names it, and succeeds with search-path',
    async (_, script) => {
      const archive = await archiveOf(script);
      const error = await userErrorOf(bed.restore(archive, await target()));
      expect(error.message).toMatch(/is empty unless search-path is set/);
      expect(error.hint).toMatch(/search-path: public, extensions/);

      const place = await target();
      const { verify } = await bed.restoreForVerification(archive, place, { searchPath: SEARCH_PATH });
      await verify();
      expect(output.text).toContain('restoring with the search path "public", "Ext"');
    },
  );

  it('by the owner of a database succeeds with search-path', async () => {
    const archive = await archiveOf(OBJECTS['a CHECK'] ?? '');
    const as = await server.createRole('owner');
    const place = await bed.emptyDatabase(server, as);
    await server.sql(
      `CREATE SCHEMA "Ext"; CREATE EXTENSION unaccent SCHEMA "Ext"; CREATE EXTENSION hstore SCHEMA "Ext";
       GRANT USAGE ON SCHEMA "Ext" TO owner;
       REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT ALL ON SCHEMA public TO owner`,
      place.database,
    );
    const options = { searchPath: SEARCH_PATH, noOwner: true, confirmDatabase: place.database };
    await (await bed.restoreForVerification(archive, place, options)).verify();
  });

  it('is refused where somebody else can put functions into the search path', async () => {
    const archive = await archiveOf(OBJECTS['a CHECK'] ?? '');
    const place = await target();
    await server.createRole('mallory');
    await server.sql('GRANT CREATE ON SCHEMA public TO mallory', place.database);
    const plan = (options: { searchPath: readonly string[]; forTest?: boolean }) =>
      bed.plan(archive, place, options);
    const { message } = await userErrorOf(plan({ searchPath: SEARCH_PATH }));
    expect(message).toBe(
      'search-path: mallory may create functions in the schema "public" of the target, which the restore would then call with its own rights.',
    );
    await expect(plan({ searchPath: ['Ext'] })).resolves.toBeDefined();
    await expect(plan({ searchPath: SEARCH_PATH, forTest: true })).resolves.toBeDefined();
    await server.sql(
      'REVOKE CREATE ON SCHEMA public FROM mallory; GRANT CREATE ON SCHEMA public TO PUBLIC',
      place.database,
    );
    await expect(plan({ searchPath: SEARCH_PATH })).rejects.toThrow(/everybody \(PUBLIC\) may create/);
    await expect(plan({ searchPath: ['nowhere'] })).rejects.toThrow(
      'neither the target nor the backup has the schema "nowhere"',
    );
  });
});
