import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { ActionRun } from './runner.ts';
import type { SeenProcess } from './runner-process-watch.ts';

/** What a run may show, and to whom. */
export interface AuditedRun {
  readonly run: ActionRun;
  /** What must be nowhere but where it is needed; URLs whole, keys line by line. */
  readonly secrets: readonly string[];
  /** Which of them may be in the environment of a tool that connects: passwords as they are sent to the server. */
  readonly passwords: readonly string[];
}

/** Variables that hold the runner's or the workflow's things, which no child needs. */
const NOT_FOR_CHILDREN = /^(?:INPUT_|ACTIONS_|AWS_|GITHUB_|STATE_|RUNNER_|DATABASE_URL$|PPG_|NODE_OPTIONS$)/;
const TOOL = /(?:^|\/)(psql|pg_dump|pg_restore)$/;

/**
 * Everything that a run shows against the rules, a sentence each: beside what the runner itself watches (log, debug
 * messages, summary, annotations, outputs, state, command lines, files left), the bare output of both phases, and the
 * environment of every child.
 */
export function faultsOf(audited: AuditedRun): string[] {
  const { run, secrets } = audited;
  return [
    ...outputFaults('main', run, secrets),
    ...(run.post ? outputFaults('post', run.post, secrets) : []),
    ...run.processes.flatMap((process) => environmentFaults(process, audited)),
  ];
}

/** The tools of PostgreSQL that were seen at work, such as `pg_restore`. */
export function toolsOf(run: ActionRun): string[] {
  return [...new Set(run.processes.flatMap((process) => toolOf(process) ?? []))].sort();
}

/** The runner takes `::add-mask::` lines out of what people see. Anywhere else, a secret would stand bare in the stream. */
function outputFaults(
  phase: string,
  { rawStdout, rawStderr, debug, log }: Pick<ActionRun, 'rawStdout' | 'rawStderr' | 'debug' | 'log'>,
  secrets: readonly string[],
): string[] {
  const lines = `${rawStdout}\n${rawStderr}`.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  const signed = [...debug, ...log.split('\n')].filter((line) => /[?&]sig=(?!\*)/.test(line));
  return [
    ...secrets.flatMap((secret, index) =>
      lines.some((line) => line.includes(secret)) ? [`${phase} prints the secret ${index} bare`] : [],
    ),
    ...signed.map((line) => `${phase} shows a signed address: ${line.replace(/sig=.*/, 'sig=…')}`),
  ];
}

function environmentFaults(process: SeenProcess, { secrets, passwords }: AuditedRun): string[] {
  const connects = connectsToServer(process);
  const who = process.argv.slice(0, 4).join(' ');
  return Object.entries(process.environment).flatMap(([name, value]) => {
    if (NOT_FOR_CHILDREN.test(name)) return [`${who} gets ${name}`];
    if (/^PG/.test(name) && !connects) return [`${who} connects to nothing and gets ${name}`];
    const allowed = connects && name === 'PGPASSWORD' && passwords.includes(value);
    return !allowed && secrets.some((secret) => value.includes(secret))
      ? [`${who} has a secret in ${name}`]
      : [];
  });
}

function connectsToServer(process: SeenProcess): boolean {
  const tool = toolOf(process);
  if (tool === undefined || process.argv.includes('--version')) return false;
  // `pg_restore` connects only where it is told to restore into a database.
  return tool !== 'pg_restore' || process.argv.some((word) => /^(?:-d|--dbname)/.test(word));
}

function toolOf({ argv }: SeenProcess): string | undefined {
  for (const word of argv) {
    const tool = TOOL.exec(word)?.[1];
    if (tool !== undefined) return tool;
  }
  return undefined;
}

/** What a look at the folder for temporary files has shown. */
export interface SeenFile {
  /** Below the work folder; `.` is the folder itself. */
  readonly name: string;
  readonly isFolder: boolean;
  /** Permission bits. */
  readonly mode: number;
}

/** Looks at everything in the work folders of the action while it runs; each file in each mode is told once. */
export function watchWorkFolder(temp: string): { stop(): readonly SeenFile[] } {
  const seen = new Map<string, SeenFile>();
  const look = (): void => {
    for (const folder of list(temp).filter((name) => name.startsWith('postgres-backup-')))
      lookInto(path.join(temp, folder), '.', seen);
  };
  const timer = setInterval(look, 2);
  return {
    stop() {
      clearInterval(timer);
      return [...seen.values()];
    },
  };
}

function lookInto(root: string, name: string, seen: Map<string, SeenFile>): void {
  const file = path.join(root, name);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return;
  const entry = { name, isFolder: found.isDirectory(), mode: found.mode & 0o777 };
  seen.set(`${name} ${entry.mode}`, entry);
  if (entry.isFolder) for (const child of list(file)) lookInto(root, path.join(name, child), seen);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It went in between.
    return [];
  }
}
