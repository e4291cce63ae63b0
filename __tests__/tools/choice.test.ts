import { describe, expect, it } from '@jest/globals';
import { candidateDirectories, planFor } from '../../src/tools/choice.ts';
import { preferredMajors } from '../../src/tools/automatic-version.ts';
import { debianRelease, parseOsRelease } from '../../src/tools/debian/os-release.ts';
import type { Machine } from '../../src/tools/machine.ts';
import { packageFolders } from '../../src/tools/package-folders.ts';
import type { PostgresVersion } from '../../src/tools/postgres-version.ts';
import { MACHINES, OS_RELEASE, describedMachine } from '../support/client-machine.ts';

const MINT =
  'PRETTY_NAME="Linux Mint 22"\nVERSION_CODENAME=wilma\nID=linuxmint\nID_LIKE="ubuntu debian"\nUBUNTU_CODENAME=noble\n';
const LMDE =
  'PRETTY_NAME="LMDE 6 (faye)"\nID=linuxmint\nID_LIKE=debian\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n';

const AUTO: PostgresVersion = { kind: 'auto' };

function major(version: number): PostgresVersion {
  return { kind: 'major', major: version };
}

describe('the release of Debian or Ubuntu in /etc/os-release', () => {
  it.each([
    ['Debian 12', OS_RELEASE.bookworm, 'bookworm'],
    ['Ubuntu 24.04', OS_RELEASE.noble, 'noble'],
    ['a distribution made from Ubuntu', MINT, 'noble'],
    ['a distribution made from Debian', LMDE, 'bookworm'],
  ])('is known for %s', (_, text, codename) => {
    expect(debianRelease(parseOsRelease(text))?.codename).toBe(codename);
  });

  it.each([
    ['Alpine', OS_RELEASE.alpine],
    ['Rocky Linux', OS_RELEASE.rocky],
    ['a Debian without a release name', 'ID=debian\n'],
    ['a code name that is more than a name', 'ID=debian\nVERSION_CODENAME="x main\\nDeb: y"\n'],
    ['a system without /etc/os-release', ''],
  ])('is unknown for %s', (_, text) => {
    expect(debianRelease(parseOsRelease(text))).toBeUndefined();
  });

  it('has the name that messages show', () => {
    expect(debianRelease(parseOsRelease(OS_RELEASE.bookworm))?.name).toBe('Debian GNU/Linux 12 (bookworm)');
  });
});

// The images as of August 2026, with the PostgreSQL that each brings.
const IMAGES: readonly [name: string, machine: Machine, installed: number[]][] = [
  ['ubuntu-22.04', describedMachine({ os: OS_RELEASE.jammy }), [14]],
  ['ubuntu-22.04-arm', describedMachine({ os: OS_RELEASE.jammy, arch: 'arm64' }), [14]],
  ['ubuntu-24.04', describedMachine({ os: OS_RELEASE.noble }), [16]],
  ['ubuntu-24.04-arm', describedMachine({ os: OS_RELEASE.noble, arch: 'arm64' }), [16]],
  ['ubuntu-26.04', describedMachine({ os: OS_RELEASE.ubuntu2604 }), [18]],
  ['windows-2022', MACHINES.windows, [14]],
  ['windows-2025', MACHINES.windows, [17]],
  ['macos, arm64', MACHINES.mac, []],
  ['macos, Intel', { ...MACHINES.mac, arch: 'x64' }, []],
];

/** `image`: what is done for 17, 16 and 18, and for `auto` before the server is known and for servers of 15 to 18. */
function decisions(machine: Machine, installed: readonly number[]): string[] {
  const asked: [PostgresVersion, number?][] = [
    [major(17)],
    [major(16)],
    [major(18)],
    [AUTO],
    [AUTO, 15],
    [AUTO, 16],
    [AUTO, 17],
    [AUTO, 18],
  ];
  return asked.map(([version, server]) => {
    const plan = planFor(machine, preferredMajors(version, server), installed);
    return plan.kind === 'none' ? 'none' : `${plan.kind} ${plan.major}`;
  });
}

describe('on the image', () => {
  const [i16, i17, i18] = ['install 16', 'install 17', 'install 18'];
  const [u16, u17, u18] = ['use 16', 'use 17', 'use 18'];
  const installAll = [i17, i16, i18, i17, i17, i17, i17, i18];
  it.each([
    ['ubuntu-22.04', installAll],
    ['ubuntu-22.04-arm', installAll],
    ['ubuntu-24.04', [i17, u16, i18, u16, u16, u16, i17, i18]],
    ['ubuntu-24.04-arm', [i17, u16, i18, u16, u16, u16, i17, i18]],
    ['ubuntu-26.04', [i17, i16, u18, u18, u18, u18, u18, u18]],
    ['windows-2022', installAll],
    ['windows-2025', [u17, i16, i18, u17, u17, u17, u17, i18]],
    ['macos, arm64', installAll],
    ['macos, Intel', installAll],
  ])(
    '%s, installed tools are used if their version fits, and the version is installed otherwise',
    (name, expected) => {
      const [, machine, installed] = IMAGES.find(([image]) => image === name) ?? [];
      if (!machine || !installed) throw new Error(`no image ${name}`);
      expect(decisions(machine, installed)).toEqual(expected);
    },
  );

  it('of every runner, every version can be installed', () => {
    for (const [name, machine] of IMAGES) {
      for (const version of [13, 14, 15, 16, 17, 18])
        expect([name, planFor(machine, [version], []).kind]).toEqual([name, 'install']);
    }
  });
});

