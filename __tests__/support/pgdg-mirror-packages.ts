import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianRelease, parseOsRelease } from '../../src/tools/debian/os-release.ts';
import { keptFolder } from './build-cache.ts';
import {
  LIBPQ_FOLDER,
  TOOL_NAMES,
  type ToolsMajor,
  launcher,
  processor,
  unpackedTools,
} from './client-tools.ts';

const execute = promisify(execFile);

/** The packages of a mirror, on disk. */
export interface MirrorPackages {
  /** Contains the .deb files and their index, `Packages`. */
  readonly folder: string;
  /** This machine's release with PGDG's ending: `bookworm-pgdg`. */
  readonly suite: string;
  readonly architecture: string;
  /** PostgreSQL 17's version: `17.11`. */
  readonly version: string;
}

/** What a mirror has. */
export interface MirrorChoice {
  /** The name of a library to leave out, such as `libreadline`: as on a slim machine, that lacks it. */
  readonly without?: string | undefined;
  /** The newest PostgreSQL there; 17 when absent. With 18, which is fetched for it, 17 is there too. */
  readonly newest?: ToolsMajor | undefined;
}

/**
 * Packages as PGDG has them for this machine's release, made once from the tests' client tools: the programs
 * are those of Debian, each behind a launcher, with the libraries that PGDG's would find on the machine.
 * libpq they find only in the package libpq5, as PGDG's do; there is one for all versions, the newest, as there.
 */
export async function mirrorPackages({ without, newest = 17 }: MirrorChoice = {}): Promise<MirrorPackages> {
  const newestTools = await unpackedTools(newest);
  const { debian } = processor();
  const release = debianRelease(parseOsRelease(await readFile('/etc/os-release', 'utf8')));
  if (!release) throw new Error('The mirror is made for Debian and Ubuntu machines only.');
  const endings = [
    ...(newest === 17 ? [] : [newest]),
    ...(without === undefined ? [] : ['without', without]),
  ];
  const name = ['pgdg-mirror-1', release.codename, debian, ...endings].join('-');
  const majors: readonly ToolsMajor[] = newest === 17 ? [17] : [17, newest];
  const folder = await keptFolder(name, async (target) => {
    const work = join(target, 'work');
    for (const major of majors) {
      await buildClient(join(work, `client-${major}`), { major, libraries: newestTools, without });
    }
    await buildLibpq(join(work, 'libpq'), newestTools);
    for (const part of await readdir(work)) {
      await execute('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', join(work, part), target]);
    }
    await rm(work, { recursive: true });
    await writeFile(join(target, 'Packages'), await indexOf(target));
  });
  const version = await versionOf(await unpackedTools());
  return { folder, suite: `${release.codename}-pgdg`, architecture: debian, version };
}

async function buildClient(
  root: string,
  from: { readonly major: ToolsMajor; readonly libraries: string; readonly without: string | undefined },
): Promise<void> {
  const { major, libraries, without } = from;
  const tools = await unpackedTools(major);
  const version = await versionOf(tools);
  const postgres = join(root, 'usr/lib/postgresql', String(major));
  await mkdir(join(postgres, 'bin'), { recursive: true });
  await cp(join(tools, 'programs'), join(postgres, 'test-bed/programs'), { recursive: true });
  await cp(join(libraries, 'libraries'), join(postgres, 'test-bed/libraries'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => without === undefined || !path.includes(`/${without}.so`),
  });
  for (const name of TOOL_NAMES) {
    const text = launcher('../test-bed/libraries', '../test-bed/programs', undefined);
    await writeFile(join(postgres, 'bin', name), text, { mode: 0o755 });
  }
  await control(root, `postgresql-client-${major}`, version, [
    'libc6 (>= 2.34)',
    `libpq5 (>= ${version})`,
    'libreadline8 | libreadline8t64',
    'postgresql-client-common (>= 182~)',
    'sensible-utils',
  ]);
}

async function buildLibpq(root: string, tools: string): Promise<void> {
  const libraries = join(root, 'usr/lib', processor().triplet);
  await mkdir(libraries, { recursive: true });
  await copyFile(join(tools, LIBPQ_FOLDER, 'libpq.so.5'), join(libraries, 'libpq.so.5'));
  await control(root, 'libpq5', await versionOf(tools), ['libc6 (>= 2.34)']);
}

function versionOf(tools: string): Promise<string> {
  return readFile(join(tools, 'version'), 'utf8');
}

async function control(root: string, name: string, version: string, depends: string[]): Promise<void> {
  await mkdir(join(root, 'DEBIAN'));
  const fields = {
    Package: name,
    Version: `${version}-1.pgdg0+1`,
    Architecture: processor().debian,
    Maintainer: 'Tests <tests@localhost>',
    Depends: depends.join(', '),
    Description: 'made for the tests',
  };
  const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}\n`);
  await writeFile(join(root, 'DEBIAN/control'), lines.join(''));
}

/** The index of a folder of packages (deb822, as dpkg-scanpackages writes it). */
async function indexOf(folder: string): Promise<string> {
  const stanzas = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.deb')) continue;
    const { stdout: fields } = await execute('dpkg-deb', ['--field', join(folder, name)]);
    const bytes = await readFile(join(folder, name));
    const hash = createHash('sha256').update(bytes).digest('hex');
    stanzas.push(`${fields.trim()}\nFilename: pool/${name}\nSize: ${bytes.length}\nSHA256: ${hash}\n`);
  }
  return stanzas.join('\n');
}
