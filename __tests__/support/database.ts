import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type QueryResult, escapeIdentifier, escapeLiteral } from 'pg';
import { errorCode, messageOf } from '../../src/errors.ts';
import { changeOwner, serverUser, temporaryFolder } from './database-folders.ts';
import { type Certificate, selfSignedCertificate } from './database-certificate.ts';
import { ServerProcess } from './database-process.ts';
import { SERVER_ENVIRONMENT, type ServerVersion, makeCluster, serverPrograms } from './database-programs.ts';
import { configure, freePort } from './database-settings.ts';

/** How a test database differs from the usual one. */
export interface DatabaseOptions {
  /** PostgreSQL's major; `17` when absent. */
  readonly version?: ServerVersion;
  /** Lines for `postgresql.conf`, such as `max_connections = 5`. */
  readonly settings?: readonly string[];
  /** Lines for `pg_hba.conf`, before the usual ones. */
  readonly hba?: readonly string[];
  /** TLS: not offered (false, the default), offered (true), or demanded of everyone. */
  readonly ssl?: boolean | 'required';
}

/** What a connection string is made of; what is absent is the superuser's, and the database `postgres`. */
export interface UrlOptions {
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly params?: Readonly<Record<string, string>>;
}

export type Row = Record<string, unknown>;

/** A connection of somebody else than the test bed, as `pg_stat_activity` shows it. */
export interface Session {
  readonly pid: number;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly state: string | null;
  readonly query: string;
}

/** How a server shuts down: waits for its clients, sends them away, or does not look back. */
export type ShutdownMode = 'smart' | 'fast' | 'immediate';

const SHUTDOWN_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const FIRST_PASSWORD = 'p@ss/w#rd%1';
const OWN_NAME = 'postgres-backup test bed';
const START_ATTEMPTS = 20;

/**
 * Starts a real PostgreSQL server for a test: a new cluster on a free port of 127.0.0.1, as root or as an ordinary
 * user, without anything installed. It ends with `stop()`, and with the process that started it, however that ends.
 */
