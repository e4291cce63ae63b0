import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Database, startDatabase } from '../support/database.ts';
import { type TestBed, expectSuccess, startTestBed } from '../support/test-bed.ts';

/** What changes how values are printed or read, or ends a session, as a role or a database may set it. */
const HOSTILE = [
  `bytea_output = escape`,
  `DateStyle = 'SQL, DMY'`,
  `IntervalStyle = sql_standard`,
  `extra_float_digits = -10`,
  `xmlbinary = hex`,
  `xmloption = document`,
  `array_nulls = off`,
  `transform_null_equals = on`,
  `standard_conforming_strings = off`,
  `escape_string_warning = on`,
  `backslash_quote = off`,
  `quote_all_identifiers = on`,
  `client_encoding = LATIN1`,
  `search_path = hostile, pg_catalog`,
  `row_security = off`,
  `check_function_bodies = on`,
  `default_table_access_method = heap`,
  `default_tablespace = aside`,
  `default_toast_compression = pglz`,
  `default_transaction_isolation = serializable`,
  `default_transaction_read_only = on`,
  `default_transaction_deferrable = on`,
  `synchronize_seqscans = on`,
  `client_min_messages = debug1`,
  `statement_timeout = 300`,
  `lock_timeout = 300`,
  `idle_in_transaction_session_timeout = 300`,
  `idle_session_timeout = 300`,
  `transaction_timeout = 300`,
  `TimeZone = 'Asia/Kolkata'`,
  `createrole_self_grant = 'set, inherit'`,
];
const OF_SUPERUSERS = [`session_replication_role = replica`, `zero_damaged_pages = on`];

const CONTENT = `
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.never);
CREATE TABLE public.parents (id int PRIMARY KEY);
CREATE TABLE public.values (
  id int PRIMARY KEY REFERENCES public.parents, bytes bytea, day date, at timestamptz, span interval, ratio double precision,
  list text[], mixed int[], doc xml, word text DEFAULT 'a\\b', since date DEFAULT '2020-01-02',
  hexed text GENERATED ALWAYS AS (md5(word || 'ü€')) STORED, CHECK (word <> 'x' OR day > '2001-02-03'));
INSERT INTO public.parents SELECT generate_series(1, 3000);
INSERT INTO public.values SELECT g, decode(md5(g::text), 'hex') || '\\x00ff5c27'::bytea, date '2001-02-03' + g, timestamptz '2024-03-31 01:30+00' + g * interval '1 hour',
  make_interval(days => g % 40, hours => -g, mins => g), 1 / (g + 0.1)::float8, ARRAY['NULL', NULL, 'ü€' || g], ARRAY[NULL, g], '<?xml version="1.0"?><a>ü€</a>', 'it''s \\ ' || g
FROM generate_series(1, 3000) g;
CREATE VIEW public.texts AS SELECT bytes::text, word FROM public.values WHERE word <> E'\\\\';
CREATE FUNCTION public.noisy() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE DEBUG 'x'; RETURN NEW; END$$;
CREATE TRIGGER noisy BEFORE INSERT ON public.parents FOR EACH ROW EXECUTE FUNCTION public.noisy();
SELECT lo_from_bytea(77, '\\x00ff5c27');`;

const SETTINGS = { settings: ['allow_in_place_tablespaces = on'] };

let bed: TestBed;
let other: Database;
beforeAll(async () => {
  [bed, other] = await Promise.all([startTestBed(SETTINGS), startDatabase(SETTINGS)]);
  for (const server of [bed.database, other]) await server.query(`CREATE TABLESPACE aside LOCATION ''`);
});
afterAll(() => Promise.all([bed.stop(), other.stop()]));

describe('settings of a role and of a database (thorough)', () => {
  it.each([
    ['a superuser', 'superuser', [...HOSTILE, ...OF_SUPERUSERS]],
    ['another role', 'createdb', HOSTILE],
  ])('change nothing in what is backed up, restored and verified by %s', async (_, name, settings) => {
    for (const server of [bed.database, other]) {
      await server.createRole(name, { password: 'hostile-secret', attributes: name });
      await server.createDatabase(name, { owner: name });
    }
    await bed.database.sql(`SET ROLE ${name}; ${CONTENT}`, name);
    const all = settings.map(
      (setting) => `ALTER DATABASE ${name} SET ${setting}; ALTER ROLE ${name} SET ${setting};`,
    );
    for (const server of [bed.database, other]) await server.sql(all.join(''));
    const login = { database: name, user: name, password: 'hostile-secret' };
    const secrets = ['hostile-secret', other.password];
    const run = await bed.backup({
      inputs: {
        'connection-string': bed.database.urlFor(login),
        'verify-connection-string': other.urlFor({ ...login, database: 'postgres' }),
      },
      secrets,
    });
    expectSuccess(run);
    const restored = await bed.restore({
      inputs: { 'connection-string': other.urlFor(login), 'backup-name': name },
      secrets,
    });
    expectSuccess(restored);
    expect(restored.outputs['verified']).toBe('true');
    const rows =
      "SET statement_timeout = 0; SELECT md5(string_agg(v::text, E',' ORDER BY id)) AS sum FROM public.values v";
    expect(await other.sql(rows, name)).toEqual(await bed.database.sql(rows, name));
  });
});
