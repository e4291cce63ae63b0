import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { keptFolder } from './build-cache.ts';
import { processor } from './client-tools.ts';
import type { Database } from './database.ts';
import { changeOwner, openForReading, serverUser, temporaryFolder } from './database-folders.ts';
import { freePort } from './database-settings.ts';
import { downloadDebianPackages } from './debian-packages.ts';

const execute = promisify(execFile);

/** A real PgBouncer in front of a test server. */
export interface Pgbouncer {
  /** Where clients connect, with any password: the bouncer logs in to the server itself. */
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

const PACKAGES = [
  ...[
    'pgbouncer',
    'libevent-2.1-7t64',
    'libcares2',
    'libssl3t64',
    'libpam0g',
    'libsystemd0',
    'libcap2',
    'libaudit1',
  ],
  ...['libcap-ng0', 'libc6', 'libzstd1', 'zlib1g'],
];

/**
 * Starts Debian's PgBouncer in transaction mode; it is fetched once (a few seconds), then kept.
 *
 * @param settings lines of its configuration.
 */
export async function startPgbouncer(
  server: Database,
  settings = ['ignore_startup_parameters = extra_float_digits'],
): Promise<Pgbouncer> {
  const user = serverUser();
  const folder = mkdtempSync(join(temporaryFolder(user), 'pgbouncer-'));
  const programs = join(folder, 'programs');
  cpSync(await unpackedPgbouncer(), programs, { recursive: true, verbatimSymlinks: true });
  openForReading(programs);
  openForReading(folder);
  const port = await freePort();
  const run = join(folder, 'run');
  mkdirSync(run);
  writeFileSync(join(run, 'pgbouncer.ini'), configuration(server, port, settings), { mode: 0o644 });
  if (user) changeOwner(run, user);
  const libraries = join(programs, 'libraries');
  const child = spawn(
    join(libraries, processor().loader),
    ['--library-path', libraries, join(programs, 'pgbouncer'), join(run, 'pgbouncer.ini')],
    { cwd: '/', env: {}, stdio: ['ignore', 'ignore', 'pipe'], ...user },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, 'exit');
  for (let attempt = 0; !(await accepts(port)); attempt++) {
    if (child.exitCode !== null || attempt > 100) throw new Error(`PgBouncer does not run:\n${log}`);
    await pause(50);
  }
  return {
    host: '127.0.0.1',
    port,
    async stop() {
      child.kill('SIGTERM');
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function configuration(server: Database, port: number, settings: readonly string[]): string {
  const login = `user=${server.user} password='${server.password.replaceAll("'", "''")}'`;
  return [
    '[databases]',
    `* = host=${server.host} port=${server.port} ${login}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    ...settings,
    '',
  ].join('\n');
}

async function unpackedPgbouncer(): Promise<string> {
  const { debian, triplet, loader } = processor();
  return keptFolder(`pgbouncer-1-${debian}`, async (folder) => {
    const work = join(folder, 'work');
    const root = join(work, 'root');
    mkdirSync(root, { recursive: true });
    for (const file of await downloadDebianPackages('trixie', PACKAGES, work)) {
      await execute('dpkg-deb', ['--extract', file, root]);
    }
    const own = join(root, 'usr/lib', triplet);
    cpSync(own, join(folder, 'libraries'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => path === own || /\.so(?:\.|$)/.test(path),
    });
    cpSync(join(root, 'usr/sbin/pgbouncer'), join(folder, 'pgbouncer'));
    await rm(work, { recursive: true });
    await execute(join(folder, 'libraries', loader), [
      '--library-path',
      join(folder, 'libraries'),
      join(folder, 'pgbouncer'),
      '--version',
    ]);
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
