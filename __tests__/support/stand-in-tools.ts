import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The programs for which something else can stand in. */
export type Tool = 'psql' | 'pg_dump' | 'pg_restore';

/**
 * What stands in for a program: shell commands, for `sh`. They have the program's arguments, the true program in
 * `$real`, and the value of its `--file=` in `$file`.
 */
export type StandIns = Readonly<Partial<Record<Tool, string>>>;

const execute = promisify(execFile);

/** Ends by no signal but SIGKILL, and leaves no process behind. */
export const HANG = `trap '' TERM; exec sleep 1000`;

/**
 * Lends a copy of a tool cache in which some programs misbehave. Asked for their version, they answer as the true ones,
 * so that they are found and taken.
 *
 * @param toolCache contains unpacked tools (Debian, Ubuntu); it stays as it is.
 */
export async function withStandIns<T>(
  toolCache: string,
  standIns: StandIns,
  work: (toolCache: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'stand-ins-'));
  const copy = join(folder, 'cache');
  try {
    await execute('cp', ['--recursive', '--link', toolCache, copy]);
    for (const [tool, commands] of Object.entries(standIns)) {
      const place = placeOf(tool, toolCache);
      await standIn(join(copy, place), join(toolCache, place), commands);
    }
    return await work(copy);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function placeOf(tool: string, toolCache: string): string {
  const places = globSync(`postgresql-client/*/*/usr/lib/postgresql/*/bin/${tool}`, { cwd: toolCache });
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw new Error(`There are ${places.length} programs ${tool} in the tool cache instead of one.`);
  return place;
}

async function standIn(path: string, real: string, commands: string): Promise<void> {
  const script = [
    '#!/bin/sh',
    'PATH=/usr/local/bin:/usr/bin:/bin',
    `real='${real}'`,
    `[ "$1" = --version ] && exec "$real" "$@"`,
    `file=''`,
    `for word in "$@"; do case $word in --file=*) file=\${word#--file=} ;; esac; done`,
    commands,
    '',
  ].join('\n');
  // What is there is the true program under another name.
  await rm(path);
  await writeFile(path, script, { mode: 0o755 });
}
