import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { keptFolder } from './build-cache.ts';
import { downloadDebianPackages } from './debian-packages.ts';

const execute = promisify(execFile);

/** The major versions of PostgreSQL whose client tools the tests can have. */
export type ToolsMajor = 13 | 15 | 17 | 18;

/** Real client tools of PostgreSQL for the tests. */
export interface TestClientTools {
  /** The folder of psql, pg_dump and pg_restore; it can stand on PATH. */
  readonly directory: string;
  readonly psql: string;
  readonly pgDump: string;
  readonly pgRestore: string;
}

/** A processor the tests can run on: as Node, Debian and the C library name it. */
interface Processor {
  readonly debian: string;
  readonly triplet: string;
  readonly loader: string;
}

const PROCESSORS: Readonly<Record<string, Processor>> = {
  x64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

export const TOOL_NAMES = ['psql', 'pg_dump', 'pg_restore'] as const;

/** Where the package libpq5 keeps its library, in the folder of {@link unpackedTools}. */
export const LIBPQ_FOLDER = 'libpq';

/** The releases of Debian that have a version of PostgreSQL, the best first; those after 13 go by several names. No release has 14 or 16. */
const RELEASES: Readonly<Record<ToolsMajor, readonly string[]>> = {
  13: ['bullseye'],
  15: ['bookworm'],
  17: ['trixie'],
  18: ['forky', 'testing', 'sid'],
};

/** What the tools of every major load. */
const LIBRARIES = [
  'libpq5',
  'libc6',
  'zlib1g',
  'libgssapi-krb5-2',
  'libkrb5-3',
  'libk5crypto3',
  'libkrb5support0',
  'libcom-err2',
  'libkeyutils1',
  'libsasl2-2',
  'libtinfo6',
];

/** What libldap loads up to Debian 12, beside itself. */
const OLDER_LIBRARIES = [
  'libgnutls30',
  'libgmp10',
  'libnettle8',
  'libhogweed6',
  'libunistring2',
  'libidn2-0',
  'libp11-kit0',
  'libtasn1-6',
  'libreadline8',
];
const NEWER_LIBRARIES = ['libssl3t64', 'liblz4-1', 'libxxhash0', 'libzstd1', 'libldap2', 'libreadline8t64'];

/** What the tools of a major load beside the others. */
const MORE_LIBRARIES: Readonly<Record<ToolsMajor, readonly string[]>> = {
  13: [...OLDER_LIBRARIES, 'libssl1.1', 'libldap-2.4-2', 'libffi7'],
  15: [...OLDER_LIBRARIES, 'libssl3', 'libldap-2.5-0', 'libffi8', 'liblz4-1', 'libzstd1'],
  17: NEWER_LIBRARIES,
  18: NEWER_LIBRARIES,
};

/** The processor of this machine; throws where the tests have no tools for it. */
export function processor(): Processor {
  const found = PROCESSORS[process.arch];
  if (process.platform !== 'linux' || !found)
    throw new Error(
      `The tests' client tools are Debian's: they need Linux on x64 or arm64, not ${process.arch}.`,
    );
  return found;
}

/**
 * PostgreSQL's client tools, as Debian 13 ships 17, the release after it 18, and those before it 15 and 13, run by their own
 * loader and libraries: they need nothing of the machine, which may be older and has no PostgreSQL. Fetched once (about 3 s), then kept.
 *
 * @throws Error when no release of Debian on the machine's mirror contains them: 18 may move to a later one.
 */
export async function testClientTools(major: ToolsMajor = 17): Promise<TestClientTools> {
  const directory = join(await unpackedTools(major), 'bin');
  const [psql, pgDump, pgRestore] = TOOL_NAMES.map((name) => join(directory, name));
  if (psql === undefined || pgDump === undefined || pgRestore === undefined) throw new Error('unreachable');
  return { directory, psql, pgDump, pgRestore };
}

/**
 * The folder the tools are kept in: `bin` (launchers), `programs`, `libraries` (with the loader), `libpq`, and
 * `version` (PostgreSQL's, such as `17.11`).
 */
export async function unpackedTools(major: ToolsMajor = 17): Promise<string> {
  const { debian } = processor();
  const name = major === 17 ? `client-tools-1-${debian}` : `client-tools-${major}-1-${debian}`;
  return keptFolder(name, async (folder) => {
    const work = join(folder, 'work');
    await mkdir(work);
    const packages = await downloadTools(major, work);
    const root = join(work, 'root');
    await mkdir(root);
    for (const file of packages) await execute('dpkg-deb', ['--extract', file, root]);
    await arrange(root, folder, major);
    await writeFile(join(folder, 'version'), await versionOf(packages, major));
    await rm(work, { recursive: true });
    for (const name of TOOL_NAMES) {
      const { stdout } = await execute(join(folder, 'bin', name), ['--version'], { env: {} });
      if (!stdout.includes(`(PostgreSQL) ${major}.`)) throw new Error(`Not PostgreSQL ${major}: ${stdout}`);
    }
  });
}

/** From the first release that has them all. */
async function downloadTools(major: ToolsMajor, work: string): Promise<string[]> {
  const failures: unknown[] = [];
  for (const release of RELEASES[major]) {
    const folder = join(work, release);
    await mkdir(folder);
    try {
      const packages = [clientPackage(major), ...LIBRARIES, ...MORE_LIBRARIES[major]];
      return await downloadDebianPackages(release, packages, folder);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `No release of Debian has ${clientPackage(major)} with its libraries.`);
}

function clientPackage(major: ToolsMajor): string {
  return `postgresql-client-${major}`;
}

/**
 * A launcher: runs the program of its own name by the loader that lies in `../libraries` as seen from the
 * launcher's folder. `LD_LIBRARY_PATH` is searched first, as the loader would do it by itself.
 */
export function launcher(libraries: string, programs: string, ownLibpq: string | undefined): string {
  const own = ownLibpq === undefined ? '' : `:$here/${ownLibpq}`;
  return [
    '#!/bin/sh',
    'here=${0%/*}',
    `exec "$here/${libraries}/${processor().loader}" --inhibit-cache \\`,
    `  --library-path "\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/${libraries}${own}" "$here/${programs}/\${0##*/}" "$@"`,
    '',
  ].join('\n');
}

async function arrange(root: string, folder: string, major: ToolsMajor): Promise<void> {
  const { triplet, loader } = processor();
  const [bin, programs, libraries, libpq] = ['bin', 'programs', 'libraries', LIBPQ_FOLDER].map((name) =>
    join(folder, name),
  );
  if (!bin || !programs || !libraries || !libpq) throw new Error('unreachable');
  await Promise.all([bin, programs, libraries, libpq].map((path) => mkdir(path)));
  // Up to Debian 12, some libraries are in /lib.
  for (const source of [join(root, 'lib', triplet), join(root, 'usr', 'lib', triplet)]) {
    for (const name of await readdir(source).catch(() => [])) {
      if (!/\.so(?:\.|$)/.test(name)) continue;
      await cp(join(source, name), join(name.startsWith('libpq.') ? libpq : libraries, name), {
        verbatimSymlinks: true,
      });
    }
  }
  const loaderPath = join(libraries, loader);
  const loaderBytes = await readFile(loaderPath);
  await rm(loaderPath);
  await writeFile(loaderPath, withoutSystemFolders(loaderBytes, triplet), { mode: 0o755 });
  for (const name of TOOL_NAMES) {
    await copyFile(join(root, `usr/lib/postgresql/${major}/bin`, name), join(programs, name));
    await writeFile(join(bin, name), launcher('../libraries', '../programs', `../${LIBPQ_FOLDER}`));
    await chmod(join(bin, name), 0o755);
  }
}

/**
 * The loader, told to look in no folder of the system: what the tools need is in the packages above, or is
 * missing, whatever the machine happens to have. (The folders are a list of strings in it, from glibc's
 * `system_dirs`; each keeps its length.)
 */
function withoutSystemFolders(loader: Buffer, triplet: string): Buffer {
  const folders = [`/lib/${triplet}/`, `/usr/lib/${triplet}/`, '/lib/', '/usr/lib/'];
  const text = Buffer.from(folders.join('\0'));
  const at = loader.indexOf(text);
  if (at < 0) throw new Error('The loader lists its folders in another way than expected.');
  const changed = Buffer.from(loader);
  changed.set(Buffer.from(text.toString().replaceAll('lib/', 'nil/')), at);
  return changed;
}

async function versionOf(packages: readonly string[], major: ToolsMajor): Promise<string> {
  const file = packages.find((path) => basename(path).startsWith(`${clientPackage(major)}_`));
  if (file === undefined) throw new Error(`${clientPackage(major)} was not fetched`);
  const { stdout } = await execute('dpkg-deb', ['--field', file, 'Version']);
  const version = /^\d+\.\d+/.exec(stdout)?.[0];
  if (version === undefined) throw new Error(`No version in ${stdout}`);
  return version;
}
