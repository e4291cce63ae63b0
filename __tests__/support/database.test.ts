import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { messageOf } from '../../src/errors.ts';
import { testClientTools } from './client-tools.ts';
import { type Database, startDatabase } from './database.ts';
import { serverUser } from './database-folders.ts';
import { REPOSITORY_ROOT, nodeProgram } from './node-program.ts';

/** Waits for what comes soon; the test's own time limit is the only other way out. */
async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await pause(20);
}

async function ask(
  connectionString: string,
  text: string,
  ssl?: { ca: string | undefined },
): Promise<unknown> {
  const client = new Client({
    connectionString,
    ...(ssl ? { ssl: { ...ssl, host: 'localhost' } } : { ssl: false }),
  });
  // The server may go away under a test: the query tells it too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(`SELECT ${text} AS answer`);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}

describe('a test database', () => {
  let database: Database;

  beforeAll(async () => {
    database = await startDatabase({ settings: ['max_connections = 17'] });
  });

  afterAll(async () => {
    await database.stop();
  });

  it('is PostgreSQL 17 with the requested settings', async () => {
    expect(await ask(database.url, "current_setting('server_version')")).toMatch(/^17\./);
    expect(await ask(database.url, "current_setting('max_connections')")).toBe('17');
    expect(await ask(database.url, "current_setting('server_encoding')")).toBe('UTF8');
  });

  it('has a password that only a percent-encoded URL can carry', async () => {
    const percentEncoded =
      /^postgres:\/\/postgres:(p%40ss%2Fw%23rd%251%20[0-9a-f]{8})@127\.0\.0\.1:(\d+)\/postgres$/;
    expect(database.url).toMatch(percentEncoded);
    await expect(ask(database.urlFor({ password: 'wrong' }), '1')).rejects.toThrow(
      'password authentication failed',
    );
  });

  it('listens on no other address', async () => {
    const elsewhere = database.url.replace('127.0.0.1', '127.0.0.2');
    await expect(ask(elsewhere, '1')).rejects.toThrow('ECONNREFUSED');
  });

  it('accepts databases and roles of any name', async () => {
    const owner = await database.createRole('The "clerk"', { attributes: 'CONNECTION LIMIT 1' });
    const name = 'Søk & "find" 100%/?';
    await database.createDatabase(name, { owner: owner.user });
    const url = database.urlFor({ ...owner, database: name, params: { application_name: 'a b&c' } });
    // libpq is the judge of what a connection string means.
    const { psql } = await testClientTools();
    const question = "SELECT current_database(), current_user, current_setting('application_name')";
    const { stdout } = await promisify(execFile)(psql, ['--no-psqlrc', '-At', '-c', question, url], {
      env: {},
    });
    expect(stdout).toBe(`${name}|The "clerk"|a b&c\n`);
  });

  it('answers a query, and a script with the rows of its last statement', async () => {
    expect(await database.query('SELECT $1::int + 1 AS sum', { values: [41] })).toEqual([{ sum: 42 }]);
    expect(
      await database.sql('CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT * FROM t'),
    ).toEqual([{ a: 1 }, { a: 2 }]);
    await expect(database.sql('SELECT 1; SELECT nonsense')).rejects.toThrow(
      'column "nonsense" does not exist',
    );
  });

  it('lists only the sessions of others', async () => {
    expect(await database.sessions()).toEqual([]);
    const client = new Client({ connectionString: database.url, ssl: false, application_name: 'visitor' });
    await client.connect();
    expect(await database.sessions()).toEqual([
      {
        pid: expect.any(Number),
        user: 'postgres',
        database: 'postgres',
        application: 'visitor',
        state: 'idle',
        query: '',
      },
    ]);
    await client.end();
  });

  it('restarts after a crash with everything that was committed', async () => {
    const { pid, port } = database;
    await database.sql('CREATE TABLE kept AS SELECT 1 AS a');
    const running = ask(database.url, 'pg_sleep(600)');
    const cut = expect(running).rejects.toThrow('Connection terminated unexpectedly');
    while ((await database.sessions()).length === 0) await pause(10);
    await database.crash();
    await cut;
    await expect(ask(database.url, '1')).rejects.toThrow('ECONNREFUSED');
    await database.start();
    expect(database.port).toBe(port);
    expect(database.pid).not.toBe(pid);
    expect(await database.sql('SELECT * FROM kept')).toEqual([{ a: 1 }]);
  });

  it('waits for its port when another process uses it', async () => {
    await database.halt('immediate');
    expect(() => database.pid).toThrow('not running');
    const before = database.log.length;
    const thief = createServer().listen(database.port, '127.0.0.1');
    await once(thief, 'listening');
    const start = database.start();
    await eventually(() => database.log.slice(before).includes('Address already in use'));
    thief.close();
    await start;
    expect(await ask(database.url, '1')).toBe(1);
  });
});

describe('a test database with TLS', () => {
  it('offers it, with a certificate that clients can verify', async () => {
    const database = await startDatabase({ ssl: true });
    try {
      const encrypted = '(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())';
      expect(await ask(database.url, encrypted)).toBe(false);
      expect(await ask(database.url, encrypted, { ca: database.certificate })).toBe(true);
      await expect(ask(database.url, '1', { ca: undefined })).rejects.toThrow('self-signed certificate');
    } finally {
      await database.stop();
    }
  });

  it('requires it of everyone except the test bed if requested', async () => {
    const database = await startDatabase({ ssl: 'required' });
    try {
      await expect(ask(database.url, '1')).rejects.toThrow(/no pg_hba.conf entry .* no encryption/);
      expect(await ask(database.url, '1', { ca: database.certificate })).toBe(1);
      expect(await database.query('SELECT 1 AS a')).toEqual([{ a: 1 }]);
    } finally {
      await database.stop();
    }
  });
});

describe('the end of a test database', () => {
  it('leaves no process and no file', async () => {
    const database = await startDatabase();
    const { pid, dataDirectory } = database;
    expect(isAlive(pid)).toBe(true);
    await database.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(dataDirectory))).toBe(false);
  });

  it('leaves no shared memory after a crash', async () => {
    const database = await startDatabase();
    const [, segment] =
      readFileSync(join(database.dataDirectory, 'postmaster.pid'), 'utf8')
        .split('\n')[6]
        ?.trim()
        .split(/\s+/) ?? [];
    const segments = (): string[] =>
      readFileSync('/proc/sysvipc/shm', 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[1] ?? '');
    expect(segments()).toContain(segment);
    await database.crash();
    await database.stop();
    expect(segments()).not.toContain(segment);
  });

  it('fails with the error of the server when it cannot start, and leaves nothing', async () => {
    const failure = await startDatabase({ settings: ['shared_buffers = many'] }).then(() => '', messageOf);
    expect(failure).toContain('invalid value for parameter "shared_buffers": "many"');
    const [, folder] = /configuration file "(.*)\/data\/postgresql.conf"/.exec(failure) ?? [];
    expect(folder).toMatch(/\/postgres-test-\w+$/);
    expect(existsSync(folder ?? '')).toBe(false);
  });

  it.each([
    ['is killed', 'await new Promise((resolve) => setTimeout(resolve, 600_000));', 'SIGKILL'],
    ['forgets it', 'process.exitCode = 0;', undefined],
  ] as const)('comes also when the process that started it %s', async (_, then, signal) => {
    const { child, told } = startElsewhere(`${TELL} ${then}`);
    const { pid, folder } = await told;
    if (signal) {
      expect(isAlive(pid)).toBe(true);
      child.kill(signal);
    }
    await eventually(() => !isAlive(pid) && !existsSync(folder));
  });
});

