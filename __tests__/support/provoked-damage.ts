import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from './database.ts';
import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  newDatabase,
  withServer,
} from './failure-bench.ts';

/** Damages the first page of a table, as a failing disk would. */
async function damage(
  database: Database,
  name: string,
  spoil: (file: string) => Promise<void>,
): Promise<void> {
  const [row] = await database.query(`SELECT pg_relation_filepath('t') AS path`, { database: name });
  await database.query('CHECKPOINT');
  await database.halt();
  await spoil(join(database.dataDirectory, String(row?.['path'])));
  await database.start();
}

async function dumpOfDamaged(bench: FailureBench, spoil: (file: string) => Promise<void>): Promise<string> {
  return withServer(['log_min_messages = fatal'], async (database) => {
    const connection = await newDatabase(
      database,
      'damaged',
      `CREATE TABLE t AS SELECT generate_series(1, 100) AS id`,
    );
    await damage(database, 'damaged', spoil);
    return bench.pgDump(connection);
  });
}

/** A dump of a database whose catalog was changed by hand. */
async function dumpOfTampered(bench: FailureBench, name: string, script: string): Promise<string> {
  const connection = await newDatabase(bench.plain, name, script);
  return bench.pgDump(connection);
}

/** What is in the database, and is broken. */
export const DAMAGE_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a page that is damaged',
    cause: /is damaged: invalid page in block 0 .*, in the table public\.t\./,
    provoke: (bench) =>
      dumpOfDamaged(bench, async (file) => {
        const handle = await open(file, 'r+');
        await handle.write(Buffer.alloc(24, 0xa5), 0, 24, 0);
        await handle.close();
      }),
  },
  {
    name: 'a file of the server that is gone',
    cause: /is damaged: could not open file "base/,
    provoke: (bench) => dumpOfDamaged(bench, (file) => rm(file)),
  },
  {
    name: 'a schema that is gone from the catalog',
    cause: /catalog .*damaged|changed while/,
    provoke: (bench) =>
      dumpOfTampered(
        bench,
        'no_namespace',
        `CREATE SCHEMA s; CREATE TABLE s.t (); DELETE FROM pg_namespace WHERE nspname = 's'`,
      ),
  },
  {
    name: 'a function that is gone from the catalog',
    cause: /catalog .*damaged|changed while/,
    provoke: (bench) =>
      dumpOfTampered(
        bench,
        'no_proc',
        `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
         CREATE VIEW v AS SELECT f(); DELETE FROM pg_proc WHERE proname = 'f'`,
      ),
  },
  {
    name: 'a library that the server does not have',
    cause: /server lacks the library "\$libdir\/postgis-3"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain), `LOAD '$libdir/postgis-3'`),
  },
  {
    name: 'a library that is none',
    cause: /server cannot load the library/,
    provoke: ({ plain, psql }) =>
      psql(connectionTo(plain), `LOAD '${join(plain.dataDirectory, 'PG_VERSION')}'`),
  },
  {
    name: 'bytes that are no text in the encoding',
    cause: /contains text that is not valid UTF8/,
    provoke: async ({ plain, pgDump }) => {
      await plain.query(`CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII'`);
      await plain.sql(
        String.raw`SET client_encoding = 'SQL_ASCII'; CREATE TABLE t AS SELECT convert_from('\xff', 'SQL_ASCII') AS text`,
        'bytes',
      );
      return pgDump(connectionTo(plain, { PGDATABASE: 'bytes' }), '--encoding=UTF8');
    },
  },
  {
    name: 'text that the encoding of the client cannot hold',
    cause: /cannot be converted to the encoding LATIN1/,
    hint: /client_encoding/,
    provoke: async ({ plain, pgDump }) => {
      const connection = await newDatabase(plain, 'euro', `CREATE TABLE t AS SELECT '€'::text AS price`);
      return pgDump({ ...connection, PGCLIENTENCODING: 'LATIN1' });
    },
  },
  {
    name: 'a prepared statement that is not there',
    cause: /prepared statement/,
    hint: /direct/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain), 'EXECUTE s1'),
  },
];
