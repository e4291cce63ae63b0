// Tools that exist only as Go programs: found on PATH, otherwise built with Go, once, into node_modules/.cache.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../src/errors.ts';

const execute = promisify(execFile);
const CACHE = path.resolve(import.meta.dirname, '../node_modules/.cache/go-tools');
/** Enough to build act on a slow machine. */
const BUILD_MS = 5 * 60_000;

/** A program and the version of it that this repository is checked with. */
export interface GoTool {
  readonly name: string;
  readonly module: string;
  readonly version: string;
}

/** Finds faults in workflows that their schema does not know, such as properties that no context has. MIT. */
export const ACTIONLINT: GoTool = {
  name: 'actionlint',
  module: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: 'v1.7.12',
};

/** Runs workflows without GitHub. MIT. */
export const ACT: GoTool = { name: 'act', module: 'github.com/nektos/act', version: 'v0.2.89' };

/** The path of the program, or why it is not available here. */
export type Found = { readonly program: string } | { readonly missing: string };

export async function findGoTool({ name, module, version }: GoTool): Promise<Found> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const folder = path.join(CACHE, `${name}-${version}`);
  const built = path.join(folder, `${name}${suffix}`);
  for (const program of [built, ...onPath(`${name}${suffix}`)]) {
    if (existsSync(program)) return { program };
  }
  try {
    // Tests that run in parallel may both build it: it appears completely or not at all.
    const fresh = `${folder}.${process.pid}`;
    const env = { ...process.env, GOBIN: fresh };
    await execute('go', ['install', `${module}@${version}`], { env, timeout: BUILD_MS });
    await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
    return { program: built };
  } catch (error) {
    return { missing: `${name} is not on PATH, and Go cannot build it here: ${firstLine(error)}` };
  }
}

function onPath(file: string): string[] {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, file));
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n').slice(0, 2).join(' ');
}
