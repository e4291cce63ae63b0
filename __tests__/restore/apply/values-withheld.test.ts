import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { restoreFailure } from '../../../src/restore/apply/restore-failure.ts';
import { run } from '../../../src/process/run.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type RestoreBed, type TestArchive, startRestoreBed } from './restore-bed.ts';

captureOutput();

/** What stands in a row, and the table of the target into which it does not fit. */
interface Hostile {
  readonly value?: string;
  readonly target: string;
  /** What is said all the same. */
  readonly says?: RegExp;
}

const SECRET = 'sEcReT';
const column = (type: string): string => `CREATE TABLE t (v ${type})`;
const raising = (raise: string): string =>
  `${column('text')}; CREATE FUNCTION raising() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${raise}; END $$;
   CREATE TRIGGER raising BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION raising()`;

const HOSTILE: Readonly<Record<string, Hostile>> = {
  integer: { target: column('integer'), says: /invalid input syntax for type integer/ },
  'a number that is too large': {
    value: `98765432109876543210`,
    target: column('bigint'),
    says: /out of range/,
  },
  'a date': { target: column('date'), says: /invalid input syntax for type date/ },
  'a date out of range': {
    value: '2020-13-45',
    target: column('date'),
    says: /date\/time field value out of range/,
  },
  'a time zone': { value: `2020-01-01 10:00 ${SECRET}/x`, target: column('timestamptz') },
  JSON: { value: `{"a": ${SECRET}}`, target: column('json'), says: /invalid input syntax for type json/ },
  'JSON of many lines': { value: `{"a":\nerror: ${SECRET}\n}`, target: column('jsonb') },
  XML: { value: `<a>${SECRET}`, target: column('xml') },
  'a UUID': { target: column('uuid'), says: /invalid input syntax for type uuid/ },
  'an address': { target: column('inet') },
  'a network': { value: '98.76.54.32/8', target: column('cidr') },
  bits: { target: column('bit(3)') },
  'too many bits': { value: '98765'.replaceAll(/\d/g, '1'), target: column('bit(3)') },
  money: { target: column('money') },
  boolean: { target: column('boolean') },
  bytea: { value: `\\x${SECRET}`, target: column('bytea') },
  'a query of words': { value: `${SECRET} & & b`, target: column('tsquery') },
  'a path': { value: `$.${SECRET}[`, target: column('jsonpath') },
  'a range': { value: `[${SECRET},`, target: column('int4range') },
  'a range that ends before it begins': { value: '[98765,1]', target: column('int4range') },
  'an array': { value: `{${SECRET}`, target: column('text[]'), says: /malformed array literal/ },
  'a row': { value: `(${SECRET}`, target: `CREATE TYPE pair AS (a int, b int); ${column('pair')}` },
  'a point': { target: column('point') },
  'an OID': { target: column('regclass') },
  'a role': { value: `"${SECRET}"`, target: column('regrole') },
  'a collation': { value: `"${SECRET}"`, target: column('regcollation') },
  'a name with dots': { value: `"${SECRET}".x.y`, target: column('regclass') },
  'a privilege': { value: `${SECRET}=r/x`, target: column('aclitem') },
  'a role that a function asks for': {
    target: raising(`PERFORM has_table_privilege(NEW.v, 't', 'select'); RETURN NEW`),
  },
  'a role that a function sets': { target: raising(`PERFORM set_config('role', NEW.v, true); RETURN NEW`) },
  'a setting that a function sets': { target: raising(`PERFORM set_config(NEW.v, '1', true); RETURN NEW`) },
  'a table that a function reads as a name': {
    target: raising(`NEW.v := NEW.v::regclass::text; RETURN NEW`),
  },
  'a DROP made of a row': { target: raising(`EXECUTE 'DROP TABLE ' || NEW.v; RETURN NEW`) },
  'a label': {
    target: `CREATE TYPE mood AS ENUM ('ok'); ${column('mood')}`,
    says: /invalid input value for enum/,
  },
  'a text that is too long': { target: column('varchar(2)'), says: /value too long/ },
  'a numeric that is too large': {
    value: '98765.4321',
    target: column('numeric(3,1)'),
    says: /numeric field overflow/,
  },
  'a domain': {
    target: `CREATE DOMAIN d AS text CHECK (value = ''); ${column('d')}`,
    says: /domain public\.d violates check constraint/,
  },
  'a check': {
    target: `CREATE TABLE t (v text CONSTRAINT short CHECK (length(v) < 2))`,
    says: /check constraint \("t", "short"\)/,
  },
  'a unique index': {
    target: `CREATE TABLE t (v text UNIQUE); INSERT INTO t VALUES ('${SECRET}')`,
    says: /"t_v_key"/,
  },
  'an exclusion': {
    target: `CREATE TABLE t (v text, EXCLUDE USING btree (v WITH =)); INSERT INTO t VALUES ('${SECRET}')`,
    says: /"t_v_excl"/,
  },
  'a foreign key': {
    target: `CREATE TABLE o (v text PRIMARY KEY); CREATE TABLE t (v text REFERENCES o)`,
    says: /foreign key/,
  },
  'a partition': {
    target: `CREATE TABLE t (v text) PARTITION BY LIST (v)`,
    says: /no partition of relation "t"/,
  },
  'a generated column': { target: `CREATE TABLE t (v text, n int GENERATED ALWAYS AS (v::int) STORED)` },
  'a function of an index': { target: `CREATE TABLE t (v text); CREATE INDEX ON t ((v::int))` },
  'a pattern': { value: `(${SECRET}`, target: `CREATE TABLE t (v text CHECK ('a' !~ v))` },
  'a message of a trigger': {
    target: raising(`RAISE EXCEPTION 'customer % does not exist', NEW.v`),
    says: /Its text may contain values/,
  },
  'a message with a detail and a hint': {
    target: raising(`RAISE EXCEPTION 'no' USING DETAIL = NEW.v, HINT = 'error: ' || NEW.v`),
  },
  'a message of many lines': {
    target: raising(
      `RAISE EXCEPTION USING MESSAGE = E'first\\nerror: ' || NEW.v || E'\\nERROR:  ' || NEW.v || E'\\nFATAL:  option ' || NEW.v`,
    ),
  },
  'a message like one of the tools': { target: raising(`RAISE EXCEPTION 'invalid customer %', NEW.v`) },
  // A function can word its error like any message of the server, with a value in the place of a name.
  ...Object.fromEntries(
    [
      'role % already exists',
      'domain % does not exist',
      'role "%" does not exist',
      'permission denied for table %',
      'must be owner of %',
      'must be superuser to %',
      'duplicate key value violates unique constraint "%"',
      'terminating connection due to %',
      'password authentication failed for user "%"',
      'cache lookup failed for %',
      'invalid input syntax for type %',
      'no matching tables were found for pattern "%"',
      'connection to server at "%", port 1 failed: x',
    ].map((text) => [
      `the error of a trigger: ${text}`,
      { target: raising(`RAISE EXCEPTION '${text}', NEW.v`), says: /Its text may contain values/ },
    ]),
  ),
  ...Object.fromEntries(
    [
      'ERROR:  role "%" does not exist',
      'DETAIL:  table % depends on table x',
      'psql: error: %',
      'psql:<stdin>:1: ERROR:  role "%" does not exist',
      'pg_restore: error: could not open file "%": x',
      'pg_restore: from TOC entry 1; 2 3 TABLE % x',
      'Command was: COPY % FROM stdin',
      'CONTEXT:  SQL statement "DROP TABLE %"',
    ].map((text) => [
      `a further line of the error of a trigger: ${text}`,
      { target: raising(`RAISE EXCEPTION E'x\\n${text}', NEW.v`), says: /Its text may contain values/ },
    ]),
  ),
  'the error of a function in a domain': {
    target: `CREATE FUNCTION g(x text) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'role % already exists', x; END $f$;
      CREATE DOMAIN d AS text CHECK (public.g(value)); ${column('d')}`,
  },
  'a warning': { target: raising(`RAISE WARNING 'error: %', NEW.v; RETURN NULL`) },
  'a statement made of a row': {
    value: `a 'b ${SECRET}`,
    target: raising(`EXECUTE 'SELECT ' || NEW.v; RETURN NEW`),
  },
  'an unknown column made of a row': { target: raising(`EXECUTE 'SELECT ' || NEW.v; RETURN NEW`) },
  'a cast in a trigger': { target: raising(`PERFORM NEW.v::int; RETURN NEW`) },
  'an assertion': { target: raising(`ASSERT false, NEW.v`) },
  'a setting': {
    target: raising(`PERFORM set_config('TimeZone', NEW.v, true); RETURN NEW`),
    says: /TimeZone|error/,
  },
};

