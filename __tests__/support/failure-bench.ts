import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { dumpArguments } from '../../src/backup/dump/dump-arguments.ts';
import { type Environment, run } from '../../src/process/run.ts';
import { type TestClientTools, testClientTools } from './client-tools.ts';
import { type Database, type Row, startDatabase } from './database.ts';

/** A failure of psql or pg_dump that really happens, and what the diagnosis must make of it. */
export interface ProvokedFailure {
  /** What is wrong, as a sentence would say it. */
  readonly name: string;
  readonly cause: RegExp;
  readonly hint?: RegExp;
  readonly transient?: true;
  /** @returns what the tool printed on its error stream. */
  readonly provoke: (bench: FailureBench) => Promise<string>;
}

/** Real servers of several kinds, and the real tools, called as the action calls them. */
export interface FailureBench {
  /** Speaks no TLS. Its pg_hba.conf has a line for each way to log in that a failure needs. */
  readonly plain: Database;
  /** Demands TLS 1.3, and of the role `certified` a client certificate that it signed itself. */
  readonly tls: Database;
  /** Has few connections and little room for locks. */
  readonly narrow: Database;
  /** For files: certificates, archives. */
  readonly folder: string;
  /** Runs a script, whole or as it comes; it must fail. */
  readonly psql: (connection: Environment, script?: string | Readable) => Promise<string>;
  /** Runs a dump; it must fail. `--file=` among the words wins over the usual file. */
  readonly pgDump: (connection: Environment, ...words: readonly string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const ALL = '127.0.0.1/32';
const PLAIN_HBA = [
  `host all trusted,ghost,no_login ${ALL} trust`,
  `host all identified ${ALL} ident`,
  `host all rejected ${ALL} reject`,
  `host all cleartext ${ALL} password`,
  'local all peered peer',
];
const TLS_HBA = [`hostssl all certified ${ALL} cert`, `hostssl all rejected ${ALL} reject`];
const LOCKS_ARE_FEW = [
  'max_connections = 6',
  'max_locks_per_transaction = 10',
  'max_worker_processes = 1',
  'autovacuum_max_workers = 1',
];

/** Starts the servers: about a second. */
export async function startFailureBench(): Promise<FailureBench> {
  const [tools, folder, plain, tls, narrow] = await Promise.all([
    testClientTools(),
    mkdtemp(join(tmpdir(), 'failures-')),
    startDatabase({ hba: PLAIN_HBA }),
    startDatabase({
      ssl: 'required',
      hba: TLS_HBA,
      settings: [`ssl_ca_file = 'server.crt'`, `ssl_min_protocol_version = 'TLSv1.3'`],
    }),
    startDatabase({ settings: LOCKS_ARE_FEW }),
  ]);
  return {
    plain,
    tls,
    narrow,
    folder,
    psql: (connection, script) => psql(tools, folder, connection, script),
    pgDump: (connection, ...words) => pgDump(tools, folder, connection, words),
    async stop() {
      await Promise.all([plain, tls, narrow].map((database) => database.stop()));
      await rm(folder, { recursive: true });
    },
  };
}

/** The environment through which libpq reaches a database as its superuser; `changes` win. */
export function connectionTo(database: Database, changes: Environment = {}): Environment {
  return {
    PGHOST: database.host,
    PGPORT: String(database.port),
    PGUSER: database.user,
    PGPASSWORD: database.password,
    PGDATABASE: 'postgres',
    ...changes,
  };
}

/** The environment of a new role of that name. */
export async function newRole(database: Database, name: string, attributes = ''): Promise<Environment> {
  const { user, password } = await database.createRole(name, { attributes });
  return connectionTo(database, { PGUSER: user, PGPASSWORD: password });
}

/** The environment of a new database of that name, in which a script has run. */
export async function newDatabase(database: Database, name: string, script: string): Promise<Environment> {
  await database.createDatabase(name);
  await database.sql(script, name);
  return connectionTo(database, { PGDATABASE: name });
}

/** Keeps a session open in which a script has run, for as long as the work takes. */
export async function whileSession<T>(
  database: Database,
  script: string,
  work: (session: Client) => Promise<T>,
  databaseName = 'postgres',
): Promise<T> {
  const { user, password, port, socketFolder: host } = database;
  const session = new Client({ host, port, user, password, database: databaseName });
  // A server that goes away, as some failures want it, is no error of the test.
  session.on('error', () => undefined);
  await session.connect();
  try {
    await session.query(script);
    return await work(session);
  } finally {
    await session.end().catch(() => undefined);
  }
}

/** Waits until something is there, and returns it; gives up after a minute. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error(`Waited for a minute in vain: ${what}`);
}

/** Waits until a query of the superuser has a row, and returns it. */
export function untilRow(database: Database, query: string, name = 'postgres'): Promise<Row> {
  return until(query, async () => (await database.query(query, { database: name }))[0]);
}

/** Waits until pg_dump waits for a lock in that database, and returns the process id of its session. */
export async function dumpWaits(database: Database, name: string): Promise<number> {
  const waiting = `SELECT pid FROM pg_stat_activity WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock'`;
  const row = await untilRow(database, `${waiting} AND datname = current_database()`, name);
  return Number(row['pid']);
}

/** Runs a script in psql, in a session with these settings; it must fail. */
export async function withSetting(
  { plain, psql }: FailureBench,
  setting: string,
  script: string,
): Promise<string> {
  return psql(connectionTo(plain, { PGOPTIONS: `-c ${setting}` }), script);
}

/** A server of its own, for failures that it does not survive. */
export async function withServer<T>(
  settings: readonly string[],
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await startDatabase({ settings });
  try {
    return await work(database);
  } finally {
    await database.stop('immediate');
  }
}

/** Gives the server another pg_hba.conf (and its old one back). The postmaster reads it before the next connection. */
export async function withHba<T>(
  database: Database,
  lines: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const file = join(database.dataDirectory, 'pg_hba.conf');
  const before = await readFile(file);
  const use = async (text: string | Buffer): Promise<void> => {
    await writeFile(file, text);
    await database.query('SELECT pg_reload_conf()');
  };
  await use(['local all all scram-sha-256', ...lines, ''].join('\n'));
  try {
    return await work();
  } finally {
    await use(before);
  }
}

async function psql(
  tools: TestClientTools,
  folder: string,
  connection: Environment,
  script: string | Readable = 'SELECT 1',
): Promise<string> {
  const args = ['--no-psqlrc', '--no-password', '--quiet', '--set=ON_ERROR_STOP=1', '--file=-'];
  return failing('psql', run(tools.psql, args, { env: environment(folder, connection), stdin: script }));
}

async function pgDump(
  tools: TestClientTools,
  folder: string,
  connection: Environment,
  words: readonly string[],
): Promise<string> {
  const filters = { schemas: [], excludeSchemas: [], tables: [], excludeTables: [], excludeTableData: [] };
  const args = dumpArguments({ compression: 'none', filters, extra: words, toolsMajor: 17 });
  return failing(
    'pg_dump',
    run(tools.pgDump, ['--format=custom', ...args], {
      env: environment(folder, connection),
      onStdout: () => undefined,
    }),
  );
}

function environment(folder: string, connection: Environment): Environment {
  return { HOME: folder, LC_ALL: 'C', PGCONNECT_TIMEOUT: '15', PGGSSENCMODE: 'disable', ...connection };
}

async function failing(tool: string, running: ReturnType<typeof run>): Promise<string> {
  const { exitCode, stderr } = await running;
  if (exitCode === 0) throw new Error(`${tool} was to fail, and did not: ${stderr}`);
  return stderr;
}
