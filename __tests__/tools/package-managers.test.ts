// apk, dnf and Homebrew do not run on the machine of the tests: what they say is played back from public logs, the
// commands that they would be given are asserted, and the tools that they install are stand-ins.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientRequest, ClientTools } from '../../src/tools/client-tools.ts';
import { parseSigningKey } from '../../src/tools/debian/signing-key.ts';
import type { Machine } from '../../src/tools/machine.ts';
import { installWithApk } from '../../src/tools/system/apk.ts';
import { installPgdgRpms, installWithDnf } from '../../src/tools/system/dnf.ts';
import { installWithHomebrew } from '../../src/tools/system/homebrew.ts';
import type { RunProgram } from '../../src/tools/system/package-manager.ts';
import { PGDG_RPM_KEY_AARCH64, PGDG_RPM_KEY_X86_64 } from '../../src/tools/system/pgdg-rpm-keys.ts';
import { pgdgRpmRepository } from '../../src/tools/system/pgdg-rpms.ts';
import { UnavailableError } from '../../src/tools/unavailable.ts';
import type { RunOptions } from '../../src/process/run.ts';
import { captureOutput } from '../support/captured-output.ts';
import { type InstallFolders, installFolders } from '../support/client-install.ts';
import { writeFakeTools } from '../support/client-fakes.ts';
import { MACHINES } from '../support/client-machine.ts';
import { APK, BREW, DNF, type Recording } from '../support/client-recordings.ts';
import { userErrorOf } from '../support/user-error.ts';

type Install = (
  request: ClientRequest,
  machine: Machine,
  available: ClientTools | undefined,
  execute: RunProgram,
) => Promise<ClientTools>;

captureOutput();

let folders: InstallFolders;
let commands: string[][];
let environments: RunOptions['env'][];

beforeEach(async () => {
  folders = await installFolders();
  commands = [];
  environments = [];
});

afterEach(async () => {
  await folders.remove();
});

const packages = (): string => join(folders.base, 'installed');

/** Plays back a recording; one that ends well leaves stand-ins of the tools where the machine looks for them. */
function playback(played: Recording, version = '17.7'): RunProgram {
  return async (file, args, { env }) => {
    commands.push([file, ...args]);
    environments.push(env);
    if (played.exitCode === 0) await writeFakeTools(packages(), version);
    return { ...played, endedBy: null };
  };
}

function request(changes: Partial<ClientRequest> = {}): ClientRequest {
  return { major: 17, workFolder: folders.work, signal: new AbortController().signal, ...changes };
}

function go(
  install: Install,
  machine: Machine,
  played: Recording,
  changes: Partial<ClientRequest> = {},
): Promise<ClientTools> {
  return install(request(changes), { ...machine, packageFolders: [packages()] }, undefined, playback(played));
}

describe('on Alpine', () => {
  it('apk installs the package, and the tools are found', async () => {
    const tools = await go(installWithApk, MACHINES.alpine, APK.installed);
    expect(tools).toMatchObject({ version: '17.7', origin: 'apk', lasting: true });
    // An installed version that is too old to be used is upgraded.
    expect(commands).toEqual([
      ['/sbin/apk', 'add', '--no-cache', '--no-progress', '--upgrade', 'postgresql17-client'],
    ]);
  });

  it('a user other than root installs with sudo, which never asks for a password', async () => {
    const programs = { ...MACHINES.alpine.programs, sudo: '/usr/bin/sudo' };
    await go(installWithApk, { ...MACHINES.alpine, isRoot: false, programs }, APK.installed);
    // Where the machine of the test has proxies, sudo is told to keep them.
    const command = commands[0]?.filter((argument) => !argument.startsWith('--preserve-env='));
    expect(command?.slice(0, 5)).toEqual(['/usr/bin/sudo', '-n', '--', '/sbin/apk', 'add']);
  });

  it('a user other than root without sudo gets an error, and nothing is run', async () => {
    const error = await userErrorOf(go(installWithApk, { ...MACHINES.alpine, isRoot: false }, APK.installed));
    expect(error.message).toMatch(/installed with \/sbin\/apk, which needs root/);
    expect(error.hint).toContain('--user root');
    expect(commands).toEqual([]);
  });

  it('tools that are missing after the installation are an error', async () => {
    const error = await userErrorOf(
      installWithApk(request(), MACHINES.alpine, undefined, playback(APK.installed)),
    );
    expect(error.message).toMatch(
      /were installed from Alpine's packages, but do not work or are not in the expected folders/,
    );
  });

  it.each([
    ['no such package', APK.noPackage, /this release of Alpine has no such package\.$/, true],
    ['no network, which apk calls a missing package too', APK.noNetwork, /could not be reached\.$/, true],
    [
      'a signature that it does not trust',
      APK.untrusted,
      /is not signed by a key in \/etc\/apk\/keys/,
      false,
    ],
  ])('the error explains %s', async (_, played, message, elsewhere) => {
    const error = await userErrorOf(go(installWithApk, MACHINES.alpine, played));
    expect(error.message).toMatch(message);
    expect(error instanceof UnavailableError).toBe(elsewhere);
  });
});

