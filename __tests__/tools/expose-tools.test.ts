import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClientTools } from '../../src/tools/client-tools.ts';
import { exposeTools } from '../../src/tools/expose-tools.ts';
import { captureOutput } from '../support/captured-output.ts';
import { type InstallFolders, install, installFolders, requestFor } from '../support/client-install.ts';
import { type PgdgMirror, startPgdgMirror } from '../support/pgdg-mirror.ts';

const execute = promisify(execFile);

let folders: InstallFolders;
let mirror: PgdgMirror;
const output = captureOutput();
const before = { ...process.env };

beforeEach(async () => {
  folders = await installFolders();
  mirror = await startPgdgMirror();
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_PATH']) {
    process.env[name] = join(folders.base, name);
    await writeFile(join(folders.base, name), '');
  }
});

afterEach(async () => {
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_PATH', 'PATH']) {
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
  }
  await mirror.stop();
  await folders.remove();
});

async function written(name: 'GITHUB_OUTPUT' | 'GITHUB_PATH'): Promise<string> {
  return readFile(join(folders.base, name), 'utf8');
}

describe('later steps', () => {
  it('find all programs of the package in bin-directory, which start without further settings', async () => {
    const tools = await install(requestFor(mirror, folders));
    exposeTools(tools, false);
    expect(await written('GITHUB_OUTPUT')).toContain(`\n${tools.pathDirectory}\n`);
    expect(await written('GITHUB_PATH')).toBe('');
    for (const name of ['psql', 'pg_dump', 'pg_restore']) {
      const { stdout } = await execute(join(tools.pathDirectory, name), ['--version'], {
        env: { PATH: '/usr/bin:/bin' },
      });
      expect(stdout).toContain(`(PostgreSQL) ${mirror.version}`);
    }
  });

  it("have them first on PATH if add-to-path is set, before the distribution's", async () => {
    const tools = await install(requestFor(mirror, folders));
    exposeTools(tools, true);
    const added = (await written('GITHUB_PATH')).trim();
    expect(added).toBe(tools.pathDirectory);
    const env = { PATH: `${added}:/usr/bin:/bin` };
    const { stdout } = await execute('/bin/sh', ['-c', 'cd / && psql --version && command -v pg_dump'], {
      env,
    });
    expect(stdout).toContain(`psql (PostgreSQL) ${mirror.version}`);
    expect(stdout.trim().endsWith(`${added}/pg_dump`)).toBe(true);
  });

  it('are not offered tools that are deleted after this step: PATH is unchanged, with a warning', async () => {
    const path = process.env['PATH'];
    const gone: ClientTools = { ...(await install(requestFor(mirror, folders))), lasting: false };
    exposeTools(gone, true);
    expect([await written('GITHUB_OUTPUT'), await written('GITHUB_PATH')]).toEqual(['', '']);
    expect(process.env['PATH']).toBe(path);
    expect(output.text).toContain(
      '::warning title=Postgres Backup::add-to-path: the tool cache cannot be written',
    );
  });
});
