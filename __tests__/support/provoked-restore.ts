import type { Environment } from '../../src/process/run.ts';
import { LONG_STATEMENTS } from './provoked-long.ts';
import { SEARCH_PATHS } from './provoked-search-path.ts';

/** A restore that really fails, and what the diagnosis must make of it. */
export interface ProvokedRestore {
  /** What is wrong, as a sentence would say it. */
  readonly name: string;
  readonly cause: RegExp;
  readonly hint: RegExp;
  /** What makes the database that is backed up. */
  readonly source: string;
  /** What of it: additional words for pg_dump. */
  readonly dump?: readonly string[];
  /** What has run in the target; by the superuser. `USER` stands for the role that restores. */
  readonly target?: string;
  /** Whether the role that restores is an ordinary one: it owns the target. */
  readonly ordinary?: true;
  /** Owned by the superuser instead. */
  readonly foreign?: true;
  /** How the target database is made, such as `ENCODING 'LATIN1'`. */
  readonly database?: string;
  readonly clean?: true;
  readonly noOwner?: false;
  readonly environment?: Environment;
}

const COLLISIONS: readonly ProvokedRestore[] = [
  {
    name: 'a table that is there already',
    cause: /This already exists in the target: relation "users"/,
    hint: /clean: true/,
    source: 'CREATE TABLE users (id int)',
    target: 'CREATE TABLE users (id int)',
  },
  {
    name: 'a function that is there already',
    cause: /This already exists in the target: function "f"/,
    hint: /clean: true/,
    source: 'CREATE FUNCTION f() RETURNS int RETURN 1',
    target: 'CREATE FUNCTION f() RETURNS int RETURN 2',
  },
  {
    name: 'a primary key that is there already',
    cause: /The table "t" of the target already has a primary key/,
    hint: /clean: true/,
    source: 'CREATE TABLE t (id int CONSTRAINT one PRIMARY KEY)',
    dump: ['--section=post-data'],
    target: 'CREATE TABLE t (id int CONSTRAINT two PRIMARY KEY)',
  },
  {
    name: 'rows that are there already',
    cause: /The table (?:"t"|public\.t) of the target already contains rows with the same "t_pkey"/,
    hint: /clean: true/,
    source: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)',
    dump: ['--data-only'],
    target: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)',
  },
  {
    name: 'a large object that is there already',
    cause: /A large object with the same OID already exists in the target/,
    hint: /clean: true/,
    source: `SELECT lo_from_bytea(4711, 'x')`,
    target: `SELECT lo_from_bytea(4711, 'y')`,
  },
  {
    name: 'something in the target that depends on what is replaced',
    cause:
      /The table public\.t cannot be replaced: the view public\.v, which is not in the backup, depends on it/,
    hint: /CASCADE/,
    source: 'CREATE TABLE t (id int)',
    target: 'CREATE TABLE t (id int); CREATE VIEW v AS SELECT * FROM t',
    clean: true,
  },
];