let bed: RestoreBed;
let database: string;
beforeAll(async () => {
  bed = await startRestoreBed('17');
  database = await bed.database();
});
afterAll(() => bed.stop());

/** By the value in it: most rows have the same. */
const archives: Record<string, Promise<TestArchive>> = {};

async function archiveOf(value: string): Promise<TestArchive> {
  const source = await bed.database(`CREATE TABLE t (v text); INSERT INTO t VALUES ($v$${value}$v$)`);
  return bed.dump(source, '--data-only');
}

/** What pg_restore says, and what psql says of the same rows. */
async function said(archive: TestArchive, target: string): Promise<readonly string[]> {
  const { environment } = bed.session(target);
  const connected = ['--data-only', '--exit-on-error', '--verbose', `--dbname=${target}`, archive.file];
  const { stderr } = await run(bed.tools.pgRestore, connected, { env: environment });
  const { stdout: script } = await bed.pgRestore(['--data-only', '--file=-', archive.file]);
  const words = [
    '--no-psqlrc',
    '--quiet',
    '--echo-errors',
    '--set=VERBOSITY=verbose',
    '--set=ON_ERROR_STOP=1',
    '--file=-',
  ];
  const psql = await run(bed.tools.psql, words, { env: environment, stdin: script });
  return [stderr, psql.stderr];
}

describe('the error about a row that does not fit (thorough)', () => {
  it.each(Object.entries(HOSTILE))(
    'shows no value of the row: %s',
    async (_, { value = SECRET, target, says }) => {
      const archive = await (archives[value] ??= archiveOf(value));
      await bed.server.sql(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${target}`, database);
      const streams = await said(archive, database);
      const values = [SECRET, '98765', '2020-13', '98.76', '111'];
      // Otherwise nothing is tested.
      expect(streams.filter((stderr) => values.some((part) => stderr.includes(part)))).not.toEqual([]);
      for (const [index, stderr] of streams.entries()) {
        const error = restoreFailure(index === 0 ? 'pg_restore' : 'psql', stderr, 'Nothing was changed.');
        const told = [error.message, error.hint, String(error.cause)].join('\n');
        for (const part of values) expect(told.toLowerCase()).not.toContain(part.toLowerCase());
        expect(error.message.split('\n')).toHaveLength(1);
        if (says) expect(told).toMatch(says);
      }
    },
  );
});
