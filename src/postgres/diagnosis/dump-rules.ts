import type { Rule } from './rule.ts';

const READ_HINT =
  'Grant the role pg_read_all_data (PostgreSQL 14 and newer), or use the owner of the tables.';
const LOCK_HINT =
  'Run the backup when no migration runs; pg-dump-args: --lock-wait-timeout=10min waits longer.';
const ONE_TABLE = /^LOCK TABLE (?:ONLY )?((?:[^,"]|"[^"]*")+?) IN /;
const TABLES = /^LOCK TABLE ((?:.|\n)+?)(?: IN [A-Z ]+ MODE)?$/;
const LOCK_ENDED = /^canceling statement due to (?:statement|lock) timeout/;

/** What the role may read. Source: `aclcheck_error` in catalog/aclchk.c. */
const RIGHTS_RULES: readonly Rule[] = [
  {
    pattern: /^query would be affected by row-level security policy for table "(.*)"/,
    cause: 'Row-level security hides rows of the table "$1" from this user.',
    hint: 'Use the owner of the tables or a role with BYPASSRLS.',
  },
  {
    pattern: /^permission denied for large object (.*)/,
    cause: 'The user may not read the large object $1.',
    hint: 'Use its owner or a superuser: pg_read_all_data does not include large objects. Or leave them out, pg-dump-args: --no-large-objects.',
  },
  {
    pattern:
      /^permission denied for ((?:materialized )?view|(?:foreign )?table|schema|sequence|relation|column) (.*)/,
    cause: 'The user may not read the $1 $2.',
    hint: READ_HINT,
  },
  {
    pattern:
      /^permission denied for (foreign server|foreign-data wrapper|function|procedure|routine|language|type|domain|tablespace|parameter|event trigger) (.*)/,
    cause: 'The user may not use the $1 $2.',
    hint: 'Grant it to the user, or use the owner of the database.',
  },
  {
    pattern: /^user mapping not found for (?:user )?"(.*?)"(?:, server "(.*?)")?/,
    cause: 'The user "$1" has no user mapping for the foreign server "$2".',
    hint: 'CREATE USER MAPPING for it, or remove --include-foreign-data from pg-dump-args.',
  },
  {
    from: 'server',
    pattern: /^could not connect to server "(.*?)"/,
    cause: 'The database server cannot reach its foreign server "$1".',
    hint: 'Remove --include-foreign-data from pg-dump-args, or repair that connection.',
  },
  {
    pattern: /^(?:permission denied(?: to|:) .*|must be (?:superuser|owner of|able to SET ROLE).*)/,
    cause: 'The user has not the right to do something that the dump needs.',
    hint: `The log above names it. ${READ_HINT}`,
  },
];

/** Locks and time limits. */
const TIME_RULES: readonly Rule[] = [
  {
    pattern: LOCK_ENDED,
    query: ONE_TABLE,
    cause: 'The table $q stayed locked by somebody else for too long.',
    hint: LOCK_HINT,
  },
  {
    pattern: LOCK_ENDED,
    query: TABLES,
    cause: 'One of the tables $q stayed locked by somebody else for too long.',
    hint: LOCK_HINT,
  },
  {
    // pg_dump itself waits without this limit: it is the preflight that has it.
    pattern: /^canceling statement due to lock timeout/,
    cause: 'A table or a catalogue of the server stayed locked by somebody else for too long.',
    hint: 'Run the job again when no migration and no VACUUM FULL runs.',
    transient: true,
  },
  {
    pattern: /^could not obtain lock on relation "(.*)"/,
    cause: 'The table "$1" is locked by somebody else.',
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
    cause: 'Somebody cancelled a query of the dump on the server.',
    hint: 'Run the job again; if it stays so, look for a program that cancels long queries.',
  },
  {
    pattern: /^deadlock detected/,
    cause: 'The server broke a deadlock with somebody else, at the expense of this job.',
    hint: 'Run the backup when no migration runs.',
    transient: true,
  },
];

/** What pg_dump was asked for. Sources: pg_dump.c, fe_utils/option_utils.c, common/compression.c. */
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
    hint: 'Write schema.table, with double quotes around a name that holds a dot.',
  },
  {
    pattern: /^cross-database references are not implemented: (.*)/,
    cause: 'A pattern of the filter inputs names another database: $1',
    hint: 'Write schema.table, with double quotes around a name that holds a dot.',
  },
  {
    pattern: /^unrecognized option [`'](.*?)'/,
    cause: 'pg_dump does not know the option "$1".',
    hint: 'Correct pg-dump-args, or use a postgres-version whose pg_dump has it.',
  },
  {
    from: 'tool',
    pattern:
      /^(options? .*|invalid value .* for option .*|invalid argument for option .*|.* must be in range .*|invalid section name: .*)/,
    cause: 'pg_dump refuses its options: $1.',
    hint: 'Correct pg-dump-args.',
  },
  {
    from: 'tool',
    pattern:
      /^(this build does not support compression with .*|unrecognized compression algorithm.*|invalid compression specification.*|not built with \w+ support|compression .*)/,
    cause: 'pg_dump refuses the compression: $1.',
    hint: 'Use another compression, such as gzip; zstd and lz4 need pg_dump 16 or newer that was built with them.',
  },
  {
    pattern: /^invalid value for parameter "statement_timeout": "(.*)"/,
    cause: 'The server does not take the value "$1" for "statement_timeout".',
    hint: 'Correct --lock-wait-timeout in pg-dump-args: milliseconds, or a number with a unit as in 10min.',
  },
  {
    pattern: /^invalid value for parameter "([^"]*)": "/,
    cause: 'The server does not take the value that is set for "$1".',
    hint: 'Correct it in the connection string (client_encoding, options).',
  },
  {
    pattern: /^(?:unrecognized configuration parameter|parameter) "(.*?)"/,
    cause: 'The server does not know the setting "$1", or does not let this user change it.',
    hint: 'Correct options in the connection string, or leave it out.',
  },
  {
    pattern: /^(?:snapshot "(.*)" does not exist|invalid snapshot identifier)/,
    cause: 'The snapshot that pg-dump-args names does not exist: the session that exported it has ended.',
    hint: 'Keep that session open during the backup, or remove --snapshot.',
  },
  {
    pattern: /^server version: ((?:[78]|9\.[01])\b\S*); pg_dump version: ([\w.]+)/,
    cause: 'The server ($1) is too old for pg_dump ($2).',
    hint: 'Set an older postgres-version; this action serves PostgreSQL 9.5 and newer.',
  },
  {
    pattern: /^server version: ([\w.]+).*; pg_dump version: ([\w.]+)/,
    cause: 'The server ($1) is newer than pg_dump ($2).',
    hint: "Set postgres-version to the server's major version.",
  },
  {
    pattern: /^aborting because of server version mismatch/,
    cause: 'pg_dump cannot dump a server of this version.',
    hint: "Set postgres-version to the server's major version.",
  },
];

/** The runner, on which pg_dump writes. */
const RUNNER_RULES: readonly Rule[] = [
  {
    from: 'tool',
    pattern: /^(?:could not .*: )?(?:No space left on device|Disk quota exceeded)/,
    cause: 'The disk of the runner is full.',
    hint: 'Free some space before this step, use a stronger compression, or use a larger runner.',
  },
  {
    from: 'tool',
    pattern: /^could not .*: File too large/,
    cause: 'The archive is larger than the runner lets a file become.',
    hint: 'Raise the limit (ulimit -f), or use a stronger compression.',
  },
  {
    from: 'tool',
    pattern: /^could not (?:open|create|write|close|seek).*(?:file|archive|directory).*: (.*)/,
    cause: 'On the runner, pg_dump cannot write the archive: $1.',
    hint: 'Check the temporary folder of the runner (RUNNER_TEMP): its rights and its disk.',
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
    cause: 'pg_dump has not enough memory on the runner.',
    hint: 'Use a larger runner; a single value of hundreds of megabytes needs a multiple of its size.',
  },
];

/** What a dump needs: rights, locks, time, sensible options, and a runner with room. */
export const DUMP_RULES: readonly Rule[] = [
  ...RIGHTS_RULES,
  ...TIME_RULES,
  ...REQUEST_RULES,
  ...RUNNER_RULES,
];
