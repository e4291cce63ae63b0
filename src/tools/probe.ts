import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { getExecOutput } from '@actions/exec';
import { messageOf } from '../errors.ts';
import type { Environment } from '../process/run.ts';
import type { FoundTools } from './client-tools.ts';
import { safeVersionInstead } from './safe-versions.ts';

/** Whether a folder contains working tools of the requested version; the problem is `absent` when it contains none. */
export type Probe =
  | { readonly ok: true; readonly tools: FoundTools }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly missingLibraries: readonly string[];
      /** Whether they work, but could be abused by a hostile backup. */
      readonly isUnsafe: boolean;
    };

/**
 * Runs psql, pg_dump and pg_restore of a folder with `--version`.
 *
 * They are accepted only if all three print the requested major version, no minor version is too old for a hostile archive
 * (safe-versions.ts), and none is Debian's pg_wrapper, which
 * may run a different version (postgresql-common, pg_wrapper(1)).
 */
export async function probeTools(
  directory: string,
  major: number,
  platform: NodeJS.Platform,
  environment: Environment = {},
): Promise<Probe> {
  const suffix = platform === 'win32' ? '.exe' : '';
  const pathOf = (name: string): string => join(directory, name + suffix);
  const [psql, pgDump, pgRestore] = [pathOf('psql'), pathOf('pg_dump'), pathOf('pg_restore')];

  const answers = await Promise.all([psql, pgDump, pgRestore].map((tool) => ask(tool, environment)));
  const problems = answers.flatMap((answer) => ('problem' in answer ? [answer] : []));
  const [first] = problems;
  if (first) {
    const absent =
      problems.length === answers.length && problems.every(({ problem }) => problem === 'absent');
    return {
      ok: false,
      problem: absent ? 'absent' : problems.map(({ path, problem }) => `${path} ${problem}`).join('; '),
      missingLibraries: [...new Set(problems.flatMap(({ missingLibraries }) => missingLibraries))],
      isUnsafe: false,
    };
  }
  const versions = [...new Set(answers.flatMap((answer) => ('version' in answer ? [answer.version] : [])))];
  const [version] = versions;
  if (version === undefined || versions.length > 1 || majorOf(version) !== major) {
    const problem = `${directory} contains ${versions.join(' and ')}, not ${major}`;
    return { ok: false, problem, missingLibraries: [], isUnsafe: false };
  }
  const safe = safeVersionInstead(version);
  if (safe !== undefined) {
    const problem = `${directory} contains ${version}, in which a hostile backup can run commands (CVE-2025-8714): ${safe} or newer is needed`;
    return { ok: false, problem, missingLibraries: [], isUnsafe: true };
  }
  const found = { version, major, directory, psql, pgDump, pgRestore, environment };
  return { ok: true, tools: { ...found, pathDirectory: directory, lasting: true } };
}

type Answer =
  | { readonly version: string }
  | { readonly path: string; readonly problem: string; readonly missingLibraries: readonly string[] };

async function ask(path: string, environment: Environment): Promise<Answer> {
  const refuse = (problem: string, missingLibraries: readonly string[] = []): Answer => ({
    path,
    problem,
    missingLibraries,
  });
  try {
    await access(path, constants.X_OK);
    if (basename(await realpath(path)) === 'pg_wrapper') return refuse("is Debian's pg_wrapper");
  } catch {
    return refuse('absent');
  }
  try {
    const { exitCode, stdout, stderr } = await getExecOutput(`"${path}"`, ['--version'], {
      silent: true,
      ignoreReturnCode: true,
      env: { LC_ALL: 'C', ...environment },
    });
    const version = exitCode === 0 ? parseVersion(stdout) : undefined;
    if (version !== undefined) return { version };
    return refuse(`failed when run with --version: ${(stderr || stdout).trim()}`, missingLibraries(stderr));
  } catch (error) {
    return refuse(`cannot be started: ${messageOf(error)}`);
  }
}

/** `pg_dump (PostgreSQL) 17.11 (Debian 17.11-1.pgdg12+1)` → `17.11`. */
export function parseVersion(text: string): string | undefined {
  return /^(?:psql|pg_dump|pg_restore) \(PostgreSQL\) (\d+(?:\.\d+|[a-z]+\d*))/.exec(text)?.[1];
}

/** The libraries that ld.so reports as missing; it stops at the first one of each program. */
export function missingLibraries(stderr: string): string[] {
  const found = stderr.matchAll(
    /error while loading shared libraries: (\S+): cannot open shared object file/g,
  );
  return [...found].flatMap(([, library]) => (library === undefined ? [] : [library]));
}

function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0]);
}
