import { UserError } from '../errors.ts';

/** What a tool's error stream means. */
export interface Diagnosis {
  readonly cause: string;
  readonly hint: string;
  /** Whether the same attempt may well succeed a little later. */
  readonly transient: boolean;
}

interface Rule {
  readonly pattern: RegExp;
  /** `$1` stands for the first group of the pattern. */
  readonly cause: string;
  readonly hint: string;
  readonly transient?: true;
}

const SECRET_HINT = 'Correct the secret that connection-string is read from.';

/**
 * What psql, pg_dump and libpq print (in English: they run with `LC_ALL=C`), what it means and what to do.
 * The first rule that matches anywhere in the text wins, so the narrower ones stand first.
 */
const RULES: readonly Rule[] = [
  {
    pattern: /password authentication failed for user "(.*?)"/,
    cause: 'The server refused the password of the user "$1".',
    hint: `${SECRET_HINT} Special characters in the password must be percent-encoded (@ is %40).`,
  },
  {
    pattern: /no password supplied/,
    cause: 'The server asks for a password and the connection string has none.',
    hint: SECRET_HINT,
  },
  {
    pattern: /role "(.*?)" does not exist/,
    cause: 'The server has no user "$1".',
    hint: SECRET_HINT,
  },
  {
    pattern: /role "(.*?)" is not permitted to log in/,
    cause: 'The user "$1" may not log in.',
    hint: 'Give the role LOGIN, or use another user in the connection string.',
  },
  {
    pattern: /database "(.*?)" does not exist/,
    cause: 'The server has no database "$1".',
    hint: 'Correct what stands behind the last "/" of the connection string.',
  },
  {
    pattern: /permission denied for database "?(.*?)"?$/m,
    cause: 'The user may not connect to the database "$1".',
    hint: 'GRANT CONNECT ON DATABASE to the user, or use another one.',
  },
  {
    pattern: /no pg_hba\.conf entry for .*no encryption/,
    cause: 'The server takes encrypted connections only.',
    hint: 'Add ?sslmode=require to the connection string.',
  },
  {
    pattern: /no pg_hba\.conf entry/,
    cause: 'The server does not let this user connect to this database from this address (pg_hba.conf).',
    hint: "Allow the runner's address in the server's configuration or your provider's network settings.",
  },
  {
    pattern: /server does not support SSL, but SSL was required/,
    cause: 'The connection string asks for TLS, and the server does not offer it.',
    hint: 'Switch TLS on at the server; only for a server on a private network, use ?sslmode=disable.',
  },
  {
    pattern: /certificate verify failed|root certificate file .* does not exist|server certificate for/,
    cause: "The server's TLS certificate could not be verified.",
    hint: 'Use sslmode=verify-full with sslrootcert=system for a public certificate authority, or give the right one.',
  },
  {
    pattern: /Temporary failure in name resolution/,
    cause: "The server's name could not be looked up just now (temporary DNS failure).",
    hint: 'Run the job again; if it stays so, check the host in the connection string.',
    transient: true,
  },
  {
    pattern: /could not translate host name "(.*?)"/,
    cause: 'The host "$1" is not known to DNS.',
    hint: 'Correct the host in the connection string; a private name is known only to runners inside its network.',
  },
  {
    pattern: /Network is unreachable/,
    cause: "The server's network cannot be reached from this runner.",
    hint: 'A host that has only an IPv6 address cannot be reached from hosted runners: use its IPv4 or pooled (session) address.',
  },
  {
    pattern:
      /the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)/,
    cause: 'The server does not take connections now: it is $1.',
    hint: 'Run the job again when the server is up.',
    transient: true,
  },
  {
    pattern: /too many clients already|remaining connection slots are reserved|too many connections for/,
    cause: 'The server has no free connection.',
    hint: 'Run the backup when fewer clients are connected, or raise the connection limit of the server or the role.',
    transient: true,
  },
  {
    pattern: /Connection refused/,
    cause: 'Nothing accepts connections at the host and port of the connection string.',
    hint: 'Check host and port, that the server runs, and that its firewall lets the runner in.',
    transient: true,
  },
  {
    pattern: /timeout expired|Connection timed out/,
    cause: 'The server did not answer in time.',
    hint: 'Check the host and port; a time-out usually means a firewall or a private network that the runner is not part of.',
    transient: true,
  },
  {
    pattern: /No space left on device/,
    cause: 'The disk of the runner is full.',
    hint: 'Free some space before this step, use a stronger compression, or use a larger runner.',
  },
  {
    pattern: /no matching (schemas|tables|extensions) were found(?: for pattern "(.*?)")?/,
    cause: 'The $1 input matches nothing in the database (pattern "$2").',
    hint: 'Write the names as psql shows them: schema.table, with double quotes around names that have capitals, and * for any text.',
  },
  {
    pattern: /improper qualified name[^:]*: (.*)|improper relation name[^:]*: (.*)/,
    cause: 'A pattern of the filter inputs has too many dots: $1',
    hint: 'Write schema.table, with double quotes around a name that holds a dot.',
  },
  {
    pattern: /query would be affected by row-level security policy for table "(.*?)"/,
    cause: 'Row-level security hides rows of the table "$1" from this user.',
    hint: 'Use the owner of the tables or a role with BYPASSRLS.',
  },
  {
    pattern: /permission denied for (schema|table|sequence|view|relation|large object) "?(.*?)"?$/m,
    cause: 'The user may not read the $1 $2.',
    hint: 'Grant the role pg_read_all_data (PostgreSQL 14 and newer), or use the owner of the tables.',
  },
  {
    pattern:
      /canceling statement due to lock timeout|Lock acquisition|LOCK TABLE[\s\S]*canceling statement due to statement timeout|canceling statement due to statement timeout[\s\S]*LOCK TABLE/,
    cause: 'A table stayed locked by somebody else for too long.',
    hint: 'Run the backup when no migration runs; pg-dump-args: --lock-wait-timeout=10min waits longer.',
  },
  {
    pattern: /canceling statement due to statement timeout/,
    cause: "The server's statement_timeout ended a query of the dump.",
    hint: 'Raise it for this role: ALTER ROLE name SET statement_timeout = 0.',
  },
  {
    pattern: /terminating connection due to administrator command|terminating connection because of crash/,
    cause: 'The server ended the connection: it was shut down, restarted, or the session was terminated.',
    hint: 'Run the job again when the server is up.',
    transient: true,
  },
  {
    pattern:
      /server closed the connection unexpectedly|SSL SYSCALL error|could not receive data from server|SSL connection has been closed unexpectedly|Connection reset by peer/,
    cause: 'The server closed the connection unexpectedly.',
    hint: "Run the job again; if it stays so, look into the server's log for a crash or a limit.",
    transient: true,
  },
  {
    pattern: /out of shared memory|max_locks_per_transaction/,
    cause: 'The server has no room to lock all tables at once.',
    hint: 'Raise max_locks_per_transaction on the server, or back up the schemas one by one with the schemas input.',
  },
  {
    pattern: /server version mismatch/,
    cause: 'The server is newer than the client tools.',
    hint: "Set postgres-version to the server's major version.",
  },
];

/** Explains what a tool of PostgreSQL printed on its error stream. */
export function diagnose(stderr: string): Diagnosis {
  for (const rule of RULES) {
    const match = rule.pattern.exec(stderr);
    if (!match) continue;
    const cause = rule.cause.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
    return { cause, hint: rule.hint, transient: rule.transient ?? false };
  }
  return {
    cause: lastErrorLine(stderr),
    hint: "Look at the log above, and at the server's own log.",
    transient: false,
  };
}

/** An error with the cause and the hint of what a tool printed. */
export function diagnosedError(part: string, stderr: string): UserError {
  const { cause, hint } = diagnose(stderr);
  return new UserError(`${part}: ${cause}`, hint, { cause: new Error(errorLines(stderr).join('\n')) });
}

/** The lines that tell of an error or a warning, without the verbose story around them. */
export function errorLines(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => /\b(error|fatal|panic|warning|detail|hint)\b:/i.test(line))
    .slice(-20);
}

function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.findLast((line) => /\b(error|fatal|panic)\b:/i.test(line)) ??
    lines.at(-1) ??
    'it printed no reason.'
  );
}
