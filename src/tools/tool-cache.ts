import { join } from 'node:path';
import * as toolCache from '@actions/tool-cache';
import { messageOf } from '../errors.ts';
import { log } from '../runner/log.ts';
import type { ClientTools, FoundTools } from './client-tools.ts';
import { debianRelease } from './debian/os-release.ts';
import type { Machine } from './machine.ts';
import { type CachePlace, publishTree, takeBackTree } from './publish-tools.ts';
import { isCompleteTree, probeTree } from './tool-tree.ts';

const TOOL = 'postgresql-client';

/**
 * The newest tools of this major version in the tool cache, if they work here.
 *
 * They are run each time: a container with fewer libraries may share the cache of its host.
 */
export async function cachedTools(machine: Machine, major: number): Promise<ClientTools | undefined> {
  const label = cacheLabel(machine);
  if (label === undefined || !process.env['RUNNER_TOOL_CACHE']) return undefined;
  const root = toolCache.find(TOOL, `${major}.x`, label);
  if (root === '' || !isCompleteTree(root, machine.platform)) return undefined;
  const probe = await probeTree(root, machine, major, true);
  if (probe.ok) return { ...probe.tools, origin: 'tool cache' };
  log.debug(`The tools in the tool cache do not work here: ${probe.problem}`);
  return undefined;
}

/**
 * Puts unpacked tools into the tool cache; if two jobs do so at once, both use those of the first.
 *
 * @param root the unpacked tools; they are moved if possible, else copied.
 * @returns the tools in the cache; `undefined` when the cache cannot be written, and then nothing of
 *   them is in it: they can be used where they were unpacked.
 */
export async function cacheTools(
  root: string,
  version: string,
  machine: Machine,
  major: number,
): Promise<FoundTools | undefined> {
  const place = placeOf(version, machine);
  if (!place) return undefined;
  let problem: string;
  try {
    const works = async (folder: string): Promise<boolean> =>
      isCompleteTree(folder, machine.platform) && (await probeTree(folder, machine, major, true)).ok;
    await publishTree(root, place, works);
    const probe = await probeTree(place.folder, machine, major, true);
    if (probe.ok) return probe.tools;
    problem = probe.problem;
    await takeBackTree(place, root);
  } catch (error) {
    problem = messageOf(error);
  }
  log.debug(`The tools could not be put into the tool cache: ${problem}`);
  return undefined;
}

/** Where `@actions/tool-cache` looks for a version, which it needs in three numbers; PostgreSQL has two. */
function placeOf(version: string, machine: Machine): CachePlace | undefined {
  const label = cacheLabel(machine);
  const cache = process.env['RUNNER_TOOL_CACHE'];
  const semantic = `${version}.0`;
  if (label === undefined || !cache || !toolCache.isExplicitVersion(semantic)) return undefined;
  const base = join(cache, TOOL);
  const folder = join(base, semantic, label);
  return { base, folder, marker: `${folder}.complete` };
}

/** Libraries of one distribution do not work on another, and a container may mount the tool cache of its host. */
function cacheLabel(machine: Machine): string | undefined {
  if (machine.platform === 'win32') return `${machine.arch}-windows`;
  const release = debianRelease(machine.osRelease);
  return release && `${machine.arch}-${release.codename}`;
}
