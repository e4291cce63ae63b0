import { posix, win32 } from 'node:path';
import { UserError } from '../errors.ts';
import { type DebianRelease, debianRelease } from './debian/os-release.ts';
import type { Machine } from './machine.ts';

/** How tools that are not there yet can be brought to this machine. */
export type Way =
  | { readonly kind: 'PGDG'; readonly release: DebianRelease }
  | { readonly kind: 'none'; readonly error: UserError };

/** Chooses the way to the tools from what was found on the machine. */
export function chooseWay(machine: Machine, major: number): Way {
  const release = debianRelease(machine.osRelease);
  if (machine.platform === 'linux' && release && machine.hasApt) return { kind: 'PGDG', release };
  const places = candidateDirectories({ ...machine, path: '' }, major).join(', ');
  return {
    kind: 'none',
    error: new UserError(
      `PostgreSQL ${major} client tools were not found on this runner (looked in the tool cache, ${places} and PATH).`,
      adviceFor(machine, major),
    ),
  };
}

/**
 * The folders in which an installation of this major version may be, the surest first.
 *
 * Where packages put them: Debian and Ubuntu, PGDG's RPMs, Alpine, Homebrew (kegs are not linked into PATH),
 * Postgres.app, the EDB installers. Last come the folders of PATH, whatever is in them.
 */
export function candidateDirectories(
  machine: Pick<Machine, 'platform' | 'path' | 'programFiles'>,
  major: number,
): string[] {
  const paths = machine.platform === 'win32' ? win32 : posix;
  const onPath = machine.path
    .split(paths.delimiter)
    .map((folder) => folder.replace(/^"(.*)"$/, '$1'))
    .filter((folder) => paths.isAbsolute(folder))
    .map((folder) => paths.normalize(folder).replace(/(?<=[^:\\/])[\\/]+$/, ''));
  return [...new Set([...usualDirectories(machine, major), ...onPath])];
}

function usualDirectories(machine: Pick<Machine, 'platform' | 'programFiles'>, major: number): string[] {
  if (machine.platform === 'win32') {
    return [win32.join(machine.programFiles ?? 'C:\\Program Files', 'PostgreSQL', String(major), 'bin')];
  }
  if (machine.platform === 'darwin') {
    return [
      ...homebrewKegs('/opt/homebrew', major),
      ...homebrewKegs('/usr/local', major),
      `/Applications/Postgres.app/Contents/Versions/${major}/bin`,
      `/Library/PostgreSQL/${major}/bin`,
    ];
  }
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/usr/libexec/postgresql${major}`,
    ...homebrewKegs('/home/linuxbrew/.linuxbrew', major),
    '/usr/bin',
  ];
}

function homebrewKegs(prefix: string, major: number): string[] {
  return [`${prefix}/opt/postgresql@${major}/bin`, `${prefix}/opt/libpq/bin`];
}

function adviceFor(machine: Machine, major: number): string {
  const family = [machine.osRelease.id, ...machine.osRelease.idLike];
  const before = 'in a step before this one';
  if (machine.platform === 'darwin') return `Install them ${before}: brew install postgresql@${major}`;
  if (machine.platform === 'win32')
    return `Install PostgreSQL ${major} ${before}, for example: choco install postgresql${major}`;
  if (family.includes('alpine')) return `Install them ${before}: apk add postgresql${major}-client`;
  if (['fedora', 'rhel', 'centos'].some((name) => family.includes(name)))
    return `Install them ${before}, with PGDG's repository (www.postgresql.org/download/linux/redhat): dnf install postgresql${major}`;
  if (debianRelease(machine.osRelease))
    return 'On Debian and Ubuntu this action brings them with apt-get and dpkg-deb, which are missing here: use an image that has them.';
  if (['debian', 'ubuntu'].some((name) => family.includes(name)))
    return '/etc/os-release names no release (VERSION_CODENAME), so the right packages cannot be told: install them in a step before this one.';
  return `Install PostgreSQL ${major}'s psql, pg_dump and pg_restore ${before} and put their folder on PATH.`;
}
