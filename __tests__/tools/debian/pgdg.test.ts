import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { UserError } from '../../../src/errors.ts';
import { run } from '../../../src/process/run.ts';
import { provideMajor } from '../../support/provide-major.ts';
import { cachedTools } from '../../../src/tools/tool-cache.ts';
import { bareMachine, install, processesIn, requestFor, systemState } from '../../support/client-install.ts';
import { createSigner } from '../../support/pgdg-mirror-signature.ts';
import { type MirrorFault } from '../../support/pgdg-mirror.ts';
import { clientBed } from '../../support/client-bed.ts';

const execute = promisify(execFile);

const bed = clientBed();

/** The error of an installation that must fail, after which nothing may be left. */
async function refusal(installation: Promise<unknown>): Promise<UserError> {
  const error: unknown = await installation.then(
    () => new Error('it was installed'),
    (reason: unknown) => reason,
  );
  expect(await bed.folders.files()).toEqual([]);
  if (error instanceof UserError) return error;
  throw error;
}

describe("PGDG's packages", () => {
  it('become working tools in the tool cache, and the work folder is empty afterwards', async () => {
    const mirror = await bed.startMirror();
    const tools = await install(requestFor(mirror, bed.folders));
    expect(tools).toMatchObject({ version: mirror.version, major: 17, origin: 'PGDG' });
    expect(tools.directory.startsWith(bed.folders.toolCache)).toBe(true);
    for (const tool of [tools.psql, tools.pgDump, tools.pgRestore]) {
      const { stdout } = await run(tool, ['--version'], { env: tools.environment });
      expect(stdout).toContain(`(PostgreSQL) ${mirror.version}`);
    }
    expect((await bed.folders.files()).filter((path) => path.startsWith(bed.folders.work))).toEqual([]);
  });

  it('include their own libpq: the tools do not start without its folder', async () => {
    const tools = await install(requestFor(await bed.startMirror(), bed.folders));
    const { stderr } = await run(tools.psql, ['--version'], { env: {} });
    expect(stderr).toContain('libpq.so.5: cannot open shared object file');
  });

  it('are used from the tool cache the second time, without a request', async () => {
    const mirror = await bed.startMirror();
    const first = await install(requestFor(mirror, bed.folders));
    const asked = mirror.requests.length;
    const second = await provideMajor(requestFor(mirror, bed.folders), await bareMachine());
    expect(second).toEqual({ ...first, origin: 'tool cache' });
    expect(mirror.requests).toHaveLength(asked);
    expect(bed.logged).toContain(`PostgreSQL client ${mirror.version} from the tool cache\n`);
  });

  it('are downloaded again if the tools in the tool cache do not work', async () => {
    const mirror = await bed.startMirror();
    const { psql } = await install(requestFor(mirror, bed.folders));
    await writeFile(psql, '#!/bin/sh\nexit 1\n');
    expect(await cachedTools(await bareMachine(), 17)).toBeUndefined();
    const tools = await install(requestFor(mirror, bed.folders));
    const { exitCode } = await run(tools.psql, ['--version'], { env: tools.environment });
    expect(exitCode).toBe(0);
  });

  it('in the tool cache are not used on another distribution', async () => {
    await install(requestFor(await bed.startMirror(), bed.folders));
    const machine = await bareMachine();
    expect(await cachedTools(machine, 17)).toBeDefined();
    const other = { ...machine.osRelease, codename: 'sid', ubuntuCodename: '', debianCodename: '' };
    expect(await cachedTools({ ...machine, osRelease: other }, 17)).toBeUndefined();
    expect(await cachedTools({ ...machine, arch: 'other' }, 17)).toBeUndefined();
    expect(await cachedTools(machine, 16)).toBeUndefined();
  });

  it('can be installed from a folder', async () => {
    const mirror = await bed.startMirror();
    await install(requestFor(mirror, bed.folders));
    const copy = join(bed.folders.base, 'a mirror');
    for (const path of new Set(mirror.requests)) {
      const answer = await fetch(new URL(mirror.url).origin + path);
      const file = join(copy, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    }
    process.env['RUNNER_TOOL_CACHE'] = join(bed.folders.base, 'another cache');
    const url = `file://${copy.replaceAll(' ', '%20')}/pgdg`;
    const tools = await install(requestFor({ url, signingKey: mirror.signingKey }, bed.folders));
    expect(tools.version).toBe(mirror.version);
    expect(tools.directory).toContain('another cache');
  });

  it('are used from the work folder if the tool cache cannot be written', async () => {
    await writeFile(join(bed.folders.base, 'no folder'), '');
    process.env['RUNNER_TOOL_CACHE'] = join(bed.folders.base, 'no folder');
    const tools = await install(requestFor(await bed.startMirror(), bed.folders));
    expect(tools.directory.startsWith(bed.folders.work)).toBe(true);
    const { exitCode } = await run(tools.pgDump, ['--version'], { env: tools.environment });
    expect(exitCode).toBe(0);
  });

  it('can be installed from a slow mirror', async () => {
    const mirror = await bed.startMirror({ latency: 400 });
    const tools = await install(requestFor(mirror, bed.folders));
    expect(tools.version).toBe(mirror.version);
  });

  it("do not change dpkg's and apt's own state", async () => {
    const before = await systemState();
    await install(requestFor(await bed.startMirror(), bed.folders));
    expect(await systemState()).toEqual(before);
    expect(before.length).toBeGreaterThan(0);
  });
});

describe('nothing is installed', () => {
  it.each<[MirrorFault, RegExp, RegExp]>([
    ['signed by another key', /is not signed by the key [0-9A-F]{40}\.$/, /apt-signing-key/],
    ['index changed after signing', /is not signed by the key [0-9A-F]{40}\.$/, /apt-signing-key/],
    ['package list changed', /does not match the hash in the signed index/, /repair or replace/],
    ['package changed', /does not match the hash in the signed index/, /repair or replace/],
    ['package truncated', /does not match the hash in the signed index/, /repair or replace/],
    ['index expired', /the index of [a-z]+-pgdg has expired, or the runner's clock is wrong/, /clock/],
    ['package missing', /it has no package postgresql-client-17 in [a-z]+-pgdg\.$/, /postgres-version/],
    ['no suite', /it has no packages for this release \(no suite [a-z]+-pgdg\)/, /dists\/ and pool\//],
    ['server error', /the server failed to respond/, /Run again/],
  ])('from a mirror with a failure: %s', async (fault, message, hint) => {
    const mirror = await bed.startMirror({ fault });
    const error = await refusal(install(requestFor(mirror, bed.folders)));
    expect(error.message).toMatch(
      /^PostgreSQL 17 client tools could not be downloaded from http:\/\/127\.0\.0\.1/,
    );
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('from a mirror that is down', async () => {
    const mirror = await bed.startMirror();
    await mirror.stop();
    const error = await refusal(install(requestFor(mirror, bed.folders)));
    expect(error.message).toContain('the server could not be reached');
    expect(error.hint).toContain('firewall, proxy');
  });

  it("from a mirror that is signed neither by the given key nor by PGDG's", async () => {
    const mirror = await bed.startMirror();
    const aptSigningKey = createSigner().publicKey;
    const error = await refusal(install(requestFor(mirror, bed.folders, { aptSigningKey })));
    expect(error.message).toContain('is not signed by the key');
    const pgdg = await refusal(install(requestFor(mirror, bed.folders, { aptSigningKey: undefined })));
    expect(pgdg.message).toContain('is not signed by the key B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8');
  });

  it('with an invalid apt-signing-key, and no request is made', async () => {
    const mirror = await bed.startMirror();
    const aptSigningKey =
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n-----END PGP PUBLIC KEY BLOCK-----';
    const error = await refusal(install(requestFor(mirror, bed.folders, { aptSigningKey })));
    expect(error.message).toContain('apt-signing-key is damaged');
    expect(mirror.requests).toEqual([]);
  });

  it('when the job is cancelled during the download, and no process is left', async () => {
    const mirror = await bed.startMirror({ latency: 600_000 });
    const cancelled = new AbortController();
    const reason = new Error('cancelled');
    const installation = install(requestFor(mirror, bed.folders, { signal: cancelled.signal }));
    const ending = expect(installation).rejects.toBe(reason);
    await Promise.race([mirror.requested('InRelease'), installation]);
    expect(await processesIn(bed.folders.work)).not.toEqual([]);
    cancelled.abort(reason);
    await ending;
    expect(await bed.folders.files()).toEqual([]);
    expect(await processesIn(bed.folders.work)).toEqual([]);
  });
});

describe('on a machine that lacks libraries', () => {
  // The machine is simulated in two places: the package lacks libreadline, which the tools' own loader then
  // finds in no folder of this machine; and apt is shown dpkg's status without libreadline8. The resolving,
  // the download from the machine's own apt sources and the check by their key are real.
  async function slimStatus(): Promise<string> {
    const status = await readFile('/var/lib/dpkg/status', 'utf8');
    const file = join(bed.folders.base, 'slim-status');
    const kept = status.split('\n\n').filter((stanza) => !/^Package: libreadline8/m.test(stanza));
    await writeFile(file, kept.join('\n\n'));
    return file;
  }

  it("a missing library is downloaded from the machine's own apt sources, and unpacked beside the tools", async () => {
    const before = await systemState();
    const mirror = await bed.startMirror({ without: 'libreadline' });
    const tools = await install(requestFor(mirror, bed.folders), { dpkgStatus: await slimStatus() });
    const { stdout } = await run(tools.psql, ['--version'], { env: tools.environment });
    expect(stdout).toContain(`psql (PostgreSQL) ${mirror.version}`);
    const unpacked = (await bed.folders.files()).filter((path) => path.startsWith(bed.folders.toolCache));
    expect(unpacked.some((path) => path.includes('/libreadline.so.8'))).toBe(true);
    expect(
      unpacked.filter((path) => /\/(?:perl|libc\.so\.6)$/.test(path) && !path.includes('test-bed')),
    ).toEqual([]);
    expect(bed.logged).toContain('libraries that this machine lacks (libreadline.so.8');
    expect(await systemState()).toEqual(before);
  });

  it('tools that still do not start are an error that names the missing library', async () => {
    // dpkg says that libreadline8 is installed, so apt downloads nothing.
    const status = join(bed.folders.base, 'full-status');
    const claimed = 'Package: libreadline8\nStatus: install ok installed\nArchitecture: ';
    const { stdout } = await execute('dpkg', ['--print-architecture']);
    const libreadline = `${claimed}${stdout.trim()}\nVersion: 99\nMaintainer: x <x@localhost>\nDescription: x\n`;
    await writeFile(status, `${await readFile(await slimStatus(), 'utf8')}\n\n${libreadline}`);
    const mirror = await bed.startMirror({ without: 'libreadline' });
    const failed: unknown = await install(requestFor(mirror, bed.folders), { dpkgStatus: status }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(UserError);
    expect(failed).toMatchObject({ message: expect.stringContaining('libreadline.so.8: cannot open') });
    expect((await bed.folders.files()).filter((path) => !path.endsWith('-status'))).toEqual([]);
  });
});
