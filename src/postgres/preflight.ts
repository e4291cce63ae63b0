import { UserError } from '../errors.ts';
import { plainLine } from '../runner/plain-text.ts';
import { log } from '../runner/log.ts';
import { bytes, count } from '../runner/format.ts';
import type { Connection } from './connection.ts';
import { poolerError } from './url/connection-string.ts';
import { diagnose, diagnosedError, shownCause } from './diagnosis/diagnosis.ts';
import { PsqlError } from './psql.ts';
import { qualified, setWhereKnown } from './sql-text.ts';
import { PgSession, type SessionTools } from './session.ts';
import { ANY_SERVER, BYTEA_OUTPUT, settingsFor } from './session-settings.ts';
import { describeAttempt, retry } from '../process/retry.ts';

/** A table, sequence, view or the like, as the server describes it before the dump. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'partitioned table' | 'sequence' | 'other';
  /** The size of its rows on the server's disk, with TOAST; 0 for a relation without rows. */
  readonly bytes: number;
  /** Whether its name without a schema finds it, in the search path of the role. */
  readonly visible: boolean;
  /** The table whose serial or identity column uses this sequence. */
  readonly ownedBy: { readonly schema: string; readonly name: string } | undefined;
  /** The partitioned table that it is a partition of, or the tables that it inherits from. */
  readonly parents: readonly { readonly schema: string; readonly name: string }[];
  /** Why the role cannot read all of it; undefined when it can. */
  readonly unreadable: string | undefined;
}

/** Facts about the server and its database before the dump. */
export interface ServerFacts {
  /** As the server reports it, for example `17.10`. */
  readonly version: string;
  readonly major: number;
  readonly database: string;
  readonly user: string;
  readonly encoding: string;
  readonly databaseBytes: number;
  readonly inRecovery: boolean;
  readonly relations: readonly Relation[];
}

const COLUMNS = 9;

/**
 * One read-only transaction: through a transaction pooler, a plain SET would remain in a session of another client.
 * A relation with an exclusive lock, or with a session that waits for one, is not measured, because that would wait for
 * the lock.
 */
const FACTS_SQL = `
SELECT 'version', version(), NULL, NULL, NULL, NULL, NULL, NULL, NULL;
BEGIN TRANSACTION READ ONLY;
SET LOCAL lock_timeout = '10s';
${setWhereKnown('idle_in_transaction_session_timeout', '0')}
${setWhereKnown('transaction_timeout', '0')}
SELECT 'server', current_setting('server_version'), current_setting('server_version_num'), current_database(),
       current_user, pg_catalog.pg_encoding_to_char(d.encoding), pg_catalog.pg_database_size(d.oid),
       pg_catalog.pg_is_in_recovery(), NULL
FROM pg_catalog.pg_database d WHERE d.datname = current_database();
SELECT 'session', r.rolsuper, current_setting('bytea_output'), NULL, NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_roles r WHERE r.rolname = session_user;
SELECT 'relation', n.nspname, c.relname,
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'S' THEN 'sequence' ELSE 'other' END,
       CASE WHEN c.relkind <> 'r' THEN 0
            WHEN EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.relation = c.oid
                         AND l.mode = 'AccessExclusiveLock') THEN c.relpages::bigint * 8192
            ELSE pg_catalog.pg_table_size(c.oid) END,
       pg_catalog.pg_table_is_visible(c.oid),
       CASE WHEN c.relkind NOT IN ('r', 'p', 'S') THEN NULL
            WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'no USAGE on its schema'
            WHEN c.relkind = 'S' AND NOT pg_catalog.has_sequence_privilege(c.oid, 'SELECT') THEN 'no SELECT'
            WHEN c.relkind <> 'S' AND NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN 'no SELECT'
            WHEN c.relrowsecurity AND pg_catalog.row_security_active(c.oid) THEN 'row-level security' END,
       tn.nspname, t.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend o ON c.relkind = 'S' AND o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  AND o.objid = c.oid AND o.refclassid = o.classid AND o.refobjsubid <> 0 AND o.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class t ON t.oid = o.refobjid
LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname;
SELECT 'child', n.nspname, c.relname, pn.nspname, p.relname, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f');
COMMIT;
`;