export async function startDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const database = new Database(options);
  try {
    await database.create();
    return database;
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** A running PostgreSQL server. Made by `startDatabase()`. */
export class Database {
  readonly host = '127.0.0.1';
  readonly user = 'postgres';
  /**
   * Every scenario meets a password that has to be percent-encoded in a URL. No two servers share one, because the
   * runner watches the command lines of the whole machine, those of other tests too.
   */
  readonly password = `${FIRST_PASSWORD} ${randomBytes(4).toString('hex')}`;
  readonly dataDirectory: string;
  /** The folder of the Unix socket, which libpq takes as a host. */
  readonly socketFolder: string;
  /** The server's certificate, when it speaks TLS: for `localhost` and 127.0.0.1, and its own root. */
  readonly certificate: string | undefined;
  readonly #folder: string;
  readonly #options: DatabaseOptions;
  readonly #serverUser = serverUser();
  readonly #tls: Certificate | undefined;
  readonly #server: ServerProcess;
  #postgres = '';
  #port = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(temporaryFolder(this.#serverUser), 'postgres-test-'));
    this.#server = new ServerProcess(this.#folder);
    this.dataDirectory = join(this.#folder, 'data');
    this.socketFolder = join(this.#folder, 'socket');
    if (options.ssl) this.#tls = selfSignedCertificate({ names: ['localhost'], addresses: [this.host] });
    this.certificate = this.#tls?.certificate;
  }

  get port(): number {
    return this.#port;
  }

  /** Not after `crash()`, `halt()` or `stop()`. */
  get isRunning(): boolean {
    return this.#server.isRunning;
  }

  /** The process id of the postmaster, while it runs. */
  get pid(): number {
    return this.#server.pid;
  }

  /** The server's log so far. */
  get log(): string {
    return this.#server.log;
  }

  /** The connection string of the superuser and the database `postgres`. */
  get url(): string {
    return this.urlFor();
  }

  /** A connection string with every part percent-encoded. */
  urlFor({
    database = 'postgres',
    user = this.user,
    password = this.password,
    params = {},
  }: UrlOptions = {}): string {
    const query = Object.entries(params).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    const address = `${this.host}:${this.port}/${encodeURIComponent(database)}`;
    return `postgres://${credentials}@${address}${query.length > 0 ? `?${query.join('&')}` : ''}`;
  }

  /**
   * Makes a database.
   *
   * @returns its connection string, for the superuser.
   */
  async createDatabase(name: string, { owner }: { readonly owner?: string } = {}): Promise<string> {
    const ownedBy = owner === undefined ? '' : ` OWNER ${escapeIdentifier(owner)}`;
    // To copy its files takes half of the time that the default takes, which logs each page.
    // 13 has no other.
    const strategy = this.#version === '13' ? '' : ' STRATEGY file_copy';
    await this.query(`CREATE DATABASE ${escapeIdentifier(name)}${strategy}${ownedBy}`);
    return this.urlFor({ database: name });
  }

  /**
   * Makes a role that may log in.
   *
   * @param attributes as `CREATE ROLE` takes them, such as `CONNECTION LIMIT 1`.
   * @returns what `urlFor` needs to log in as that role.
   */
  async createRole(
    name: string,
    { password = `${name} p@ss:w/rd`, attributes = '' } = {},
  ): Promise<{ user: string; password: string }> {
    const secret = escapeLiteral(password);
    await this.query(`CREATE ROLE ${escapeIdentifier(name)} LOGIN PASSWORD ${secret} ${attributes}`);
    return { user: name, password };
  }

  /**
   * Runs one statement as the superuser.
   *
   * @returns its rows; numbers of 64 bits come as text.
   */
  async query(
    text: string,
    {
      database = 'postgres',
      values = [],
    }: { readonly database?: string; readonly values?: readonly unknown[] } = {},
  ): Promise<Row[]> {
    return this.#connected(database, async (client) => (await client.query<Row>(text, [...values])).rows);
  }

  /**
   * Runs a script as the superuser: one statement or many, all of them in one transaction.
   *
   * @returns the rows of the last statement.
   */
  async sql(script: string, database = 'postgres'): Promise<Row[]> {
    return this.#connected(database, async (client) => lastRows(await client.query<Row>(script)));
  }

  /** Who is connected, apart from the test bed itself. */
  async sessions(): Promise<Session[]> {
    return this.#connected('postgres', async (client) => {
      const { rows } = await client.query<Session>(
        `SELECT pid, usename AS "user", datname AS database, application_name AS application, state, query
         FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> $1 ORDER BY pid`,
        [OWN_NAME],
      );
      return rows;
    });
  }

  /** Starts the server again after `crash()` or `halt()`, on the same port. */
  async start(): Promise<void> {
    await this.#startOn(() => Promise.resolve(this.#port));
  }

  /** Kills the server with all its processes, as a power cut would. What was committed is there after `start()`. */
  async crash(): Promise<void> {
    const postmaster = this.pid;
    process.kill(postmaster, 'SIGSTOP');
    for (const pid of [...childrenOf(postmaster), postmaster]) process.kill(pid, 'SIGKILL');
    await this.#server.ended();
  }

  /** Shuts the server down and keeps its data for `start()`. */
  async halt(mode: ShutdownMode = 'fast'): Promise<void> {
    try {
      process.kill(this.pid, SHUTDOWN_SIGNALS[mode]);
    } catch (error) {
      // It has ended by itself, and the news of it is on the way.
      if (errorCode(error) !== 'ESRCH') throw error;
    }
    await this.#server.ended();
  }

  /** Shuts the server down, if it still runs, and removes everything. */
  async stop(mode: ShutdownMode = 'fast'): Promise<void> {
    if (this.#server.isRunning) await this.halt(mode);
    await this.#server.close();
  }

  /** Makes the cluster and starts it on a free port; called once, by `startDatabase()`. */
  async create(): Promise<void> {
    const user = this.#serverUser;
    chmodSync(this.#folder, 0o755);
    mkdirSync(this.socketFolder, { mode: 0o700 });
    if (user) changeOwner(this.socketFolder, user);
    const programs = await serverPrograms(this.#version, user, join(this.#folder, 'programs'));
    this.#postgres = programs.postgres;
    await makeCluster(this.#folder, programs, user, { name: this.user, password: FIRST_PASSWORD });
    await this.#startOn(freePort);
    await this.#changePassword();
  }

  /**
   * Starts the server, again and again while somebody else has the port, who took it between the look and the
   * start, or while the last processes of a crashed server have not noticed yet.
   */
  async #startOn(choosePort: () => Promise<number>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#port = await choosePort();
      this.#configure();
      try {
        await this.#server.start({
          program: this.#postgres,
          args: ['-D', this.dataDirectory],
          env: SERVER_ENVIRONMENT,
          user: this.#serverUser,
        });
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS || !/in use/.test(messageOf(error))) throw error;
        await pause(100);
      }
    }
  }

  get #version(): ServerVersion {
    return this.#options.version ?? '17';
  }

  #configure(): void {
    configure(this.dataDirectory, this.#serverUser, {
      version: this.#version,
      port: this.#port,
      socketFolder: this.socketFolder,
      tls: this.#tls,
      tlsDemanded: this.#options.ssl === 'required',
      settings: this.#options.settings ?? [],
      hba: this.#options.hba ?? [],
    });
  }

  /** The cluster comes from a template, whose password is the same for all. */
  async #changePassword(): Promise<void> {
    const statement = `ALTER ROLE ${escapeIdentifier(this.user)} PASSWORD ${escapeLiteral(this.password)}`;
    await this.#connected('postgres', (client) => client.query(statement), FIRST_PASSWORD);
  }

  /** A connection for one task, through the Unix socket, which no setting of a test closes. */
  async #connected<T>(
    database: string,
    task: (client: Client) => Promise<T>,
    password = this.password,
  ): Promise<T> {
    const client = new Client({
      host: this.socketFolder,
      port: this.port,
      user: this.user,
      password,
      database,
      ssl: false,
      application_name: OWN_NAME,
    });
    // A server that crashes says so twice: to the query, and to a client without one, which would end the test.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await task(client);
    } finally {
      await client.end();
    }
  }
}

/** A script of several statements gives a list of results, which the type of `query` does not tell. */
function lastRows(result: QueryResult<Row> | QueryResult<Row>[]): Row[] {
  return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
}

/** The processes that a process started; none where the system has no `/proc`. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? (readFileSync(file, 'utf8').match(/\d+/g) ?? []).map(Number) : [];
}
