import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { cachedTools } from '../../src/tools/tool-cache.ts';
import { bareMachine, install, processesIn, requestFor } from '../support/client-install.ts';
import { nodeProgram } from '../support/node-program.ts';
import { type PgdgMirror } from '../support/pgdg-mirror.ts';
import { clientBed } from '../support/client-bed.ts';

const SCRIPT = fileURLToPath(new URL('../support/client-install-process.ts', import.meta.url));
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

const bed = clientBed();

/** Starts an installation in a process group of its own; its work folder is named by `name`. */
async function startJob(
  mirror: PgdgMirror,
  name: string,
  options: { way?: 'pgdg' | 'provide'; user?: number | undefined } = {},
): Promise<{ child: ChildProcess; answer: Promise<Record<string, unknown>> }> {
  const work = join(bed.folders.work, name);
  await mkdir(work);
  const { way = 'pgdg', user } = options;
  if (user !== undefined) await chown(work, user, user);
  const child = spawn(
    nodeProgram(),
    [SCRIPT, way, mirror.url, mirror.signingKey, work, user === undefined ? '' : String(user)],
    {
      cwd: bed.folders.base,
      detached: true,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: bed.folders.base,
        RUNNER_TOOL_CACHE: bed.folders.toolCache,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  child.stdout.on('data', (chunk) => (said += String(chunk)));
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const answer = once(child, 'close').then(([code]): Record<string, unknown> => {
    if (code !== 0) throw new Error(`The installation failed: ${said}`);
    return asRecord(JSON.parse(said.trim().split('\n').at(-1) ?? ''));
  });
  answer.catch(() => undefined);
  return { child, answer };
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  return { ...value };
}

describe('jobs that share a tool cache', () => {
  it('install at the same time, and all of them end with the same tools', async () => {
    const mirror = await bed.startMirror();
    const jobs = await Promise.all(['a', 'b', 'c'].map((name) => startJob(mirror, name)));
    const answers = await Promise.all(jobs.map(({ answer }) => answer));
    const directories = new Set(answers.map(({ directory }) => directory));
    expect(directories.size).toBe(1);
    const cached = await cachedTools(await bareMachine(), 17);
    expect([...directories]).toEqual([cached?.directory]);
    const inCache = await readdir(join(bed.folders.toolCache, 'postgresql-client'));
    expect(inCache).toEqual([`${mirror.version}.0`]);
    expect((await bed.folders.files()).filter((path) => path.startsWith(bed.folders.work))).toEqual([]);
  });

  it.each(['InRelease', '.deb'])(
    'find nothing of a job that was killed while it downloaded %s',
    async (part) => {
      const stalled = await bed.startMirror({ stallsAt: part });
      const { child } = await startJob(stalled, 'killed');
      await stalled.requested(part);
      if (child.pid === undefined) throw new Error('unreachable');
      process.kill(-child.pid, 'SIGKILL');
      await once(child, 'close');
      expect(await cachedTools(await bareMachine(), 17)).toBeUndefined();
      const mirror = await bed.startMirror();
      const tools = await install(requestFor(mirror, bed.folders));
      expect(tools.version).toBe(mirror.version);
      expect(await processesIn(join(bed.folders.work, 'killed'))).toEqual([]);
    },
  );
});

describe('a user other than root', () => {
  const user = isRoot ? NOBODY : undefined;

  beforeEach(async () => {
    if (!isRoot) return;
    // The folders are the user's own, as a self-hosted runner's are.
    for (const folder of [bed.folders.base, bed.folders.work, bed.folders.toolCache])
      await chown(folder, NOBODY, NOBODY);
    await chmod(bed.folders.base, 0o700);
  });

  it('installs into the tool cache', async () => {
    const mirror = await bed.startMirror();
    const { answer } = await startJob(mirror, 'job', { way: 'provide', user });
    const tools = await answer;
    expect(tools).toMatchObject({ user: user ?? process.getuid?.(), version: mirror.version });
    const files = (await bed.folders.files()).filter((path) => path.endsWith('/bin/psql'));
    for (const file of files) expect((await stat(file)).uid).toBe(user ?? process.getuid?.());
    // Where PostgreSQL 17 is installed on the machine, that is what the user is given.
    expect(tools['origin']).toBe(files.length > 0 ? 'PGDG' : 'installed');
  });

  it('without write access to the tool cache gets tools for this job only', async () => {
    const mirror = await bed.startMirror();
    if (isRoot) await chown(bed.folders.toolCache, 0, 0);
    await chmod(bed.folders.toolCache, 0o555);
    try {
      const { answer } = await startJob(mirror, 'job', { user });
      const tools = await answer;
      expect(tools).toMatchObject({ version: mirror.version, lasting: false });
      expect(String(tools['directory']).startsWith(join(bed.folders.work, 'job'))).toBe(true);
      expect(await readdir(bed.folders.toolCache)).toEqual([]);
    } finally {
      await chmod(bed.folders.toolCache, 0o755);
    }
  });
});