/** How the preflight connects. */
export interface PreflightRequest {
  /** The input with the connection string, for the messages. */
  readonly input: string;
  readonly connection: Connection;
  readonly tools: SessionTools;
  /** How often to try to connect, while failures are transient. */
  readonly attempts: number;
  /** As in `ConnectionContext`. */
  readonly allowPooler: boolean | undefined;
  readonly signal: AbortSignal;
}

/** A server that responds, and the connection to it. */
export interface Database {
  readonly server: ServerFacts;
  readonly connection: Connection;
  readonly session: PgSession;
}

/**
 * Connects, queries and logs facts about the server and its database, and retries transient failures.
 *
 * @throws UserError with the cause and what to do.
 */
export async function runPreflight(request: PreflightRequest): Promise<Database> {
  const { connection } = request;
  const { server, session } = await connect(request).catch((error: unknown) => {
    if (!(error instanceof PsqlError)) throw error;
    refuseOtherSystems(error.stdout);
    throw connection.failure() ?? explained(error, request);
  });
  const tables = server.relations.filter(({ kind }) => kind === 'table').length;
  const told = (facts: string): string =>
    `Connected to ${server.database} at ${connection.address} as ${server.user}: PostgreSQL ${server.version}` +
    `${server.inRecovery ? ' (a standby)' : ''}, ${bytes(server.databaseBytes)}, ${facts}${server.encoding}`;
  log.content(told(`${count(tables, 'table')}, `), told(''));
  return { server, connection, session };
}

