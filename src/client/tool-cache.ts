import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as toolCache from '@actions/tool-cache';
import { messageOf } from '../errors.ts';
import { log } from '../log/log.ts';
import type { Environment } from '../process/run.ts';
import type { ClientTools } from './client-tools.ts';
import { debianRelease } from './debian/os-release.ts';
import type { Machine } from './machine.ts';
import { type Probe, probeTools } from './probe.ts';

const TOOL = 'postgresql-client';

/**
 * The newest tools of this major version in the tool cache, if they work here.
 *
 * They are asked each time: a container with fewer libraries may share the cache of its host.
 */
export async function cachedTools(machine: Machine, major: number): Promise<ClientTools | undefined> {
  const label = cacheLabel(machine);
  if (label === undefined || !process.env['RUNNER_TOOL_CACHE']) return undefined;
  const root = toolCache.find(TOOL, `${major}.x`, label);
  if (root === '') return undefined;
  const probe = await probeUnpacked(root, machine, major);
  if (probe.ok) return { ...probe.tools, origin: 'tool cache' };
  log.debug(`The tools in the tool cache do not work here: ${probe.problem}`);
  return undefined;
}

/**
 * Copies unpacked tools into the tool cache.
 *
 * @returns the tools where they are now; `undefined` when the cache cannot be written, and then nothing of
 *   them is in it: they can still be used where they were unpacked.
 */
export async function cacheTools(
  root: string,
  version: string,
  machine: Machine,
  major: number,
): Promise<Omit<ClientTools, 'origin'> | undefined> {
  const label = cacheLabel(machine);
  const folder = process.env['RUNNER_TOOL_CACHE'];
  if (label === undefined || !folder) return undefined;
  const semantic = `${version}.0`;
  let problem: string;
  try {
    const cached = await toolCache.cacheDir(root, TOOL, semantic, label);
    const probe = await probeUnpacked(cached, machine, major);
    if (probe.ok) return probe.tools;
    problem = probe.problem;
  } catch (error) {
    problem = messageOf(error);
  }
  const place = join(folder, TOOL, semantic, label);
  await Promise.allSettled(
    [`${place}.complete`, place].map((path) => rm(path, { recursive: true, force: true })),
  );
  log.debug(`The tool cache could not take the tools: ${problem}`);
  return undefined;
}

/** Probes tools that were unpacked from Debian packages under `root`, with the libraries that lie beside them. */
export async function probeUnpacked(root: string, machine: Machine, major: number): Promise<Probe> {
  const directory = join(root, 'usr', 'lib', 'postgresql', String(major), 'bin');
  return probeTools(directory, major, machine.platform, libraryEnvironment(root));
}

/** Libraries of one distribution do not serve another, and a container may mount the tool cache of its host. */
function cacheLabel(machine: Machine): string | undefined {
  const release = debianRelease(machine.osRelease);
  return release && `${machine.arch}-${release.codename}`;
}

/** `LD_LIBRARY_PATH` for the library folders under `root`, such as usr/lib/x86_64-linux-gnu. */
function libraryEnvironment(root: string): Environment {
  const folders = ['usr/lib', 'lib'].flatMap((parent) => {
    const folder = join(root, parent);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.includes('-linux-gnu'))
      .map((name) => join(folder, name));
  });
  return folders.length === 0 ? {} : { LD_LIBRARY_PATH: folders.join(':') };
}
