import type { Rule } from './rule.ts';

const READ_HINT =
  'Grant the role pg_read_all_data (PostgreSQL 14 and newer), or use the owner of the tables.';
const LOCK_HINT =
  'Run the backup when no migration is running; pg-dump-args: --lock-wait-timeout=10min makes it wait longer.';
const ONE_TABLE = /^LOCK TABLE (?:ONLY )?((?:[^,"]|"[^"]*")+?) IN /;
const TABLES = /^LOCK TABLE ((?:.|\n)+?)(?: IN [A-Z ]+ MODE)?$/;
const LOCK_ENDED = /^canceling statement due to (?:statement|lock) timeout/;

/** Privileges. Source: `aclcheck_error` in catalog/aclchk.c. */
const RIGHTS_RULES: readonly Rule[] = [
  {
    from: 'server',
    pattern: /^permission denied for function pg_export_snapshot/,
    cause:
      'The user lacks the privilege to export a snapshot, which all connections of a parallel dump need.',
    hint: 'Set "jobs: 1", or grant it: GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO name.',
  },
  {
    pattern: /^query would be affected by row-level security policy for table "(.*)"/,
    cause: 'Row-level security hides rows of the table "$1" from this user.',
    hint: 'Use a role with BYPASSRLS, or the owner of the table, unless FORCE ROW LEVEL SECURITY is on. Or back up only the rows that this user may see: pg-dump-args: --enable-row-security.',
  },
  {
    pattern: /^permission denied for large object (.*)/,
    cause: 'The user lacks the privilege to read the large object $1.',
    hint: 'Use its owner or a superuser: pg_read_all_data does not include large objects. Or leave them out with pg-dump-args: --no-large-objects.',
  },
  {
    pattern:
      /^permission denied for ((?:materialized )?view|(?:foreign )?table|schema|sequence|relation|column) (.*)/,
    cause: 'The user lacks the privilege to read the $1 $2.',
    hint: READ_HINT,
  },
  {
    pattern:
      /^permission denied for (foreign server|foreign-data wrapper|function|procedure|routine|language|type|domain|tablespace|parameter|event trigger) (.*)/,
    cause: 'The user lacks the privilege to use the $1 $2.',
    hint: 'Grant it to the user, or use the owner of the database.',
  },
  {
    pattern: /^user mapping not found for (?:user )?"(.*?)"(?:, server "(.*?)")?/,
    cause: 'The user "$1" has no user mapping for the foreign server "$2".',
    hint: 'Create one (CREATE USER MAPPING), or remove --include-foreign-data from pg-dump-args.',
  },
  {
    from: 'server',
    pattern: /^could not connect to server "(.*?)"/,
    cause: 'The database server cannot connect to its foreign server "$1".',
    hint: 'Remove --include-foreign-data from pg-dump-args, or fix that connection.',
  },
  {
    pattern: /^(?:permission denied(?: to|:) .*|must be (?:superuser|owner of|able to SET ROLE).*)/,
    cause: 'The user lacks a privilege that this needs.',
    hint: 'The log above names it. Grant it; or use the owner of the database.',
  },
];

/** Locks and time limits. */
const TIME_RULES: readonly Rule[] = [
  {
    pattern: LOCK_ENDED,
    query: ONE_TABLE,
    cause: 'Timed out waiting for a lock on the table $q.',
    hint: LOCK_HINT,
  },
  {
    pattern: LOCK_ENDED,
    query: TABLES,
    cause: 'Timed out waiting for a lock on one of the tables $q.',
    hint: LOCK_HINT,
  },
  {
    // pg_dump itself waits without this limit: it is the preflight that has it.
    pattern: /^canceling statement due to lock timeout/,
    cause: 'Timed out waiting for a lock on a table or a system catalog.',
    hint: 'Run the job again when no migration and no VACUUM FULL is running.',
    transient: true,
  },
  {
    from: 'server',
    pattern: /^could not obtain lock on relation "(.*)"/,
    cause: 'The table "$1" is locked by another session.',
    hint: LOCK_HINT,
  },
  {
    pattern: /^canceling statement due to statement timeout/,
    cause: "The server's statement_timeout ended a query$t.",
    hint: 'Raise it for this role: ALTER ROLE name SET statement_timeout = 0.',
  },
  {
    pattern: /^terminating connection due to idle-in-transaction timeout/,
    cause: "The server's idle_in_transaction_session_timeout ended the session.",
    hint: 'Raise it for this role: ALTER ROLE name SET idle_in_transaction_session_timeout = 0.',
  },
  {
    pattern: /^terminating connection due to transaction timeout/,
    cause: "The server's transaction_timeout ended the session.",
    hint: 'Raise it for this role: ALTER ROLE name SET transaction_timeout = 0.',
  },
  {
    pattern: /^terminating connection due to idle-session timeout/,
    cause: "The server's idle_session_timeout ended the session.",
    hint: 'Raise it for this role: ALTER ROLE name SET idle_session_timeout = 0.',
  },
  {
    pattern: /^canceling statement due to user request/,
    cause: 'A query was cancelled on the server.',
    hint: 'Run the job again; if the error persists, look for a program that cancels long queries.',
  },
  {
    pattern: /^deadlock detected/,
    cause: "The server ended this job's query to resolve a deadlock with another session.",
    hint: 'Run the job when no migration is running.',
    transient: true,
  },
];

/** Options and filters. Sources: pg_dump.c, fe_utils/option_utils.c, common/compression.c. */
const REQUEST_RULES: readonly Rule[] = [
  {
    pattern: /^no matching (schemas|tables) were found(?: for pattern "(.*)")?/,
    cause: 'The $1 input matches nothing in the database (pattern "$2").',
    hint: 'Write the names as psql shows them: schema.table, with double quotes around names that have capitals, and * for any text.',
  },
  {
    pattern: /^no matching (extension|foreign server)s were found(?: for pattern "(.*)")?/,
    cause: 'pg-dump-args: the database has no $1 that matches "$2".',
    hint: 'Write the name as psql shows it, with double quotes if it has capitals.',
  },
  {
    pattern: /^improper (?:qualified|relation) name[^:]*: (.*)/,
    cause: 'A pattern of the filter inputs has too many dots: $1',
    hint: 'Write schema.table, with double quotes around a name that contains a dot.',
  },
  {
    pattern: /^cross-database references are not implemented: (.*)/,
    cause: 'A pattern of the filter inputs names another database: $1',
    hint: 'Write schema.table, with double quotes around a name that contains a dot.',
  },
  {
    pattern: /^unrecognized option [`'](.*?)'/,
    cause: 'This pg_dump does not have the option "$1".',
    hint: 'Correct pg-dump-args, or use a postgres-version whose pg_dump has it.',
  },
  {
    from: 'tool',
    pattern:
      /^(options? .*|invalid value .* for option .*|invalid argument for option .*|.* must be in range .*|invalid section name: .*)/,
    cause: 'pg_dump rejects its options: $1.',
    hint: 'Correct pg-dump-args.',
  },
  {
    from: 'tool',
    pattern:
      /^(this build does not support compression with .*|unrecognized compression algorithm.*|invalid compression specification.*|not built with \w+ support|compression .*)/,
    cause: 'pg_dump rejects the compression: $1.',
    hint: 'Use another compression, such as gzip; zstd and lz4 need pg_dump 16 or newer that was built with them.',
  },
  {
    pattern: /^invalid value for parameter "statement_timeout": "(.*)"/,
    cause: 'The server rejects the value "$1" for "statement_timeout".',
    hint: 'Correct --lock-wait-timeout in pg-dump-args: milliseconds, or a number with a unit as in 10min.',
  },
  {
    pattern: /^invalid value for parameter "([^"]*)": "/,
    cause: 'The server rejects the value that is set for "$1".',
    hint: 'Correct client_encoding or options in the connection string.',
  },
  {
    pattern: /^(?:unrecognized configuration parameter|parameter) "(.*?)"/,
    cause: 'The server does not have the setting "$1", or this user is not permitted to change it.',
    hint: 'Correct options in the connection string, or remove it.',
  },
  {
    pattern: /^(?:snapshot "(.*)" does not exist|invalid snapshot identifier)/,
    cause:
      'The snapshot for pg_dump does not exist: the session that exported it has ended, or is on another server.',
    hint: 'Use a connection string that leads to one server, not to several or to a pooler, or set "jobs: 1". With --snapshot in pg-dump-args, keep its session open during the backup.',
  },
  {
    pattern: /^server version: ((?:[78]|9\.[01])\b\S*); pg_dump version: ([\w.]+)/,
    cause: 'The server ($1) is too old for pg_dump ($2).',
    hint: 'Set an older postgres-version; this action supports PostgreSQL 9.5 and newer.',
  },
];

/** The runner, on which pg_dump writes. */
const RUNNER_RULES: readonly Rule[] = [
  {
    from: 'tool',
    pattern: /^(?:(?:could not|error) .*: )?(?:No space left on device|Disk quota exceeded)/,
    cause: 'The disk of the runner is full.',
    hint: 'Free some space before this step, compress more, or use a larger runner. With "jobs: 1", a backup needs no space for the dump.',
  },
  {
    from: 'tool',
    pattern: /^(?:error while loading shared libraries|symbol lookup error|relocation error): (.*)/,
    cause: 'The client tools cannot start on this runner: $1',
    hint: 'Their libraries are missing or of another version: let the action install the tools, or repair the installation.',
  },
  {
    from: 'tool',
    pattern: /^(?:out of memory|cannot allocate memory|could not allocate|Cannot enlarge string buffer)/,
    cause: 'pg_dump ran out of memory on the runner.',
    hint: 'Use a larger runner; a single value of hundreds of megabytes needs a multiple of its size.',
  },
];

/** What a dump needs: privileges, locks, time, valid options, and space on the runner. */
export const DUMP_RULES: readonly Rule[] = [
  ...RIGHTS_RULES,
  ...TIME_RULES,
  ...REQUEST_RULES,
  ...RUNNER_RULES,
];