describe('where a test database runs', () => {
  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  const readableByAll =
    process.getuid?.() === 0 && canRead(join(REPOSITORY_ROOT, 'package.json')) ? it : it.skip;

  asRoot('may be a clone that only root can enter', async () => {
    const clone = mkdtempSync(join(tmpdir(), 'private-clone-'));
    try {
      // Links that Node is told not to follow: as good as a copy, for what this is about.
      mkdirSync(join(clone, '__tests__'));
      symlinkSync(join(REPOSITORY_ROOT, '__tests__', 'support'), join(clone, '__tests__', 'support'));
      symlinkSync(join(REPOSITORY_ROOT, 'src'), join(clone, 'src'));
      symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(clone, 'node_modules'));
      const { child, told } = startElsewhere(`${TELL} await database.stop();`, { root: clone });
      const { folder, program } = await told;
      expect(program).toBe(join(folder, 'programs', 'bin', 'postgres'));
      await once(child, 'exit');
      expect(child.exitCode).toBe(0);
      expect(existsSync(folder)).toBe(false);
    } finally {
      rmSync(clone, { recursive: true });
    }
  });

  readableByAll('may be the account of an ordinary user', async () => {
    const home = mkdtempSync(join(tmpdir(), 'home-'));
    try {
      chmodSync(home, 0o777);
      const { child, told } = startElsewhere(`${TELL} await database.stop();`, { home });
      const { folder, program } = await told;
      expect(program.startsWith(REPOSITORY_ROOT)).toBe(true);
      await once(child, 'exit');
      expect(child.exitCode).toBe(0);
      expect(existsSync(folder)).toBe(false);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

/** Says which database a script has started, once it has answered. */
const TELL = `
  const database = await startDatabase();
  await database.query('SELECT 1');
  const command = (await import('node:fs')).readFileSync('/proc/' + database.pid + '/cmdline', 'utf8');
  const folder = (await import('node:path')).dirname(database.dataDirectory);
  console.log([database.pid, folder, command.split('\\0')[0]].join('\\n'));
`;

interface Told {
  readonly pid: number;
  readonly folder: string;
  readonly program: string;
}

/** Runs a script in a process of its own: in another clone, or (given a home) as an ordinary user. */
function startElsewhere(
  script: string,
  { root = REPOSITORY_ROOT, home }: { readonly root?: string; readonly home?: string } = {},
): { child: ReturnType<typeof spawn>; told: Promise<Told> } {
  const module = pathToFileURL(join(root, '__tests__', 'support', 'database.ts')).href;
  const child = spawn(
    nodeProgram(),
    [
      '--preserve-symlinks',
      '--input-type=module',
      '--eval',
      `import { startDatabase } from '${module}'; ${script}`,
    ],
    {
      cwd: home ?? root,
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home ?? process.env['HOME'] ?? '/' },
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(home === undefined ? {} : serverUser()),
    },
  );
  const told = new Promise<Told>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => {
      const [pid = '', folder = '', program = ''] = line.toString('utf8').trim().split('\n');
      resolve({ pid: Number(pid), folder, program });
    });
    child.once('exit', () => {
      reject(new Error('The script ended without any output.'));
    });
  });
  return { child, told };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function canRead(file: string): boolean {
  return spawnSync('test', ['-r', file], serverUser()).status === 0;
}
