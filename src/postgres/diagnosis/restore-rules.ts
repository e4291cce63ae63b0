import { orphansOf } from './orphans.ts';
import type { Rule } from './rule.ts';
import { DEPENDENCE, EXISTENCE, OBJECT } from './safe-text.ts';

/** A statement that changes the target; a dump has none. */
const CHANGE =
  /^(?:CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|REFRESH|SECURITY LABEL|IMPORT|SET (?!ROLE)|SELECT pg_catalog\.(?:setval|set_config|lo_)|COPY (?:.|\n)+ FROM stdin)/i;
const ROWS = /^COPY ((?:"[^"]*"|[^\s("])+)(?: \([^]*\))? FROM stdin/i;

const REPLACE_HINT =
  'Set clean: true to replace existing objects in the target, or restore into an empty database.';
const OWNER_HINT =
  'Use the owner of the existing objects, or restore into an empty database that the user owns.';
const MISSING_HINT =
  'If the filter inputs leave it out, add it to them. If it belongs to an extension, back that up as well (pg-dump-args: --extension=NAME, next to schemas or tables), or create it in the target first. Otherwise the backup contains only a part of its database and depends on the rest.';

/** Objects that exist already in the target, and their dependents. Sources: catalog/dependency.c, parse_utilcmd.c. */
const COLLISION_RULES: readonly Rule[] = [
  {
    pattern: DEPENDENCE,
    query: /^(?:DROP|ALTER)/,
    cause: 'The $2 cannot be replaced: the $1, which is not in the backup, depends on it.',
    kind: 'has-dependents',
    hint: 'Drop the dependent object (DROP … CASCADE) and create it again after the restore; or restore into an empty database.',
  },
  {
    pattern: /^duplicate key value violates unique constraint "pg_largeobject_metadata_oid_index"/,
    cause: 'A large object with the same OID already exists in the target.',
    hint: REPLACE_HINT,
  },
  {
    // Not a detail, which quotes values of rows.
    from: 'server',
    pattern: new RegExp(`^(${OBJECT}) already exists`),
    query: CHANGE,
    cause: 'This already exists in the target: $1.',
    hint: REPLACE_HINT,
  },
  {
    pattern: /^multiple primary keys for table "(.*)" are not allowed/,
    cause: 'The table "$1" of the target already has a primary key.',
    hint: REPLACE_HINT,
  },
  {
    pattern: /^duplicate key value violates unique constraint "(.*)"/,
    query: ROWS,
    ofRow: true,
    cause: 'The table $q of the target already contains rows with the same "$1" as rows of the backup.',
    hint: REPLACE_HINT,
  },
];

