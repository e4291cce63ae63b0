import { describe, expect, it } from '@jest/globals';
import { candidateDirectories, chooseWay } from '../../src/client/choice.ts';
import { debianRelease, parseOsRelease } from '../../src/client/debian/os-release.ts';
import type { Machine } from '../../src/client/machine.ts';

const BOOKWORM = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n';
const NOBLE =
  'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n';
const MINT =
  'PRETTY_NAME="Linux Mint 22"\nVERSION_CODENAME=wilma\nID=linuxmint\nID_LIKE="ubuntu debian"\nUBUNTU_CODENAME=noble\n';
const LMDE =
  'PRETTY_NAME="LMDE 6 (faye)"\nID=linuxmint\nID_LIKE=debian\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n';
const ALPINE = 'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine Linux v3.22"\n';
const ROCKY = 'ID="rocky"\nID_LIKE=\'rhel centos fedora\'\nPRETTY_NAME="Rocky Linux 9.5"\n';

function machine(changes: Partial<Machine> & { os?: string } = {}): Machine {
  const { os = BOOKWORM, ...rest } = changes;
  return {
    platform: 'linux',
    arch: 'x64',
    osRelease: parseOsRelease(os),
    hasApt: true,
    hasCertificates: true,
    dpkgStatus: '/var/lib/dpkg/status',
    path: '/usr/local/bin:/usr/bin',
    programFiles: undefined,
    ...rest,
  };
}

describe('the release of Debian or Ubuntu', () => {
  it.each([
    ['Debian 12', BOOKWORM, 'bookworm'],
    ['Ubuntu 24.04', NOBLE, 'noble'],
    ['a distribution made from Ubuntu', MINT, 'noble'],
    ['a distribution made from Debian', LMDE, 'bookworm'],
  ])('is known for %s', (_, text, codename) => {
    expect(debianRelease(parseOsRelease(text))?.codename).toBe(codename);
  });

  it.each([
    ['Alpine', ALPINE],
    ['Rocky Linux', ROCKY],
    ['a Debian that names no release', 'ID=debian\n'],
    ['a code name that is more than a name', 'ID=debian\nVERSION_CODENAME="x main\\nDeb: y"\n'],
    ['a system without /etc/os-release', ''],
  ])('is unknown for %s', (_, text) => {
    expect(debianRelease(parseOsRelease(text))).toBeUndefined();
  });

  it('carries the name that people know it by', () => {
    expect(debianRelease(parseOsRelease(BOOKWORM))?.name).toBe('Debian GNU/Linux 12 (bookworm)');
  });
});

describe('the way to the tools', () => {
  it.each([
    ['Debian 12', machine(), 'bookworm'],
    ['Ubuntu 24.04 on arm64', machine({ os: NOBLE, arch: 'arm64' }), 'noble'],
  ])('is PGDG on %s', (_, given, codename) => {
    expect(chooseWay(given, 17)).toMatchObject({ kind: 'PGDG', release: { codename } });
  });

  it.each([
    ['macOS', machine({ platform: 'darwin', os: '' }), /brew install postgresql@17/],
    ['Windows', machine({ platform: 'win32', os: '' }), /choco install postgresql17/],
    ['Alpine', machine({ os: ALPINE, hasApt: false }), /apk add postgresql17-client/],
    ['Rocky Linux', machine({ os: ROCKY, hasApt: false }), /dnf install postgresql17/],
    ['a Debian image without apt-get', machine({ hasApt: false }), /apt-get and dpkg-deb, which are missing/],
    ['a Debian that names no release', machine({ os: 'ID=debian\n' }), /VERSION_CODENAME/],
    ['another Linux', machine({ os: 'ID=arch\n', hasApt: false }), /put their folder on PATH/],
  ])('is none yet on %s, and the error says how to install them there', (_, given, hint) => {
    const way = chooseWay(given, 17);
    if (way.kind !== 'none') throw new Error(`chose ${way.kind}`);
    expect(way.error.message).toMatch(
      /^PostgreSQL 17 client tools were not found on this runner \(looked in/,
    );
    expect(way.error.hint).toMatch(hint);
  });
});

describe('the folders in which an installation is looked for', () => {
  it("begin with the packages' own on Linux, and end with PATH", () => {
    expect(candidateDirectories(machine({ path: '/opt/pg/bin/:/usr/bin:relative:' }), 17)).toEqual([
      '/usr/lib/postgresql/17/bin',
      '/usr/pgsql-17/bin',
      '/usr/libexec/postgresql17',
      '/home/linuxbrew/.linuxbrew/opt/postgresql@17/bin',
      '/home/linuxbrew/.linuxbrew/opt/libpq/bin',
      '/usr/bin',
      '/opt/pg/bin',
    ]);
  });

  it("begin with Homebrew's kegs on macOS", () => {
    expect(candidateDirectories(machine({ platform: 'darwin', path: '' }), 16)[0]).toBe(
      '/opt/homebrew/opt/postgresql@16/bin',
    );
  });

  it('are under Program Files on Windows, and PATH is read in its form', () => {
    const windows = machine({
      platform: 'win32',
      programFiles: 'D:\\Programs',
      path: '"E:\\pg\\bin";C:\\;x',
    });
    expect(candidateDirectories(windows, 17)).toEqual([
      'D:\\Programs\\PostgreSQL\\17\\bin',
      'E:\\pg\\bin',
      'C:\\',
    ]);
  });
});
