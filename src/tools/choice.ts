import { posix, win32 } from 'node:path';
import { UserError } from '../errors.ts';
import type { InstallMethod } from './client-tools.ts';
import { debianRelease, isDebianFamily } from './debian/os-release.ts';
import type { Machine } from './machine.ts';
import { hasPgdgRpms } from './system/pgdg-rpms.ts';

/** What to do: use the tools of a version that is available, or install those of another by one of the methods, in this order. */
export type Plan =
  | { readonly kind: 'use'; readonly major: number }
  | {
      readonly kind: 'install';
      readonly major: number;
      readonly methods: readonly [InstallMethod, ...InstallMethod[]];
    }
  | { readonly kind: 'none'; readonly error: UserError };

/**
 * Decides from the facts about the machine.
 *
 * @param preferred the major versions that can be used, the best first.
 * @param available those that are in the tool cache or installed.
 */
export function planFor(machine: Machine, preferred: readonly number[], available: readonly number[]): Plan {
  const found = preferred.find((major) => available.includes(major));
  if (found !== undefined) return { kind: 'use', major: found };
  const [major] = preferred;
  if (major === undefined) throw new Error('No version was requested.');
  const [first, ...others] = methodsFor(machine);
  if (first !== undefined) return { kind: 'install', major, methods: [first, ...others] };
  const folders = candidateDirectories({ ...machine, path: '' }, major).join(', ');
  return {
    kind: 'none',
    error: new UserError(
      'tools-unavailable',
      `PostgreSQL ${major} client tools were not found on this runner (looked in the tool cache, ${folders} and PATH).`,
      adviceFor(machine, major),
    ),
  };
}

function methodsFor(machine: Machine): InstallMethod[] {
  const { platform, osRelease, programs, hasApt } = machine;
  if (platform === 'win32') return machine.systemRoot === undefined ? [] : ['EDB binaries'];
  if (platform === 'darwin') return programs.brew === undefined ? [] : ['Homebrew'];
  if (platform !== 'linux') return [];
  if (hasApt && isDebianFamily(osRelease))
    return debianRelease(osRelease) ? ['PGDG', 'apt sources'] : ['apt sources'];
  if (programs.apk !== undefined) return ['apk'];
  if (programs.dnf !== undefined)
    return hasPgdgRpms(machine) ? ['PGDG RPMs', 'dnf repositories'] : ['dnf repositories'];
  return [];
}

/** The folders in which tools of this major version may be installed: those of packages, then those of PATH. */
export function candidateDirectories(
  machine: Pick<Machine, 'platform' | 'path' | 'packageFolders'>,
  major: number,
): string[] {
  const paths = machine.platform === 'win32' ? win32 : posix;
  const ofPackages = machine.packageFolders.map((folder) => folder.replace('{major}', String(major)));
  const onPath = machine.path
    .split(paths.delimiter)
    .map((folder) => folder.replace(/^"(.*)"$/, '$1'))
    .filter((folder) => paths.isAbsolute(folder))
    .map((folder) => paths.normalize(folder).replace(/(?<=[^:\\/])[\\/]+$/, ''));
  return [...new Set([...ofPackages, ...onPath])];
}

function adviceFor(machine: Machine, major: number): string {
  const { osRelease, platform } = machine;
  const before = 'in a step before this one';
  if (platform === 'darwin')
    return `Install Homebrew, which this action uses to install them, or install PostgreSQL ${major} ${before}.`;
  if (platform === 'win32')
    return `Install PostgreSQL ${major} ${before}, for example: choco install postgresql${major}`;
  if (isDebianFamily(osRelease))
    return 'On Debian and Ubuntu this action installs them with apt-get and dpkg-deb, which are missing here: use an image that has both.';
  if (['fedora', 'rhel', 'centos'].some((name) => [osRelease.id, ...osRelease.idLike].includes(name)))
    return `This action installs them with dnf, which is missing here: use an image with dnf, or one in which PostgreSQL ${major} is installed.`;
  return `Install PostgreSQL ${major}'s psql, pg_dump and pg_restore ${before} and put their folder on PATH.`;
}
