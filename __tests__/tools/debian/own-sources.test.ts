import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { installFromOwnSources } from '../../../src/tools/debian/own-sources.ts';
import { debianRelease, parseOsRelease } from '../../../src/tools/debian/os-release.ts';
import { installFromPgdg } from '../../../src/tools/debian/pgdg.ts';
import { provideMajor } from '../../support/provide-major.ts';
import { UnavailableError } from '../../../src/tools/unavailable.ts';
import { run } from '../../../src/process/run.ts';
import { bareMachine, requestFor, systemState } from '../../support/client-install.ts';
import { writeFakeTools } from '../../support/client-fakes.ts';
import { clientBed } from '../../support/client-bed.ts';
import { userErrorOf } from '../../support/user-error.ts';

const bed = clientBed();

/** PostgreSQL's major version in the release's own packages. */
async function ownMajor(): Promise<number> {
  const codename = debianRelease(parseOsRelease(await readFile('/etc/os-release', 'utf8')))?.codename ?? '';
  const majors: Record<string, number> = { bookworm: 15, trixie: 17, jammy: 14, noble: 16, resolute: 18 };
  const major = majors[codename];
  if (major === undefined) throw new Error(`Add PostgreSQL's version in ${codename} to this test.`);
  return major;
}

describe("the machine's own apt sources (thorough)", () => {
  it('provide the version of the release, and nothing is installed on the system', async () => {
    const before = await systemState();
    const major = await ownMajor();
    const request = { ...requestFor({ url: 'http://127.0.0.1:9', signingKey: '' }, bed.folders), major };
    const tools = await installFromOwnSources(request, await bareMachine());
    expect(tools).toMatchObject({ major, origin: 'apt sources', lasting: true });
    expect(tools.directory.startsWith(bed.folders.toolCache)).toBe(true);
    const { stdout } = await run(tools.pgDump, ['--version'], { env: tools.environment });
    expect(stdout).toContain(`pg_dump (PostgreSQL) ${tools.version}`);
    expect((await bed.folders.files()).filter((path) => path.startsWith(bed.folders.work))).toEqual([]);
    expect(await systemState()).toEqual(before);
  });

  it('are used if PGDG does not have the version; if neither has it, the error names both', async () => {
    const mirror = await bed.startMirror();
    const request = requestFor(mirror, bed.folders, { major: 13 });
    const error = await userErrorOf(provideMajor(request, await bareMachine()));
    expect(error.message).toMatch(
      /^PostgreSQL 13 client tools could not be downloaded from http:\/\/127\.0\.0\.1:\d+\/pgdg: it has no package postgresql-client-13 in [a-z]+-pgdg; nor from the machine's own apt sources: they have no package postgresql-client-13\.$/,
    );
    expect(error.hint).toMatch(/Add the package to the mirror.* Or: Use an image of a release/);
    expect(await bed.folders.files()).toEqual([]);
  });
});

describe("the machine's own apt sources are used (thorough)", () => {
  it.each(['no suite', 'server error', 'package missing'] as const)(
    'after a mirror with this fault: %s',
    async (fault) => {
      const error = await userErrorOf(
        installFromPgdg(requestFor(await bed.startMirror({ fault }), bed.folders), await bareMachine()),
      );
      expect(error).toBeInstanceOf(UnavailableError);
    },
  );

  it.each([
    'signed by another key',
    'index changed after signing',
    'package list changed',
    'package changed',
    'package truncated',
    'index expired',
  ] as const)('never after a failed check of the mirror: %s', async (fault) => {
    const mirror = await bed.startMirror({ fault });
    const error = await userErrorOf(installFromPgdg(requestFor(mirror, bed.folders), await bareMachine()));
    expect(error).not.toBeInstanceOf(UnavailableError);
  });
});

describe('check-latest (thorough)', () => {
  /** Tools of this version on PATH, as an image would have them. */
  async function machineWith(version: string): ReturnType<typeof bareMachine> {
    await writeFakeTools(join(bed.folders.base, 'installed'), version);
    return { ...(await bareMachine()), path: join(bed.folders.base, 'installed') };
  }

  it('installs a newer minor version than the available one', async () => {
    const mirror = await bed.startMirror();
    const request = requestFor(mirror, bed.folders);
    const machine = await machineWith('17.6');
    expect((await provideMajor(request, machine)).version).toBe('17.6');
    expect(mirror.requests).toEqual([]);
    const tools = await provideMajor({ ...request, checkLatest: true }, machine);
    expect(tools).toMatchObject({ version: mirror.version, origin: 'PGDG' });
  });

  it('downloads no package if the available version is the newest', async () => {
    const mirror = await bed.startMirror();
    const machine = await machineWith(mirror.version);
    const request = requestFor(mirror, bed.folders, { checkLatest: true });
    expect((await provideMajor(request, machine)).origin).toBe('installed');
    expect(mirror.requests.some((path) => path.endsWith('InRelease'))).toBe(true);
    expect(mirror.requests.filter((path) => path.endsWith('.deb'))).toEqual([]);
  });

  it('uses the available tools if no source can be reached, and warns', async () => {
    const mirror = await bed.startMirror({ fault: 'server error' });
    // Its own sources do not have 13 either.
    const machine = { ...(await bareMachine()), path: join(bed.folders.base, 'installed') };
    await writeFakeTools(join(bed.folders.base, 'installed'), '13.22');
    const request = requestFor(mirror, bed.folders, { major: 13, checkLatest: true });
    expect((await provideMajor(request, machine)).version).toBe('13.22');
    expect(bed.logged).toMatch(
      /::warning title=Postgres Backup::check-latest: the available tools \(13\.22\) are used/,
    );
  });

  it('uses the available tools on a machine without an install method, and warns', async () => {
    const machine = { ...(await machineWith('17.6')), platform: 'freebsd' } as const;
    const request = requestFor({ url: 'http://127.0.0.1:9', signingKey: '' }, bed.folders);
    const tools = await provideMajor({ ...request, checkLatest: true }, machine);
    expect(tools.origin).toBe('installed');
    expect(bed.logged).toContain(
      `::warning title=Postgres Backup::check-latest: this runner has no package source to search for newer client tools; ${tools.version} is used.`,
    );
  });

  it('fails if a download does not pass its check', async () => {
    const mirror = await bed.startMirror({ fault: 'signed by another key' });
    const request = requestFor(mirror, bed.folders, { checkLatest: true });
    const error = await userErrorOf(provideMajor(request, await machineWith('17.6')));
    expect(error.message).toContain('is not signed by the key');
  });
});
