import type { Rule } from './rule.ts';

/** Whether the server accepts connections, and why it ends them. Sources: postmaster.c, tcop/postgres.c. */
const STATE_RULES: readonly Rule[] = [
  {
    pattern: /^the database system is not accepting connections/,
    cause: 'The server accepts no connections: it is a standby without hot_standby.',
    hint: 'Back up the primary, or set hot_standby = on.',
  },
  {
    pattern: /^the database system is not yet accepting connections/,
    cause: 'The server does not accept connections yet: it is starting up.',
    hint: 'Run the job again when the server is up.',
    transient: true,
  },
  {
    pattern: /^the database system is (starting up|shutting down|in recovery mode)/,
    cause: 'The server does not accept connections now: it is $1.',
    hint: 'Run the job again when the server is up.',
    transient: true,
  },
  {
    pattern:
      /^sorry, too many clients already|^remaining connection slots are reserved|^too many connections for|^number of requested standby connections exceeds/,
    cause: 'The server has no free connection.',
    hint: 'Run the job when fewer clients are connected, or raise the connection limit of the server or the role. Each of the jobs is a connection: fewer need fewer.',
    transient: true,
  },
  {
    pattern: /^canceling authentication due to timeout/,
    cause: 'The login took too long, and the server ended it.',
    hint: 'Run the job again; if the error persists, the server is overloaded.',
    transient: true,
  },
  {
    pattern:
      /^terminating connection due to (?:administrator command|immediate shutdown command|unexpected postmaster exit)/,
    cause: 'The server ended the connection: it was shut down or restarted, or the session was terminated.',
    hint: 'Run the job again when the server is up.',
    transient: true,
  },
  {
    pattern: /^terminating connection because of crash of another server process/,
    cause: 'A process of the server crashed, and the server ended all connections.',
    hint: "Run the job again, and check the server's log for the crash; the usual reason is too little memory.",
    transient: true,
  },
  {
    pattern: /^(?:canceling statement|terminating connection) due to conflict with recovery/,
    cause: 'The standby had to apply changes of the primary that conflict with the dump.',
    hint: 'Back up the primary, or raise max_standby_streaming_delay on the standby (or set hot_standby_feedback = on).',
  },
];

/** Resources of the server. */
const RESOURCE_RULES: readonly Rule[] = [
  {
    from: 'server',
    pattern: /^temporary file size exceeds (?:"?temp_file_limit"?) \((.*)\)/,
    cause: 'A query needs more space for temporary files than temp_file_limit, $1, allows.',
    hint: 'Raise temp_file_limit for the role.',
  },
  {
    // A detail of "out of memory", before PostgreSQL 18.
    pattern:
      /^(?:DETAIL: {2}Cannot enlarge string buffer|string buffer exceeds maximum|invalid memory alloc request size)/,
    query: /^COPY (?![^]* FROM stdin)/,
    cause:
      'A row is too large$t: as text, it or one of its values needs more than the 1 GB that PostgreSQL can handle.',
    hint: 'No setting changes that, nor does more memory. Leave the rows of that table out (exclude-table-data), or store the large value elsewhere: as a large object, in several rows, or in a file. A bytea needs two characters for each byte. If no value is that large, it is damaged.',
  },
  {
    from: 'server',
    pattern:
      /^(?:out of memory|invalid memory alloc request size|could not (?:resize|map) shared memory segment)/,
    cause: 'The server ran out of memory for a query$t.',
    hint: 'Give the server more memory, or run the job when it does less. If a row has values of hundreds of megabytes, leave the rows of that table out (exclude-table-data).',
  },
  {
    from: 'server',
    pattern: /^could not .*: (?:No space left on device|Disk quota exceeded)/,
    cause: 'The disk of the database server is full.',
    hint: 'Free or add space on the server; a dump needs some for temporary files, a restore for all that it restores.',
  },
  {
    from: 'server',
    pattern: /^out of shared memory/,
    kind: 'lock-table-full',
    cause: "The server's lock table is too small to lock all tables at once.",
    hint: 'Raise max_locks_per_transaction on the server, and restart it: times max_connections, it must exceed the number of tables. Or back up the schemas one by one with the schemas input.',
  },
  {
    from: 'server',
    pattern: /^stack depth limit exceeded/,
    cause: 'A query needs more stack than the max_stack_depth of the server.',
    hint: 'Raise max_stack_depth; a view or an expression in the database is nested very deeply, or calls itself.',
  },
];

/** What is missing or damaged in the database. */
const DAMAGE_RULES: readonly Rule[] = [
  {
    pattern: /^could not access file "(.*?)": No such file/,
    cause: 'The server lacks the library "$1", which an extension or a function of the database needs.',
    hint: "Install the extension's package on the server, in the version of the server.",
  },
  {
    pattern: /^(?:could not load library|incompatible library|could not find function .* in file) "(.*?)"/,
    cause: 'The server cannot load the library "$1", which an extension or a function of the database needs.',
    hint: "Install the extension's package again, in the version of the server.",
  },
  {
    pattern: /^(\S+) must be loaded via "?shared_preload_libraries|^extension "(.*?)" must be preloaded/,
    cause: 'An extension of the database must be loaded when the server starts.',
    hint: 'Add it to shared_preload_libraries on the server, and restart the server.',
  },
  {
    from: 'server',
    pattern:
      /^(invalid page in block .*|could not (?:read|open) (?:file|block).*"(?:base|global|pg_tblspc|pg_xact|pg_multixact)\/.*|missing chunk number .*|unexpected chunk .*|compressed \w+ data is corrupt.*|could not access status of transaction.*|index ".*" contains .*|found xm.* from before .*|catalog is missing .*)/,
    cause: 'The database is damaged: $1$t.',
    hint: "Check the server's log and its disk. Restore a previous backup, or back up what can be read: exclude-table-data leaves out the rows of one table.",
  },
  {
    pattern:
      /^(cache lookup failed for .*|could not (?:find|open) relation with OID .*|schema with OID .* does not exist|failed sanity check, .*|unrecognized .* OID .*|could not find (?:parent|block) .*|tuple concurrently .*)/,
    cause: 'The catalog was changed while the dump ran, or is damaged: $1.',
    hint: 'Run the backup when no migration is running. If it happens again, the catalog is damaged.',
  },
  {
    pattern: /^relation "(.*)" does not exist/,
    query: /^(?:LOCK TABLE|COPY (?![^]* FROM stdin)|SELECT last_value)/,
    cause: 'The table "$1" was dropped or renamed while the dump ran.',
    hint: 'Run the backup when no migration is running.',
  },
  {
    from: 'server',
    pattern: /^invalid byte sequence for encoding "(.*?)"/,
    cause: 'The database contains text that is not valid $1$t.',
    hint: 'Correct the text, or remove client_encoding from the connection string.',
  },
  {
    pattern: /^character with byte sequence .* has no equivalent in encoding "(.*?)"/,
    cause: 'The database contains text that cannot be converted to the encoding $1$t.',
    hint: 'Remove client_encoding from the connection string: the dump then keeps the encoding of the database.',
  },
];

/** Errors of the server itself. */
export const SERVER_RULES: readonly Rule[] = [...STATE_RULES, ...RESOURCE_RULES, ...DAMAGE_RULES];
