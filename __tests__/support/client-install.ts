import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientRequest } from '../../src/tools/client-tools.ts';
import { installFromPgdg } from '../../src/tools/debian/pgdg.ts';
import { type Machine, surveyMachine } from '../../src/tools/machine.ts';
import type { PgdgMirror } from './pgdg-mirror.ts';

/** The folders of one test: white space in the path, as self-hosted runners have it. */
export interface InstallFolders {
  readonly base: string;
  readonly work: string;
  readonly toolCache: string;
  /** Every file in both folders, by its path from `base`. */
  readonly files: () => Promise<string[]>;
  readonly remove: () => Promise<void>;
}

/** Makes the folders of one test, and points the tool cache there. */
export async function installFolders(): Promise<InstallFolders> {
  const base = await mkdtemp(join(tmpdir(), 'client tools '));
  const [work, toolCache] = [join(base, 'work'), join(base, 'cache')];
  await Promise.all([mkdir(work), mkdir(toolCache)]);
  const before = process.env['RUNNER_TOOL_CACHE'];
  process.env['RUNNER_TOOL_CACHE'] = toolCache;
  return {
    base,
    work,
    toolCache,
    async files() {
      const entries = await readdir(base, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name));
    },
    async remove() {
      if (before === undefined) delete process.env['RUNNER_TOOL_CACHE'];
      else process.env['RUNNER_TOOL_CACHE'] = before;
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** A request for PostgreSQL 17 from a mirror. */
export function requestFor(
  mirror: Pick<PgdgMirror, 'url' | 'signingKey'>,
  folders: InstallFolders,
  changes: Partial<ClientRequest> = {},
): ClientRequest {
  return {
    major: 17,
    aptMirror: mirror.url,
    aptSigningKey: mirror.signingKey,
    workFolder: folders.work,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** This machine, as if no PostgreSQL were installed on it. */
export async function bareMachine(changes: Partial<Machine> = {}): Promise<Machine> {
  return { ...(await surveyMachine()), packageFolders: [], path: '', ...changes };
}

/** Installs from PGDG, whatever is installed on this machine; it must be Debian or Ubuntu. */
export async function install(
  request: ClientRequest,
  changes: Partial<Machine> = {},
): Promise<Awaited<ReturnType<typeof installFromPgdg>>> {
  return installFromPgdg(request, await bareMachine(changes));
}

/** What dpkg and apt know and hold: names, sizes and times of the files they write. */
export async function systemState(): Promise<string[]> {
  const folders = [
    '/var/lib/dpkg',
    '/var/lib/apt',
    '/var/lib/apt/lists',
    '/var/cache/apt/archives',
    '/etc/apt',
  ];
  const lines: string[] = [];
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      lines.push(`${path} ${size} ${mtimeMs}`);
    }
  }
  return lines;
}

/** The processes that work in a folder: those whose arguments or environment name it. */
export async function processesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    const [command, environment] = await Promise.all([read('cmdline'), read('environ')]);
    if (command.includes(folder) || environment.includes(folder)) found.push(command.replaceAll('\0', ' '));
  }
  return found;
}
