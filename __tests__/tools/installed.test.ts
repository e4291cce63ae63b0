import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { provideMajor } from '../support/provide-major.ts';
import { missingLibraries, parseVersion, probeTools } from '../../src/tools/probe.ts';
import { bareMachine, requestFor } from '../support/client-install.ts';
import { TOOL_NAMES, testClientTools } from '../support/client-tools.ts';
import { clientBed } from '../support/client-bed.ts';

const bed = clientBed();

/** A folder of programs that answer `--version` like PostgreSQL's, each with a version of its own. */
async function programs(versions: readonly string[], extra = ''): Promise<string> {
  const folder = join(bed.folders.base, 'programs');
  await mkdir(folder);
  for (const [index, name] of TOOL_NAMES.entries()) {
    const version = versions[index];
    if (version === undefined) continue;
    await writeFile(join(folder, name), `#!/bin/sh\n${extra}\necho "${name} (PostgreSQL) ${version}"\n`);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

/** Where the tests' mirror would be: nobody answers, so what is found was not fetched. */
const NOWHERE = { url: 'http://127.0.0.1:9/', signingKey: 'none' };

describe('tools that are installed on the machine', () => {
  it('are used if they have the requested version, and nothing is downloaded', async () => {
    const { directory, psql, pgDump, pgRestore } = await testClientTools();
    const machine = await bareMachine({ path: `/nowhere:${directory}` });
    const tools = await provideMajor(requestFor(NOWHERE, bed.folders), machine);
    expect(tools).toMatchObject({
      major: 17,
      directory,
      psql,
      pgDump,
      pgRestore,
      environment: {},
      pathDirectory: directory,
      lasting: true,
      origin: 'installed',
    });
    expect(tools.version).toMatch(/^17\.\d+$/);
    expect(await bed.folders.files()).toEqual([]);
  });

  it('are not searched for after the job was cancelled', async () => {
    const reason = new Error('cancelled');
    const request = requestFor(NOWHERE, bed.folders, { signal: AbortSignal.abort(reason) });
    const machine = await bareMachine({ path: await programs(['17.8', '17.8', '17.8']) });
    await expect(provideMajor(request, machine)).rejects.toBe(reason);
  });
});

describe('a folder of tools', () => {
  it('is accepted if all three tools print the requested version', async () => {
    const probe = await probeTools(await programs(['16.12', '16.12', '16.12']), 16, 'linux');
    expect(probe).toMatchObject({ ok: true, tools: { version: '16.12', major: 16 } });
  });

  it.each([
    ['another version', ['16.12', '16.12', '16.12'], /contains 16\.12, not 17$/],
    [
      'a minor version that runs commands of a hostile backup',
      ['17.5', '17.5', '17.5'],
      /contains 17\.5, in which a hostile backup can run commands .* 17\.6 or newer is needed$/,
    ],
    ['mixed versions', ['17.8', '17.9', '17.9'], /contains 17\.8 and 17\.9, not 17$/],
    ['one of them missing', ['17.8', '17.8'], /pg_restore absent$/],
    [
      'one that prints something else',
      ['17.8', '17.8', 'seventeen'],
      /pg_restore failed when run with --version/,
    ],
  ])('is not accepted with %s', async (_, versions, problem) => {
    expect(await probeTools(await programs(versions), 17, 'linux')).toMatchObject({
      ok: false,
      problem: expect.stringMatching(problem),
    });
  });

  it("is not accepted if it contains Debian's wrapper, whatever version that prints", async () => {
    const folder = await programs(['17.8', '17.8', '17.8']);
    const wrapped = join(bed.folders.base, 'wrapped');
    await mkdir(wrapped);
    const wrapper = join(bed.folders.base, 'pg_wrapper');
    await writeFile(wrapper, `#!/bin/sh\nexec "${folder}/\${0##*/}" "$@"\n`);
    await chmod(wrapper, 0o755);
    for (const name of TOOL_NAMES) await symlink(wrapper, join(wrapped, name));
    expect(await probeTools(wrapped, 17, 'linux')).toMatchObject({
      ok: false,
      problem: expect.stringContaining("psql is Debian's pg_wrapper"),
    });
  });

  it('is absent if it contains none of them', async () => {
    expect(await probeTools(bed.folders.base, 17, 'linux')).toMatchObject({ ok: false, problem: 'absent' });
  });

  it("is probed without the job's environment variables", async () => {
    process.env['A_SECRET_OF_THE_JOB'] = 's3cret';
    try {
      const folder = await programs(['17.8', '17.8', '17.8'], '[ -z "$A_SECRET_OF_THE_JOB" ] || exit 1');
      expect(await probeTools(folder, 17, 'linux')).toMatchObject({ ok: true });
    } finally {
      delete process.env['A_SECRET_OF_THE_JOB'];
    }
  });

  it('is probed without the PG* variables that some images set, such as those for Windows', async () => {
    const preset = ['PGBIN', 'PGDATA', 'PGROOT', 'PGUSER', 'PGPASSWORD', 'PGHOST', 'PGSERVICEFILE'];
    for (const name of preset) process.env[name] = 'preset';
    try {
      const folder = await programs(['17.8', '17.8', '17.8'], 'env | grep ^PG && exit 1');
      expect(await probeTools(folder, 17, 'linux')).toMatchObject({ ok: true });
    } finally {
      for (const name of preset) Reflect.deleteProperty(process.env, name);
    }
  });
});

describe('the output of a tool', () => {
  it.each([
    ['pg_dump (PostgreSQL) 17.11 (Debian 17.11-1.pgdg12+1)\n', '17.11'],
    ['psql (PostgreSQL) 16.12\n', '16.12'],
    ['pg_restore (PostgreSQL) 19beta2\n', '19beta2'],
    ['pg_dump (EnterpriseDB) 17.8\n', undefined],
    ['', undefined],
  ])('%j contains its version', (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });

  it('names a missing library', () => {
    const said =
      '/x/psql: error while loading shared libraries: libreadline.so.8: cannot open shared object file: No such file or directory\n';
    expect(missingLibraries(said)).toEqual(['libreadline.so.8']);
  });
});