describe('postgres-version: auto', () => {
  it('prefers 17, or the version of the server if that is newer', () => {
    expect(preferredMajors(AUTO)[0]).toBe(17);
    expect(preferredMajors(AUTO, 13)[0]).toBe(17);
    expect(preferredMajors(AUTO, 18)).toEqual([18]);
  });

  it('prefers 17, then the newest version, but accepts none that is older than the server', () => {
    expect(preferredMajors(AUTO, 15)).toEqual([17, 18, 16]);
    expect(preferredMajors(AUTO, 17)).toEqual([17, 18]);
  });

  it('accepts no version that lacks a compression method of the compression input', () => {
    expect(Math.min(...preferredMajors(AUTO))).toBe(16);
  });

  it('is an error if the server is newer than every supported version', () => {
    expect(() => preferredMajors(AUTO, 19)).toThrow(/PostgreSQL 19 is newer than all .* \(up to 18\)/);
  });
});

describe('the install methods', () => {
  it.each([
    ['Debian 12', describedMachine(), ['PGDG', 'apt sources']],
    ['Ubuntu on arm64', describedMachine({ os: OS_RELEASE.noble, arch: 'arm64' }), ['PGDG', 'apt sources']],
    ['a Debian without a release name', describedMachine({ os: 'ID=debian\n' }), ['apt sources']],
    ['Alpine', MACHINES.alpine, ['apk']],
    ['Rocky Linux', MACHINES.rocky, ['PGDG RPMs', 'dnf repositories']],
    ['Fedora', MACHINES.fedora, ['PGDG RPMs', 'dnf repositories']],
    ['Amazon Linux', MACHINES.amazon, ['dnf repositories']],
    ['macOS', MACHINES.mac, ['Homebrew']],
    ['Windows', MACHINES.windows, ['EDB binaries']],
  ])('on %s', (_, machine, methods) => {
    expect(planFor(machine, [17], [])).toEqual({ kind: 'install', major: 17, methods });
  });

  const without = { apk: undefined, dnf: undefined, brew: undefined, sudo: undefined };
  it.each([
    ['macOS without Homebrew', { ...MACHINES.mac, programs: without }, /Install Homebrew/],
    [
      'Windows without its own folder',
      { ...MACHINES.windows, systemRoot: undefined },
      /choco install postgresql17/,
    ],
    ['Rocky Linux without dnf', { ...MACHINES.rocky, programs: without }, /dnf, which is missing here/],
    [
      'a Debian without apt-get',
      describedMachine({ hasApt: false }),
      /apt-get and dpkg-deb, which are missing/,
    ],
    ['another Linux', describedMachine({ os: 'ID=arch\n' }), /put their folder on PATH/],
  ])('do not exist on %s, and the error says how to install the tools', (_, given, hint) => {
    const chosen = planFor(given, [17], []);
    if (chosen.kind !== 'none') throw new Error(`chose ${chosen.kind}`);
    expect(chosen.error.message).toMatch(
      /^PostgreSQL 17 client tools were not found on this runner \(looked in/,
    );
    expect(chosen.error.hint).toMatch(hint);
  });
});

describe('the folders that are searched for installed tools', () => {
  it("begin with the packages' folders on Linux, and end with those of PATH", () => {
    const machine = describedMachine({
      packageFolders: packageFolders('linux', undefined),
      path: '/opt/pg/bin/:/usr/bin:relative:',
    });
    expect(candidateDirectories(machine, 17)).toEqual([
      '/usr/lib/postgresql/17/bin',
      '/usr/pgsql-17/bin',
      '/usr/libexec/postgresql17',
      '/home/linuxbrew/.linuxbrew/opt/postgresql@17/bin',
      '/home/linuxbrew/.linuxbrew/opt/libpq/bin',
      '/usr/bin',
      '/opt/pg/bin',
    ]);
  });

  it("begin with Homebrew's kegs on macOS, for Apple and Intel processors", () => {
    const folders = candidateDirectories(
      { ...MACHINES.mac, packageFolders: packageFolders('darwin', undefined) },
      16,
    );
    expect(folders[0]).toBe('/opt/homebrew/opt/postgresql@16/bin');
    expect(folders).toContain('/usr/local/opt/postgresql@16/bin');
  });

  it('are under Program Files on Windows, where PATH is separated by semicolons', () => {
    const windows = {
      ...MACHINES.windows,
      packageFolders: packageFolders('win32', 'D:\\Programs'),
      path: '"E:\\pg\\bin";C:\\;x',
    };
    expect(candidateDirectories(windows, 17)).toEqual([
      'D:\\Programs\\PostgreSQL\\17\\bin',
      'E:\\pg\\bin',
      'C:\\',
    ]);
  });
});
