import type { ProvokedRestore } from './provoked-restore.ts';

const UNACCENT = `CREATE EXTENSION unaccent; CREATE EXTENSION hstore;
  CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)';
  CREATE FUNCTION "Slow"(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN unaccent($1); END';`;
const CALLS = String.raw`calls this without its schema: function unaccent\(text\)\. It is not in the search path of the restore`;

/** What works in the origin because of its search path, and not in a restore. */
export const SEARCH_PATHS: readonly ProvokedRestore[] = [
  {
    name: 'a function in a generated column that needs a search path',
    cause: new RegExp(
      String.raw`The function plain, which the backup needs for CREATE TABLE public\.t, ${CALLS}`,
    ),
    hint: /ALTER FUNCTION … SET search_path[^]*"search-path: public, extensions"\.$/,
    source: `${UNACCENT} CREATE TABLE t (a text, b text GENERATED ALWAYS AS (plain(a)) STORED)`,
  },
  {
    name: 'a function in a CHECK that needs a search path',
    cause: new RegExp(
      String.raw`The function public\."Slow"\(text\), which the backup needs for COPY (?:public\.t|"t"), ${CALLS}`,
    ),
    hint: /ALTER FUNCTION … SET search_path[^]*"search-path: public, extensions"\.$/,
    source: `${UNACCENT} CREATE TABLE t (a text CHECK ("Slow"(a) <> '')); INSERT INTO t VALUES ('secret"')`,
  },
  {
    name: 'a function in an index that needs a search path',
    cause: new RegExp(
      String.raw`The function later, which the backup needs for CREATE INDEX folded, ${CALLS}`,
    ),
    hint: /PostgreSQL 17 and newer build indexes and materialized views with an empty path always/,
    source: `${UNACCENT} CREATE TABLE t (a text);
      CREATE FUNCTION later(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE INDEX folded ON t (later(a));
      CREATE OR REPLACE FUNCTION later(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT unaccent($1)'`,
  },
  {
    name: 'the condition of a trigger that needs a search path',
    cause:
      /needs an operator for CREATE TRIGGER changed that cannot be named with its schema: public\.hstore = public\.hstore\./,
    hint: /set search-path to these schemas[^]*OPERATOR\(schema\.=\)/,
    source: `${UNACCENT} CREATE TABLE t (h hstore);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER changed BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.h IS DISTINCT FROM NEW.h) EXECUTE FUNCTION note()`,
  },
];
