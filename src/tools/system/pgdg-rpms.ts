import type { Machine } from '../machine.ts';
import { PGDG_RPM_KEY_AARCH64, PGDG_RPM_KEY_X86_64 } from './pgdg-rpm-keys.ts';

const BASE = 'https://download.postgresql.org/pub/repos/yum';

/** A repository of PGDG's RPMs, and the key that its index and packages are signed by. */
export interface RpmRepository {
  readonly url: string;
  readonly key: { readonly fingerprint: string; readonly armour: string };
}

/** Whether PGDG builds RPMs for this system (yum.postgresql.org/repopackages). */
export function hasPgdgRpms(machine: Pick<Machine, 'arch' | 'osRelease'>): boolean {
  return folderOf(machine) !== undefined;
}

/** PGDG's repository of one major version for this system; undefined if PGDG builds none. */
export function pgdgRpmRepository(
  machine: Pick<Machine, 'arch' | 'osRelease'>,
  major: number,
): RpmRepository | undefined {
  const folder = folderOf(machine);
  if (folder === undefined) return undefined;
  return {
    url: `${BASE}/${major}/${folder}`,
    key: machine.arch === 'arm64' ? PGDG_RPM_KEY_AARCH64 : PGDG_RPM_KEY_X86_64,
  };
}

function folderOf({ arch, osRelease }: Pick<Machine, 'arch' | 'osRelease'>): string | undefined {
  const release = /^\d+/.exec(osRelease.versionId)?.[0];
  if (release === undefined) return undefined;
  if (osRelease.id === 'fedora') return arch === 'x64' ? `fedora/fedora-${release}-x86_64` : undefined;
  // Amazon Linux and others with ID_LIKE=fedora have different libraries.
  const compatible = ['rhel', 'centos', 'rocky', 'almalinux', 'ol'].includes(osRelease.id);
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[arch];
  if (!compatible || processor === undefined) return undefined;
  return `redhat/rhel-${release}-${processor}`;
}