const RIGHTS: readonly ProvokedRestore[] = [
  {
    name: 'an owner that the target lacks',
    cause: /The role "vanished", which the backup refers to, does not exist/,
    hint: /no-owner: true/,
    source: 'CREATE ROLE vanished; CREATE TABLE t (); ALTER TABLE t OWNER TO vanished',
    noOwner: false,
  },
  {
    name: 'a materialized view whose owner may not read its table any more',
    cause: /The owner of the materialized view public\.glance lacks a privilege on the table secrets/,
    hint: /back up again[^]*no-owner: true/,
    source: `CREATE ROLE viewer; CREATE TABLE secrets (id int); CREATE MATERIALIZED VIEW glance AS SELECT * FROM secrets;
      ALTER MATERIALIZED VIEW glance OWNER TO viewer`,
    noOwner: false,
  },
  {
    name: 'a policy for a role that the target lacks',
    cause: /The role "gone", which the backup refers to, does not exist/,
    hint: /Create the role/,
    source: 'CREATE ROLE gone; CREATE TABLE t (); CREATE POLICY p ON t TO gone',
  },
  {
    name: 'an owner that the user cannot give anything to',
    cause: /The user lacks the privilege to give objects to the role "postgres"/,
    hint: /no-owner: true/,
    source: 'CREATE TABLE t ()',
    ordinary: true,
    noOwner: false,
  },
  {
    name: 'a table of somebody else that is to be replaced',
    cause: /The user does not own the table t of the target/,
    hint: /owner/,
    source: 'CREATE TABLE t ()',
    target: 'CREATE TABLE t (); ALTER SCHEMA public OWNER TO postgres',
    ordinary: true,
    clean: true,
  },
  {
    name: 'a schema that nothing may be made in',
    cause: /The user lacks the privilege to create objects in the schema public of the target/,
    hint: /GRANT CREATE/,
    source: 'CREATE TABLE t ()',
    ordinary: true,
    foreign: true,
  },
  {
    name: 'a database that no schema may be made in',
    cause: /The user lacks the privilege to create objects in the database/,
    hint: /owner of the database/,
    source: 'CREATE SCHEMA mine',
    ordinary: true,
    foreign: true,
  },
  {
    name: 'an extension that only a superuser may create',
    cause: /The user lacks the privilege to create the extension "pageinspect"/,
    hint: /superuser/,
    source: 'CREATE EXTENSION pageinspect',
    ordinary: true,
  },
  {
    name: 'an event trigger',
    cause: /The user lacks the privilege to create the event trigger "watch"/,
    hint: /superuser/,
    source: `CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch ON sql_drop EXECUTE FUNCTION f()`,
    ordinary: true,
  },
  {
    name: 'a publication of all tables',
    cause: /The user cannot create FOR ALL TABLES publication: only a superuser can/,
    hint: /superuser/,
    source: 'CREATE PUBLICATION everything FOR ALL TABLES',
    ordinary: true,
  },
  {
    name: 'a function in C',
    cause: /lacks the privilege to use the language c|lacks a privilege on the language c/,
    hint: /./,
    source: `CREATE FUNCTION c_code(internal) RETURNS internal AS 'plpgsql', 'plpgsql_call_handler' LANGUAGE c`,
    ordinary: true,
  },
  {
    name: 'row-level security of the target',
    cause: /Row-level security in the target prevents the user from writing/,
    hint: /BYPASSRLS/,
    source: 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)',
    dump: ['--data-only'],
    target: 'CREATE TABLE t (id int); GRANT ALL ON t TO "USER"; ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    ordinary: true,
  },
  {
    name: 'a target that can only be read',
    cause: /The target is read-only \(CREATE TABLE is refused\)/,
    hint: /primary/,
    source: 'CREATE TABLE t ()',
    environment: { PGOPTIONS: '-c default_transaction_read_only=on' },
  },
];

const LACKS: readonly ProvokedRestore[] = [
  {
    name: 'an extension that the server does not have',
    cause: /does not have the extension "nowhere"/,
    hint: /container image/,
    source: `CREATE EXTENSION pg_trgm; UPDATE pg_extension SET extname = 'nowhere' WHERE extname = 'pg_trgm'`,
  },
  {
    name: 'a type that a filter has left out',
    cause: /needs what the target lacks: type "public\.mood" does not exist/,
    hint: /filter inputs/,
    source: `CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (m mood)`,
    dump: ['--table=t'],
  },
  {
    name: 'a schema that a filter has left out',
    cause: /needs what the target lacks: schema "s" does not exist/,
    hint: /filter inputs/,
    source: 'CREATE SCHEMA s; CREATE TABLE s.t ()',
    dump: ['--table=s.t'],
  },
  {
    name: 'a function that a filter has left out',
    cause: /needs what the target lacks: function other\.f\(\) does not exist/,
    hint: /filter inputs/,
    source:
      'CREATE SCHEMA other; CREATE FUNCTION other.f() RETURNS int RETURN 1; CREATE TABLE t (id int DEFAULT other.f())',
    dump: ['--table=t'],
    target: 'CREATE SCHEMA other',
  },
  {
    name: 'a table that a foreign key refers to, and that a filter has left out',
    cause: /needs what the target lacks: relation "public\.parent" does not exist/,
    hint: /filter inputs/,
    source: 'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent)',
    dump: ['--table=child'],
  },
  {
    name: 'a collation that the target lacks',
    cause: /lacks a collation that the backup needs: "?xx-nowhere|needs what the target lacks: collation/,
    hint: /./,
    source: `CREATE COLLATION odd (provider = libc, locale = 'C'); UPDATE pg_collation SET collcollate = 'xx-nowhere', collctype = 'xx-nowhere' WHERE collname = 'odd'`,
  },
  {
    name: 'a setting that the target does not know',
    cause: /does not have the setting "nothing_known", which the backup uses/,
    hint: /same version/,
    source: `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '1MB' AS 'SELECT 1'; UPDATE pg_proc SET proconfig = '{nothing_known=1}' WHERE proname = 'f'`,
  },
];

