// What apk, dnf and Homebrew say when they fail is played back from public logs, as in package-managers.test.ts.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { planFor } from '../../../src/tools/choice.ts';
import { parseOsRelease } from '../../../src/tools/debian/os-release.ts';
import type { Machine } from '../../../src/tools/machine.ts';
import { installWithApk } from '../../../src/tools/system/apk.ts';
import { installPgdgRpms, installWithDnf } from '../../../src/tools/system/dnf.ts';
import { installWithHomebrew } from '../../../src/tools/system/homebrew.ts';
import type { SystemInstaller } from '../../../src/tools/system/package-manager.ts';
import { pgdgRpmRepository } from '../../../src/tools/system/pgdg-rpms.ts';
import { UnavailableError } from '../../../src/tools/unavailable.ts';
import type { UserError } from '../../../src/errors.ts';
import type { RunOptions, RunResult } from '../../../src/process/run.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { type InstallFolders, installFolders } from '../../support/client-install.ts';
import { MACHINES } from '../../support/client-machine.ts';
import { APK, BREW, DNF } from '../../support/client-recordings.ts';
import { userErrorOf } from '../../support/user-error.ts';

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
  expect(await folders.files()).toEqual([]);
  await folders.remove();
});

/** The error of an installation whose package manager ends like this. */
function failure(
  install: SystemInstaller,
  machine: Machine,
  played: Partial<RunResult>,
  checkLatest = false,
): Promise<UserError> {
  const request = { major: 17, checkLatest, workFolder: folders.work, signal: new AbortController().signal };
  return userErrorOf(
    install(request, machine, undefined, (file, args, { env }) => {
      commands.push([file, ...args]);
      environments.push(env);
      return Promise.resolve({ exitCode: 1, endedBy: null, stdout: '', stderr: '', ...played });
    }),
  );
}

describe('the error of a package manager that fails', () => {
  it.each([
    [
      'apk, without the right to write',
      installWithApk,
      MACHINES.alpine,
      APK.notRoot,
      /this user lacks permission\.$/,
      /--user root/,
    ],
    [
      'apk, while another one runs, which it calls a temporary error',
      installWithApk,
      MACHINES.alpine,
      APK.anotherRuns,
      /another apk is running/,
      /--user root/,
    ],
    [
      'dnf, at a package whose hash is wrong',
      installPgdgRpms,
      MACHINES.rocky,
      DNF.wrongHash,
      /does not match the hash in the signed index/,
      /run again in a few minutes/,
    ],
    [
      'dnf, without root',
      installWithDnf,
      MACHINES.amazon,
      DNF.notRoot,
      /own dnf repositories: dnf needs root\.$/,
      /--user root/,
    ],
    [
      'Homebrew, as root',
      installWithHomebrew,
      MACHINES.mac,
      BREW.asRoot,
      /Homebrew does not run as root\.$/,
      /user who owns Homebrew's folder/,
    ],
  ])('%s, is explained, and no other source is tried', async (_, install, machine, played, message, hint) => {
    const error = await failure(install, machine, played);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error).not.toBeInstanceOf(UnavailableError);
  });

  it.each([
    [
      'that is disabled',
      BREW.disabled,
      /has no such formula, or no longer installs it\.$/,
      /formulae\.brew\.sh/,
    ],
    ['that cannot be fetched', BREW.noNetwork, /servers could not be reached\.$/, /proxy, firewall/],
  ])('explains Homebrew: a formula %s', async (_, played, message, hint) => {
    const error = await failure(installWithHomebrew, MACHINES.mac, played);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    // With check-latest, available tools may do.
    expect(error).toBeInstanceOf(UnavailableError);
  });

  it('contains the exit code if nothing was printed', async () => {
    const error = await failure(installWithApk, MACHINES.alpine, { exitCode: null, endedBy: 'SIGKILL' });
    expect(error.message).toBe(
      "PostgreSQL 17 client tools could not be downloaded from Alpine's packages: /sbin/apk failed (SIGKILL).",
    );
    expect(error.cause).toEqual(new Error('/sbin/apk printed nothing'));
  });

  it('contains the last line of the output if none is an error', async () => {
    const stdout = '(2/8) Installing lz4-libs (1.10.0-r0)\n(3/8) Installing libpq (17.7-r0)\n';
    const error = await failure(installWithApk, MACHINES.alpine, { stdout, exitCode: 137 });
    expect(error.message).toMatch(/apk failed \(exit code 137\): \(3\/8\) Installing libpq \(17\.7-r0\)\.$/);
  });

  it("does not contain a proxy's password", async () => {
    const stderr = 'Error: no way through http://ci:s3cret@proxy:3128\n';
    const error = await failure(installWithDnf, MACHINES.amazon, { stderr });
    expect(error.message).toContain('proxy:3128');
    expect(`${error.message} ${String(error.cause)}`).not.toContain('s3cret');
  });
});

describe('a package manager', () => {
  it('gets a HOME variable if the job has none', async () => {
    await failure(installWithApk, { ...MACHINES.alpine, home: undefined }, APK.noNetwork);
    expect(environments).toMatchObject([{ HOME: '/', LC_ALL: 'C' }]);
  });

  it.each([
    ['PGDG', installPgdgRpms, MACHINES.rocky],
    ['the distribution', installWithDnf, MACHINES.amazon],
  ])('dnf installs the newest version from %s with check-latest only', async (_, install, machine) => {
    const newest = ['--refresh', '--setopt=best=1'];
    await failure(install, machine, DNF.noNetwork, true);
    expect(commands[0]).toEqual(expect.arrayContaining(newest));
    await failure(install, machine, DNF.noNetwork);
    expect(commands[1]).not.toEqual(expect.arrayContaining(newest.slice(0, 1)));
  });
});

describe('PGDG builds no RPMs', () => {
  it.each([
    ['Fedora on arm64', { ...MACHINES.fedora, arch: 'arm64' }],
    ['Rocky Linux on another processor', { ...MACHINES.rocky, arch: 's390x' }],
    ['a system without a release number', { ...MACHINES.rocky, osRelease: parseOsRelease('ID=rocky\n') }],
  ])("for %s, where the distribution's own packages are used", (_, machine) => {
    expect(pgdgRpmRepository(machine, 17)).toBeUndefined();
    expect(planFor(machine, [17], [])).toEqual({
      kind: 'install',
      major: 17,
      methods: ['dnf repositories'],
    });
  });
});