/** Privileges in the target. Sources: aclcheck_error in catalog/aclchk.c, commands/*.c. */
const RIGHTS_RULES: readonly Rule[] = [
  {
    pattern: /^role "(.*)" does not exist/,
    query: CHANGE,
    cause: 'The role "$1", which the backup refers to, does not exist on the target\'s server.',
    hint: 'Create the role there, or leave out owners and privileges: no-owner: true, no-privileges: true.',
  },
  {
    pattern: /^must be (?:able to SET ROLE|(?:a )?member of role) "(.*)"/,
    cause: 'The user lacks the privilege to give objects to the role "$1".',
    hint: 'Set no-owner: true, so that everything belongs to the user; or GRANT that role to the user.',
  },
  {
    pattern: /^must be owner of (.*)/,
    query: CHANGE,
    cause: 'The user does not own the $1 of the target.',
    hint: OWNER_HINT,
  },
  {
    pattern: /^permission denied to create extension "(.*)"/,
    cause: 'The user lacks the privilege to create the extension "$1".',
    hint: 'Let a superuser create it in the target first: the restore then leaves it unchanged.',
  },
  {
    pattern: /^permission denied to create database/,
    cause: 'The user lacks the privilege to create databases.',
    hint: 'Run ALTER ROLE name CREATEDB; or use a superuser, such as the default user of a service container.',
  },
  {
    pattern: /^permission denied to create ([a-z -]+) "(.*)"/,
    cause: 'The user lacks the privilege to create the $1 "$2".',
    hint: 'Use a superuser, or leave it out.',
  },
  {
    pattern: /^(?:must be superuser|permission denied) to create (?!database)(.*)/,
    cause: 'The user cannot create $1: only a superuser can.',
    hint: 'Use a superuser, or leave it out.',
  },
  {
    pattern: /^permission denied for schema (.*)/,
    query: /^(?:GRANT|REVOKE)\b/i,
    cause: 'The role that grants or revokes lacks the USAGE privilege on the schema $1 of the target.',
    hint: 'GRANT USAGE on the schema to that role, or set no-privileges: true.',
  },
  {
    pattern: /^permission denied for (database|schema) (.*)/,
    query: CHANGE,
    cause: 'The user lacks the privilege to create objects in the $1 $2 of the target.',
    hint: 'Use the owner of the database; or GRANT CREATE to the user (for the schema public too, since PostgreSQL 15).',
  },
  {
    from: 'server',
    pattern:
      /^permission denied for ((?:materialized )?view|(?:foreign )?table|sequence|schema|function) (.*)/,
    query: /^REFRESH MATERIALIZED VIEW ((?:"[^"]*"|[^\s;"])+)/i,
    ofRow: true,
    cause:
      'The owner of the materialized view $q lacks a privilege on the $1 $2, so its rows cannot be computed.',
    hint: 'GRANT it in the database that was backed up, where REFRESH fails too, and back up again; or set no-owner: true, so that everything belongs to the user. no-privileges: true also leaves out such a privilege.',
  },
  {
    pattern:
      /^permission denied for ((?:materialized )?view|(?:foreign )?table|sequence|relation|function|procedure|type|language|foreign-data wrapper|foreign server|tablespace|large object) (.*)/,
    query: CHANGE,
    cause: 'The user lacks a privilege on the $1 $2 of the target.',
    hint: OWNER_HINT,
  },
  {
    pattern: /^(?:COPY FROM not supported with|query would be affected by) row-level security/,
    query: ROWS,
    cause: 'Row-level security in the target prevents the user from writing the rows of the table $q.',
    hint: 'Use a superuser or a role with BYPASSRLS; or set clean: true, so that the table is created again and its policies after the rows. Rows are restored with COPY, for which --enable-row-security does not help.',
  },
  {
    pattern: /^cannot execute (.*?) in a read-only transaction/,
    cause:
      'The target is read-only ($1 is refused): it is a standby, or default_transaction_read_only is on.',
    hint: 'Restore into the primary; or ALTER ROLE name SET default_transaction_read_only = off.',
  },
];

/** What the backup needs and the target lacks. Sources: commands/extension.c, parser/*.c, pg_locale.c. */
const LACK_RULES: readonly Rule[] = [
  {
    pattern:
      /^(?:extension "(.*?)" is not available|could not open extension control file ".*\/(.*?)\.control")/,
    cause: 'The target\'s server does not have the extension "$1$2", which the backup needs.',
    hint: 'Install it on that server, or use a server (a container image) that includes it.',
  },
  {
    pattern: /^unrecognized configuration parameter "(.*)"/,
    query: /^SET /i,
    cause: 'The target\'s server does not have the setting "$1": it is older than the client tools.',
    hint: "Set postgres-version to the target's version, if the backup was made with that or an older one; or restore into a newer server.",
  },
  {
    pattern: /^unrecognized configuration parameter "(.*)"/,
    query: CHANGE,
    cause: 'The target\'s server does not have the setting "$1", which the backup uses.',
    hint: 'Restore into a server of the same version as the origin, with the same extensions.',
  },
  {
    pattern:
      /^(?:collation "(.*)" for encoding ".*" does not exist|could not create locale "(.*)"|could not open collator for locale "(.*)"|ICU is not supported in this build)/,
    query: CHANGE,
    cause: "The target's server lacks a collation that the backup needs: $1$2$3.",
    hint: 'Install the language on that server (locale-gen, ICU), or use a server with the same operating system as the origin.',
  },
  {
    from: 'server',
    pattern: new RegExp(`^(?=.* does not exist)(${EXISTENCE})$`),
    query: CHANGE,
    cause: 'Something in the backup needs what the target lacks: $1.',
    hint: MISSING_HINT,
  },
  {
    // Not where a function may have made a statement out of a row.
    pattern: /^syntax error at or near "(.*)"/,
    query: /^(?:CREATE (?!(?:UNIQUE )?INDEX)|ALTER (?![^]* CHECK )|DROP |COMMENT |GRANT |REVOKE )/i,
    cause:
      'The target\'s server rejects a statement of the backup at "$1": it is probably older than the origin.',
    hint: 'Restore into a server of the same major version as the origin, or a newer one.',
  },
];