const ROWS: readonly ProvokedRestore[] = [
  {
    name: 'rows that a unique index forbids',
    cause: /duplicate rows for the unique index "twice"/,
    hint: /REINDEX/,
    source: `CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2); CREATE UNIQUE INDEX twice ON t (id);
      UPDATE pg_index SET indisready = false, indislive = false WHERE indexrelid = 'twice'::regclass; UPDATE t SET id = 1;
      UPDATE pg_index SET indisready = true, indislive = true WHERE indexrelid = 'twice'::regclass`,
  },
  {
    name: 'rows whose parents were not backed up',
    cause:
      /Rows of the table "child" refer to rows that do not exist \(foreign key "child_id_fkey"\)\. This lists them: SELECT \* FROM public\.child c WHERE \(c\.id\) IS NOT NULL AND NOT EXISTS \(SELECT FROM public\.parent p WHERE \(p\.id\) = \(c\.id\)\);/,
    hint: /exclude-table-data[^]*the origin has such rows/,
    source:
      'CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)',
    dump: ['--exclude-table-data=parent'],
  },
  {
    name: 'rows that a check forbids',
    cause: /violate a check constraint \("t", "small"\)/,
    hint: /NOT VALID/,
    source: 'CREATE TABLE t (id int); INSERT INTO t VALUES (99)',
    dump: ['--data-only'],
    target: 'CREATE TABLE t (id int CONSTRAINT small CHECK (id < 10))',
  },
  {
    name: 'a value that does not fit its type',
    cause:
      /A value in the table (?:"t"|public\.t) is not valid for its type on this server: invalid input syntax for type integer\./,
    hint: /same version/,
    source: `CREATE TABLE t (id text); INSERT INTO t VALUES ('secret')`,
    dump: ['--data-only'],
    target: 'CREATE TABLE t (id int)',
  },
  {
    name: 'a number that does not fit its type',
    cause: /is not valid for its type on this server: out of range for type smallint\./,
    hint: /same version/,
    source: 'CREATE TABLE t (id int); INSERT INTO t VALUES (70000)',
    dump: ['--data-only'],
    target: 'CREATE TABLE t (id smallint)',
  },
  {
    name: 'a label that the enumeration of the target lacks',
    cause: /invalid input value for enum public\.mood\./,
    hint: /same version/,
    source: `CREATE TYPE mood AS ENUM ('secret'); CREATE TABLE t (m mood); INSERT INTO t VALUES ('secret')`,
    dump: ['--data-only'],
    target: `CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE t (m mood)`,
  },
  {
    name: 'text that the encoding of the target cannot hold',
    cause: /text in UTF8 that the encoding of the target, LATIN1, cannot represent/,
    hint: /ENCODING 'UTF8'/,
    source: `CREATE TABLE t AS SELECT '€'::text AS price`,
    database: `TEMPLATE template0 ENCODING 'LATIN1'`,
  },
];

/** Failures of a restore because of its target: existing objects, privileges, missing objects, and rows that are not valid there. */
export const RESTORE_FAILURES: Readonly<Record<string, readonly ProvokedRestore[]>> = {
  'existing objects in the target': COLLISIONS,
  rights: RIGHTS,
  'what the target lacks': LACKS,
  'search paths (thorough)': SEARCH_PATHS,
  'long statements (thorough)': LONG_STATEMENTS,
  'rows that do not fit': ROWS,
};