const REFUSES_OPTIONS =
  /unsupported startup parameter|does(?:n't| not) (?:currently )?support command-line options/;

/**
 * Connects with the settings of this action. A server accepts options at the start of a session; a transaction pooler
 * refuses them, because its clients share sessions: where one is allowed, the settings are those of the role.
 */
async function connect(request: PreflightRequest): Promise<Pick<Database, 'server' | 'session'>> {
  const { connection, tools, signal } = request;
  const bare = new PgSession(tools, connection.environment, signal);
  const { rows, takesSettings } = await queryFacts(
    bare.with(settingsFor(ANY_SERVER, bare.connection)),
    request,
  ).then(
    (found) => ({ rows: found, takesSettings: true }),
    async (error: unknown) => {
      if (!mayUsePooler(request) || !(error instanceof PsqlError) || !REFUSES_OPTIONS.test(error.stderr))
        throw error;
      return { rows: await queryFacts(bare, request), takesSettings: false };
    },
  );
  const server = serverFacts(rows);
  const [, isSuperuser, byteaOutput = ''] = rows.find(([kind]) => kind === 'session') ?? [];
  if (byteaOutput !== BYTEA_OUTPUT) warnOfByteaOutput(request.input, byteaOutput);
  const settings = settingsFor({ major: server.major, isSuperuser: isSuperuser === 't' }, bare.connection);
  return {
    server,
    // The role may have another encoding, which need not have all characters of the database.
    session: bare.with({
      PGCLIENTENCODING: server.encoding,
      ...bare.connection,
      ...(takesSettings ? settings : {}),
    }),
  };
}

function mayUsePooler({ allowPooler, connection }: PreflightRequest): boolean {
  return allowPooler === true || !connection.mayBePooled;
}

function warnOfByteaOutput(input: string, value: string): void {
  log.warning(
    `${input}: the role or the database sets bytea_output = ${plainLine(value)}, and the pooler takes no other setting from this job. Values of the type bytea are dumped in that form, and a restore of them cannot be verified. Use a direct connection, or ALTER ROLE … RESET bytea_output.`,
  );
}

async function queryFacts(session: PgSession, request: PreflightRequest): Promise<readonly string[][]> {
  const { attempts, connection, signal } = request;
  const knownFailure = connection.failure;
  const rows = await retry(() => session.query(FACTS_SQL, COLUMNS), {
    attempts,
    isTransient: (error) =>
      error instanceof PsqlError && (knownFailure() ?? diagnose(error.stderr)).transient,
    onRetry: (error, attempt, pauseMs) => {
      const cause = knownFailure()?.message ?? (error instanceof PsqlError ? shownCause(error.stderr) : '');
      log.info(describeAttempt({ attempt, attempts, cause, pauseMs }));
    },
    signal,
  });
  refuseOtherSystems(rows.find((row) => row[0] === 'version')?.[1] ?? '');
  return rows;
}

function explained({ stderr }: PsqlError, request: PreflightRequest): UserError {
  const { input, allowPooler, connection } = request;
  if (allowPooler !== true && connection.mayBePooled && REFUSES_OPTIONS.test(stderr)) {
    return poolerError(input, 'it refuses options at the start of a session', allowPooler);
  }
  const connecting = /connection to server|could not translate|FATAL/.test(stderr);
  const error = diagnosedError(
    'connection',
    `The database cannot be ${connecting ? 'reached' : 'examined'}`,
    stderr,
  );
  const more = connection.failureHints.filter(({ when }) => when.test(stderr)).map(({ text }) => text);
  return error.reworded({ hint: (text) => [text, ...more].join(' ') });
}

/** Systems with PostgreSQL's protocol that pg_dump cannot dump, by the text of `version()`. */
const OTHER_SYSTEMS: readonly (readonly [RegExp, string, string])[] = [
  [/CockroachDB/, 'CockroachDB', 'Use its own BACKUP statement.'],
  [/Redshift/, 'Amazon Redshift', 'Use its snapshots or UNLOAD.'],
  [/-YB-/, 'YugabyteDB', 'Use its own ysql_dump.'],
];

function refuseOtherSystems(version: string): void {
  const other = OTHER_SYSTEMS.find(([pattern]) => pattern.test(version));
  if (other)
    throw new UserError('connection', `The server is ${other[1]}, which pg_dump cannot dump.`, other[2]);
}

/**
 * `pg_dump` refuses a server of a newer major version than its own.
 *
 * @throws UserError naming the version to set.
 */
export function refuseNewerServer(server: ServerFacts, clientMajor: number): void {
  if (server.major <= clientMajor) return;
  throw new UserError(
    'tools-unavailable',
    `The server is PostgreSQL ${plainLine(server.version)}, newer than the client tools (${clientMajor}).`,
    `Set "postgres-version: ${server.major}".`,
  );
}

function serverFacts(rows: readonly string[][]): ServerFacts {
  const server = rows.find((row) => row[0] === 'server');
  if (!server) throw new PsqlError('error: the server did not describe itself', '');
  const [, version = '', versionNumber, database = '', user = '', encoding = '', size, inRecovery] = server;
  return {
    version: version.split(' ')[0] ?? version,
    major: Math.floor(Number(versionNumber) / 10_000),
    database,
    user,
    encoding,
    databaseBytes: Number(size),
    inRecovery: inRecovery === 't',
    relations: relationsIn(rows),
  };
}

function relationsIn(rows: readonly string[][]): Relation[] {
  const parents = new Map<string, { schema: string; name: string }[]>();
  for (const [fact, schema = '', name = '', parentSchema = '', parent = ''] of rows) {
    if (fact !== 'child') continue;
    const key = qualified(schema, name);
    parents.set(key, [...(parents.get(key) ?? []), { schema: parentSchema, name: parent }]);
  }
  return rows
    .filter(([fact]) => fact === 'relation')
    .map((row) => relation(row, parents.get(qualified(row[1] ?? '', row[2] ?? '')) ?? []));
}

function relation(
  [, schema = '', name = '', kind, size, visible, unreadable, ...owner]: string[],
  parents: Relation['parents'],
): Relation {
  const [ownerSchema = '', ownerName = ''] = owner;
  return {
    schema,
    name,
    kind: kind === 'table' || kind === 'partitioned table' || kind === 'sequence' ? kind : 'other',
    bytes: Number(size),
    visible: visible === 't',
    ownedBy: ownerName === '' ? undefined : { schema: ownerSchema, name: ownerName },
    parents,
    unreadable: unreadable === '' ? undefined : unreadable,
  };
}