describe('on Fedora, RHEL and compatible systems', () => {
  const url = 'https://download.postgresql.org/pub/repos/yum/17/redhat/rhel-9-x86_64';

  it("dnf gets PGDG's repository for one run, with every check enabled", async () => {
    const tools = await go(installPgdgRpms, MACHINES.rocky, DNF.installed);
    expect(tools).toMatchObject({ version: '17.7', origin: 'PGDG RPMs' });
    const [command] = commands;
    const gpgkey = command?.find((argument) => argument.includes('.gpgkey='));
    expect(command?.filter((argument) => argument !== gpgkey)).toEqual([
      '/usr/bin/dnf',
      '--assumeyes',
      '--setopt=install_weak_deps=0',
      '--setopt=gpgcheck=1',
      `--repofrompath=postgres-backup-pgdg,${url}`,
      '--setopt=postgres-backup-pgdg.gpgcheck=1',
      '--setopt=postgres-backup-pgdg.repo_gpgcheck=1',
      '--setopt=postgres-backup-pgdg.module_hotfixes=1',
      '--setopt=postgres-backup-pgdg.priority=1',
      '--setopt=postgres-backup-pgdg.skip_if_unavailable=0',
      'install',
      'postgresql17',
    ]);
  });

  it('dnf reads the key from a file, whose path may contain spaces, and which is removed afterwards', async () => {
    let armour = '';
    let file = '';
    const play = playback(DNF.installed);
    await installPgdgRpms(
      request(),
      { ...MACHINES.rocky, packageFolders: [packages()] },
      undefined,
      async (program, args, options) => {
        const key = /gpgkey=(file:\S+)$/.exec(
          args.find((argument) => argument.includes('gpgkey=')) ?? '',
        )?.[1];
        file = fileURLToPath(key ?? '');
        armour = await readFile(file, 'utf8');
        return play(program, args, options);
      },
    );
    expect(armour).toBe(PGDG_RPM_KEY_X86_64.armour);
    expect(file.startsWith(folders.work)).toBe(true);
    await expect(access(file)).rejects.toThrow('ENOENT');
  });

  it('the keys have the fingerprints that PostgreSQL has published', () => {
    for (const key of [PGDG_RPM_KEY_X86_64, PGDG_RPM_KEY_AARCH64])
      expect(parseSigningKey(key.armour).fingerprint).toBe(key.fingerprint);
    expect(PGDG_RPM_KEY_X86_64.fingerprint).toBe('D4BF08AE67A0B4C7A1DBCCD240BCA2B408B40D20');
    expect(PGDG_RPM_KEY_AARCH64.fingerprint).toBe('B031F89FC983E98262906B6E177B343BB9738825');
  });

  it.each([
    ['Rocky Linux 9', MACHINES.rocky, 'redhat/rhel-9-x86_64', PGDG_RPM_KEY_X86_64],
    [
      'Rocky Linux 9 on arm64',
      { ...MACHINES.rocky, arch: 'arm64' },
      'redhat/rhel-9-aarch64',
      PGDG_RPM_KEY_AARCH64,
    ],
    ['Fedora 42', MACHINES.fedora, 'fedora/fedora-42-x86_64', PGDG_RPM_KEY_X86_64],
  ])("PGDG's repository for %s, and its key, are known", (_, machine, path, key) => {
    expect(pgdgRpmRepository(machine, 16)).toEqual({
      url: `https://download.postgresql.org/pub/repos/yum/16/${path}`,
      key,
    });
  });

  it('PGDG builds no RPMs for Amazon Linux', () => {
    expect(pgdgRpmRepository(MACHINES.amazon, 17)).toBeUndefined();
  });

  it("dnf checks the packages of the distribution's own repositories, even if their settings turn that off", async () => {
    await go(installWithDnf, MACHINES.amazon, DNF.installed);
    expect(commands).toEqual([
      [
        '/usr/bin/dnf',
        '--assumeyes',
        '--setopt=install_weak_deps=0',
        '--setopt=gpgcheck=1',
        '--setopt=*.gpgcheck=1',
        'install',
        'postgresql17',
      ],
    ]);
  });

  it.each([
    ['an index with a bad signature', DNF.badIndex, /is not signed by the expected key/, false],
    ['a package that is signed by another key', DNF.badPackage, /is not signed by the expected key/, false],
    ['a release without a repository', DNF.noRepository, /no repository for this release \(404\)/, true],
    ['no network', DNF.noNetwork, /the package server could not be reached/, true],
    ['no such package', DNF.noPackage, /package does not exist for this release/, true],
  ])('the error explains %s', async (_, played, message, elsewhere) => {
    const error = await userErrorOf(go(installPgdgRpms, MACHINES.rocky, played));
    expect(error.message).toContain(`PostgreSQL 17 client tools could not be downloaded from ${url}: `);
    expect(error.message).toMatch(message);
    expect(error instanceof UnavailableError).toBe(elsewhere);
    expect(await folders.files()).toEqual([]);
  });
});

