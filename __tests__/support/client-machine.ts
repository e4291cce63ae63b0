import { parseOsRelease } from '../../src/tools/debian/os-release.ts';
import type { Machine } from '../../src/tools/machine.ts';

/** /etc/os-release of the systems that the tests describe, as those ship it (shortened to what is read). */
export const OS_RELEASE = {
  bookworm:
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  trixie: 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
  jammy:
    'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n',
  noble:
    'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n',
  ubuntu2604:
    'PRETTY_NAME="Ubuntu 26.04 LTS"\nVERSION_ID="26.04"\nVERSION_CODENAME=resolute\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=resolute\n',
  alpine: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n',
  rocky: 'ID="rocky"\nID_LIKE=\'rhel centos fedora\'\nVERSION_ID="9.5"\nPRETTY_NAME="Rocky Linux 9.5"\n',
  fedora: 'ID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (Container Image)"\n',
  amazon: 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\nPRETTY_NAME="Amazon Linux 2023"\n',
} as const;

/** A machine as a test describes it; by default Debian 12 on x64, run by root, with apt alone, and no PostgreSQL. */
export function describedMachine(changes: Partial<Machine> & { os?: string } = {}): Machine {
  const { os = OS_RELEASE.bookworm, ...rest } = changes;
  const debian = /debian/.test(os);
  return {
    platform: 'linux',
    arch: 'x64',
    isRoot: true,
    osRelease: parseOsRelease(os),
    hasApt: debian,
    hasCertificates: true,
    dpkgStatus: '/var/lib/dpkg/status',
    programs: { apk: undefined, dnf: undefined, brew: undefined, sudo: undefined },
    packageFolders: [],
    path: '',
    home: '/root',
    systemRoot: undefined,
    ...rest,
  };
}

const NO_PROGRAMS = { apk: undefined, dnf: undefined, brew: undefined, sudo: undefined };

/** The machines on which there is no apt, each with its package manager. */
export const MACHINES = {
  alpine: describedMachine({ os: OS_RELEASE.alpine, programs: { ...NO_PROGRAMS, apk: '/sbin/apk' } }),
  rocky: describedMachine({ os: OS_RELEASE.rocky, programs: { ...NO_PROGRAMS, dnf: '/usr/bin/dnf' } }),
  fedora: describedMachine({ os: OS_RELEASE.fedora, programs: { ...NO_PROGRAMS, dnf: '/usr/bin/dnf' } }),
  amazon: describedMachine({ os: OS_RELEASE.amazon, programs: { ...NO_PROGRAMS, dnf: '/usr/bin/dnf' } }),
  mac: describedMachine({
    platform: 'darwin',
    arch: 'arm64',
    os: '',
    isRoot: false,
    home: '/Users/runner',
    programs: { ...NO_PROGRAMS, brew: '/opt/homebrew/bin/brew', sudo: '/usr/bin/sudo' },
  }),
  windows: describedMachine({
    platform: 'win32',
    os: '',
    isRoot: false,
    systemRoot: 'C:\\Windows',
  }),
} as const;
