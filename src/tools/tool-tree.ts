import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../process/run.ts';
import type { Machine } from './machine.ts';
import { type Probe, probeTools } from './probe.ts';

/** Scripts that start the unpacked programs with the right `LD_LIBRARY_PATH`. */
const LAUNCHERS = 'bin';

/**
 * Probes tools that were unpacked under `root`: from Debian packages, with their libraries beside them,
 * or from the official archive for Windows.
 *
 * @param lasting whether they still exist after this step.
 */
export async function probeTree(
  root: string,
  machine: Machine,
  major: number,
  lasting: boolean,
): Promise<Probe> {
  const directory = programFolder(root, machine.platform, major);
  const probe = await probeTools(directory, major, machine.platform, libraryEnvironment(root));
  if (!probe.ok) return probe;
  const pathDirectory = machine.platform === 'win32' ? directory : join(root, LAUNCHERS);
  return { ok: true, tools: { ...probe.tools, pathDirectory, lasting } };
}

/** Whether a tree is complete: one from an earlier version of this action may lack the launchers. */
export function isCompleteTree(root: string, platform: NodeJS.Platform): boolean {
  return platform === 'win32' || existsSync(join(root, LAUNCHERS, 'psql'));
}

/**
 * Writes a launcher for each unpacked program, for later steps: it sets the path of the libraries beside the
 * program and starts it. The launchers find both relative to themselves, so the tree can be moved.
 */
export async function writeLaunchers(root: string, platform: NodeJS.Platform, major: number): Promise<void> {
  const programs = programFolder('', platform, major);
  const libraries = libraryFolders(root).map((folder) => `$root/${folder}`);
  const text = [
    '#!/bin/sh',
    'root=$(dirname "$(dirname "$(readlink -f "$0")")")',
    `export LD_LIBRARY_PATH="${[...libraries, ''].join(':').slice(0, -1)}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
    `exec "$root/${programs}/\${0##*/}" "$@"`,
    '',
  ].join('\n');
  await mkdir(join(root, LAUNCHERS), { recursive: true, mode: 0o755 });
  for (const name of await readdir(join(root, programs))) {
    await writeFile(join(root, LAUNCHERS, name), text, { mode: 0o755 });
  }
}

function programFolder(root: string, platform: NodeJS.Platform, major: number): string {
  return platform === 'win32'
    ? join(root, 'pgsql', 'bin')
    : join(root, 'usr', 'lib', 'postgresql', String(major), 'bin');
}

/** `LD_LIBRARY_PATH` for the library folders under `root`. */
function libraryEnvironment(root: string): Environment {
  const folders = libraryFolders(root).map((folder) => join(root, folder));
  return folders.length === 0 ? {} : { LD_LIBRARY_PATH: folders.join(':') };
}

/** The library folders of Debian packages, such as usr/lib/x86_64-linux-gnu, relative to `root`. */
function libraryFolders(root: string): string[] {
  return ['usr/lib', 'lib'].flatMap((parent) => {
    const folder = join(root, parent);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.includes('-linux-gnu'))
      .map((name) => `${parent}/${name}`);
  });
}