/** Rows that violate a constraint or a type. Sources: access/nbtree, utils/adt/ri_triggers.c, executor/execMain.c. */
const ROW_RULES: readonly Rule[] = [
  {
    pattern: /^could not create unique index "(.*)"/,
    ofRow: true,
    cause: 'The backup contains duplicate rows for the unique index "$1".',
    hint: 'Collations may compare differently on this server, or the index was damaged in the origin: look for duplicates there, and REINDEX.',
  },
  {
    pattern: /^insert or update on table "(.*?)" violates foreign key constraint "(.*)"/,
    ofRow: true,
    cause: 'Rows of the table "$1" refer to rows that do not exist (foreign key "$2").',
    example: (query) => {
      const orphans = orphansOf(query);
      return orphans && `This lists them: ${orphans}`;
    },
    hint: 'If the backup leaves out the rows that are referred to (exclude-table-data), or the restore does (tables), restore both, or neither. Otherwise the origin has such rows, which came in while its triggers were off (session_replication_role, DISABLE TRIGGER): list them there, correct or delete them, and make a new backup.',
  },
  {
    pattern:
      /^(?:new row for relation|check constraint) "(.*?)" (?:of relation|violates check constraint) "(.*?)"/,
    ofRow: true,
    cause: 'Rows of the backup violate a check constraint ("$1", "$2").',
    hint: 'A check of a table that calls a function of the backup is added when all rows are there, but not with jobs: leave jobs out. Any other check that reads tables (of a domain, for example): in the origin, make it NOT VALID (ALTER TABLE … DROP CONSTRAINT, ADD CONSTRAINT … NOT VALID) or a trigger, and make a new backup.',
  },
  {
    // The value follows.
    from: 'server',
    pattern:
      /^(?:value ".*" is )?(out of range for type [\w ]+|date\/time field value out of range|malformed (?:array|record|range|multirange) literal|invalid input syntax for type [\w ]+|invalid input value for enum [\w."]+|invalid byte sequence for encoding "\w+"|numeric field overflow|missing data for column|extra data after last expected column|null value in column "[^"]*"|value too long for type [\w ()]+)/,
    query: ROWS,
    ofRow: true,
    cause: 'A value in the table $q is not valid for its type on this server: $1.',
    hint: 'Restore into a server of the same version as the origin, with the same extensions and encoding.',
  },
  {
    pattern: /^character with byte sequence .* in encoding "(.*?)" has no equivalent in encoding "(.*?)"/,
    query: CHANGE,
    ofRow: true,
    cause: 'The backup contains text in $1 that the encoding of the target, $2, cannot represent.',
    hint: "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8', and restore into that.",
  },
  {
    pattern: /^(conversion between .* and .* is not supported)/,
    cause: 'The text of the backup cannot be converted to the encoding of the target: $1.',
    hint: 'Create the target with the encoding of the origin.',
  },
];

/** One transaction keeps every lock to its end. Source: storage/lmgr/lock.c. */
const LOCK_RULES: readonly Rule[] = [
  {
    from: 'server',
    pattern: /^out of shared memory/,
    query: new RegExp(`${CHANGE.source}|^DO\\b`, 'i'),
    kind: 'lock-table-full',
    cause: "The server's lock table is too small for all that one transaction creates or drops.",
    hint: 'Raise max_locks_per_transaction on the server, and restart it. Or set jobs at the restore action: it then restores in many transactions.',
  },
];

/** The archive. Sources: pg_backup_archiver.c, pg_backup_custom.c, pg_restore.c. */
const ARCHIVE_RULES: readonly Rule[] = [
  {
    from: 'tool',
    pattern:
      /^(?:could not (?:read from|find) (?:input file|block ID|header).*|corrupt tar header.*|found unexpected block ID.*)/,
    cause: 'The archive is damaged: pg_restore cannot read all of it.',
    hint: 'Use another backup.',
  },
];

/** Errors of psql in the script for an older server (`psqlscan.l`). */
const SCRIPT_RULES: readonly Rule[] = [
  {
    // It counts each BEGIN in CREATE FUNCTION, and needs as many ENDs before a semicolon ends the statement.
    from: 'tool',
    pattern: /^backslash commands are restricted/,
    cause:
      'psql, which this restore needs (because objects are replaced, or the server is older than 17), cannot find the end of a statement that contains a function or a column named "begin".',
    hint: 'Restore into an empty database of PostgreSQL 17 or newer, which needs no psql; or rename it in the origin.',
  },
];

/** What a restore can fail on: existing objects, privileges, missing objects, invalid rows, and its tools. */
export const RESTORE_RULES: readonly Rule[] = [
  ...COLLISION_RULES,
  ...RIGHTS_RULES,
  ...LACK_RULES,
  ...ROW_RULES,
  ...LOCK_RULES,
  ...ARCHIVE_RULES,
  ...SCRIPT_RULES,
];