describe('on macOS', () => {
  it('Homebrew installs the formula as the user who runs the job', async () => {
    const tools = await go(installWithHomebrew, MACHINES.mac, BREW.installed);
    expect(tools).toMatchObject({ version: '17.7', origin: 'Homebrew' });
    expect(commands).toEqual([['/opt/homebrew/bin/brew', 'install', 'postgresql@17']]);
    expect(environments[0]).toMatchObject({ HOME: '/Users/runner', HOMEBREW_NO_AUTO_UPDATE: '1' });
  });

  it('Homebrew updates its formulae first with check-latest', async () => {
    await go(installWithHomebrew, MACHINES.mac, BREW.installed, { checkLatest: true });
    expect(environments[0]).not.toHaveProperty('HOMEBREW_NO_AUTO_UPDATE');
  });

  it('the error explains a bottle with a wrong checksum', async () => {
    const error = await userErrorOf(go(installWithHomebrew, MACHINES.mac, BREW.wrongHash));
    expect(error.message).toMatch(
      /Homebrew: a downloaded file does not match the checksum in the formula\.$/,
    );
    expect(error).not.toBeInstanceOf(UnavailableError);
  });
});

describe('every package manager', () => {
  it("runs without the job's secrets, and with its proxies", async () => {
    process.env['A_SECRET_OF_THE_JOB'] = 's3cret';
    process.env['HTTPS_PROXY'] = 'http://ci:pass@proxy:3128';
    try {
      const programs = { ...MACHINES.rocky.programs, sudo: '/usr/bin/sudo' };
      await go(installWithDnf, { ...MACHINES.rocky, isRoot: false, programs }, DNF.installed);
    } finally {
      delete process.env['A_SECRET_OF_THE_JOB'];
      delete process.env['HTTPS_PROXY'];
    }
    expect(environments[0]).toMatchObject({ https_proxy: 'http://ci:pass@proxy:3128' });
    expect(JSON.stringify(environments)).not.toContain('s3cret');
    expect(commands[0]?.find((argument) => argument.startsWith('--preserve-env='))).toContain('https_proxy');
    expect(JSON.stringify(commands)).not.toContain('pass@');
  });

  it('that fails with an unknown error is quoted', async () => {
    const played = { exitCode: 3, stdout: '', stderr: 'Error: the moon is in the wrong phase.\n' };
    const error = await userErrorOf(go(installWithApk, MACHINES.alpine, played));
    expect(error.message).toMatch(/apk failed \(exit code 3\): Error: the moon is in the wrong phase\.$/);
    expect(error.cause).toEqual(new Error('Error: the moon is in the wrong phase.'));
  });

  it('gets an explained error if sudo asks for a password', async () => {
    const played = { exitCode: 1, stdout: '', stderr: 'sudo: a password is required\n' };
    const programs = { ...MACHINES.alpine.programs, sudo: '/usr/bin/sudo' };
    const error = await userErrorOf(
      go(installWithApk, { ...MACHINES.alpine, isRoot: false, programs }, played),
    );
    expect(error.message).toMatch(/sudo does not let this user install packages without a password\.$/);
  });
});
