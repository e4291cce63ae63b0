import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureOutput } from '../../support/captured-output.ts';
import { type TestClientTools, testClientTools } from '../../support/client-tools.ts';
import { type Database, startDatabase } from '../../support/database.ts';
import { connectionTo } from '../../support/failure-bench.ts';
import { testSession } from '../../support/test-session.ts';
import { dumpOf, saidOf } from './dump-bed.ts';

const output = captureOutput();

let tools: TestClientTools;
let database: Database;
beforeAll(async () => {
  [tools, database] = await Promise.all([
    testClientTools(),
    startDatabase({ settings: ['wal_level = logical'] }),
  ]);
});
afterAll(() => database.stop('immediate'));

/** Dumps a new database in which a script has run. */
async function dumpAfter(name: string, script: string, inputs: Parameters<typeof dumpOf>[2] = {}) {
  await database.createDatabase(name);
  for (const statement of script.split(';\n')) await database.query(statement, { database: name });
  return dumpOf(tools, connectionTo(database, { PGDATABASE: name }), inputs);
}

describe('what is not in a backup (thorough)', () => {
  it('is nothing for a plain database', async () => {
    const script =
      'CREATE TABLE t (id serial PRIMARY KEY, v text);\nCREATE VIEW w AS TABLE t;\nCREATE EXTENSION citext';
    const dumped = await dumpAfter('plain', script);
    expect(saidOf(dumped)).toEqual([]);
    expect(output.text).not.toContain('::warning');
  });

  it('are tables with rows that belong to an extension', async () => {
    const dumped = await dumpAfter(
      'extended',
      `CREATE EXTENSION citext;
CREATE TABLE conf (id int);
INSERT INTO conf VALUES (1);
CREATE TABLE bare (id int);
ALTER EXTENSION citext ADD TABLE conf;
ALTER EXTENSION citext ADD TABLE bare;
CREATE ROLE clerk;
CREATE FUNCTION helper() RETURNS int LANGUAGE sql RETURN 1;
ALTER FUNCTION helper() OWNER TO clerk;
ALTER EXTENSION citext ADD FUNCTION helper()`,
    );
    expect(saidOf(dumped)).toEqual([
      'warning tables of extensions: public.conf (citext)',
      'info definitions and owners of members of extensions: public.helper (citext)',
    ]);
    expect(output.text).toContain('Not in this backup: tables of extensions: public.conf (citext) (pg_dump');
  });

  it('are rows of a configuration table that its condition leaves out', async () => {
    const dumped = await dumpAfter(
      'conditional',
      `CREATE EXTENSION citext;
CREATE TABLE conf (id int);
INSERT INTO conf SELECT generate_series(1, 5);
ALTER EXTENSION citext ADD TABLE conf;
UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid], extcondition = ARRAY['WHERE id > 3'] WHERE extname = 'citext'`,
    );
    expect(saidOf(dumped)).toEqual([
      'info some rows of configuration tables of extensions: public.conf (3 rows)',
    ]);
    expect(dumped.archive.manifest.rows).toBe(2);
  });

  const LARGE_OBJECTS = `CREATE TABLE t (id int);\nSELECT lo_create(0) FROM generate_series(1, 3)`;
  it('are large objects with a selection of schemas or tables', async () => {
    const dumped = await dumpAfter('large', LARGE_OBJECTS, { filters: { schemas: ['public'] } });
    expect(saidOf(dumped)).toContain('warning large objects: 3 large objects');
    expect(output.text).toContain('pg-dump-args: --large-objects');
    const to = connectionTo(database, { PGDATABASE: 'large' });
    expect(saidOf(await dumpOf(tools, to))).toEqual([]);
    const args = (...dumpArguments: string[]) =>
      dumpOf(tools, to, { dumpArguments, filters: { tables: ['t'] } });
    expect(saidOf(await args('--large-objects')).join()).not.toContain('large objects: 3');
    expect(saidOf(await args('--no-large-objects')).join()).toContain('info large objects: 3 large objects');
  });

  it('is what a restore computes anew, by name', async () => {
    const script = `CREATE TABLE t (id int, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO t VALUES (1), (1);
CREATE MATERIALIZED VIEW m AS TABLE t;
CREATE MATERIALIZED VIEW unpopulated AS TABLE t WITH NO DATA;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE distant (id int) SERVER far`;
    await database.createDatabase('anew');
    for (const statement of script.split(';\n')) await database.query(statement, { database: 'anew' });
    await expect(
      database.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON t (id)', { database: 'anew' }),
    ).rejects.toThrow();
    const dumped = await dumpOf(tools, connectionTo(database, { PGDATABASE: 'anew' }));
    expect(saidOf(dumped)).toEqual([
      'info rows of foreign tables: public.distant',
      'info invalid indexes: public.broken',
      'info contents of materialized views: public.m',
      'info values of generated columns: public.t.twice',
    ]);
  });

  it('is what a role without rights cannot dump', async () => {
    const clerk = await database.createRole('modest');
    await database.createDatabase('rights');
    const run = (statement: string) => database.query(statement, { database: 'rights' });
    await run('GRANT pg_read_all_data TO modest');
    await run(`CREATE SUBSCRIPTION news CONNECTION 'password=secret' PUBLICATION p WITH (connect = false)`);
    await run('CREATE EXTENSION postgres_fdw');
    await run('CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw');
    await run(`CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'a', password 'very secret')`);
    await run(`SELECT pg_create_logical_replication_slot('slot_of_it', 'pgoutput')`);
    const to = connectionTo(database, { PGDATABASE: 'rights' });
    const limited = await dumpOf(
      tools,
      { ...to, PGUSER: clerk.user, PGPASSWORD: clerk.password },
      {
        dumpArguments: ['--no-large-objects'],
      },
    );
    expect(saidOf(limited)).toEqual([
      'info what these options leave out: --no-large-objects',
      'warning subscriptions: news',
      'warning options of user mappings: postgres on far',
      'info replication slots: slot_of_it',
    ]);
    output.clear();
    expect(saidOf(await dumpOf(tools, to))).toEqual(['info replication slots: slot_of_it']);
    expect(output.text).toMatch(/passwords: user mapping postgres SERVER far, subscription news/);
    expect(output.text).not.toMatch(/very secret|=secret/);
    await run(`SELECT pg_drop_replication_slot('slot_of_it')`);
    for (const what of ['DISABLE', 'SET (slot_name = NONE)']) await run(`ALTER SUBSCRIPTION news ${what}`);
    await run('DROP SUBSCRIPTION news');
  });

  it('is what belongs to no schema if only some are selected', async () => {
    const script = `CREATE EXTENSION citext;\nCREATE PUBLICATION p;\nCREATE TABLE t (id int)`;
    const dumped = await dumpAfter('selected', script, { filters: { tables: ['t'] } });
    expect(saidOf(dumped)).toEqual([
      'info all but these tables: t',
      'info objects of the whole database: extension citext, publication p',
    ]);
  });

  it('is what was put into a schema of the system', async () => {
    const script = 'CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql RETURN 1';
    expect(saidOf(await dumpAfter('in_system', script))).toEqual([
      'warning objects in schemas of the system: pg_catalog.mine',
    ]);
  });

  it('is what was changed in a text search configuration or an operator family of the system', async () => {
    const script = `CREATE EXTENSION unaccent;
      ALTER TEXT SEARCH CONFIGURATION english ALTER MAPPING FOR word, hword WITH unaccent, english_stem;
      CREATE FUNCTION less(int, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
      CREATE OPERATOR <<<< (FUNCTION = less, LEFTARG = int, RIGHTARG = text);
      ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 1 <<<< (int, text);
      CREATE TYPE own AS ENUM ('a');
      CREATE FUNCTION same(own, own) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
      CREATE OPERATOR === (FUNCTION = same, LEFTARG = own, RIGHTARG = own);
      CREATE OPERATOR CLASS own_class FOR TYPE own USING hash FAMILY pg_catalog.text_ops AS
        OPERATOR 1 ===, FUNCTION 1 (own, own) hashenum(anyenum);
      CREATE TEXT SEARCH CONFIGURATION mine (COPY = english)`;
    expect(saidOf(await dumpAfter('changed_system', script))).toEqual([
      'warning objects in schemas of the system: pg_catalog.english (text search configuration), pg_catalog.integer_ops (operator family)',
    ]);
  });

  it('are rows of unlogged tables if the server is a standby', async () => {
    const standby = await startDatabase({ settings: ['wal_level = replica'] });
    try {
      await standby.sql(
        'CREATE UNLOGGED TABLE quick (id int); INSERT INTO quick VALUES (1); CREATE TABLE safe (id int)',
      );
      expect(saidOf(await dumpOf(tools, connectionTo(standby)))).toEqual([]);
      await standby.halt();
      await writeFile(join(standby.dataDirectory, 'standby.signal'), '');
      await standby.start();
      const dumped = await dumpOf(tools, connectionTo(standby));
      expect(saidOf(dumped)).toEqual(['warning rows of unlogged tables: public.quick']);
      expect(dumped.archive.manifest.tables.map(({ name }) => name)).toEqual(['public.safe']);
    } finally {
      await standby.stop('immediate');
    }
  });

  it('warns of passwords in settings, and of none if the backup is encrypted', async () => {
    const script = `ALTER DATABASE sets SET "app.jwt_secret" = 'very secret';\nALTER ROLE postgres IN DATABASE sets SET app.token = 'very secret';\nALTER DATABASE sets SET app.color = 'red'`;
    await dumpAfter('sets', script);
    expect(output.text).toContain(
      'passwords: setting app.jwt_secret of the database, setting app.token of a role in the database. ',
    );
    expect(output.text).not.toContain('very secret');
    output.clear();
  });

  it('warns of rows in SQL_ASCII that are not UTF-8', async () => {
    await database.query(
      `CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    const to = connectionTo(database, { PGDATABASE: 'bytes' });
    // The usual client cannot ask for SQL_ASCII.
    const run = (sql: string) => testSession(tools, to).query(sql, 1);
    await run(
      `CREATE TABLE good (t text); INSERT INTO good VALUES (E'gr\\303\\274n'); CREATE TABLE bad (t text);`,
    );
    await dumpOf(tools, to);
    expect(output.text).not.toContain('not valid UTF-8');
    await run(`INSERT INTO bad VALUES (E'gr\\xfcn');`);
    await dumpOf(tools, to);
    expect(output.text).toContain('Rows of public.bad contain bytes that are not valid UTF-8.');
  });
});
