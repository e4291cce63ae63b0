import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Masker } from './masking.ts';
import { nodeProgram } from './node-program.ts';
import { parsePairs, parsePaths } from './runner-command-files.ts';
import type { CommandFiles } from './runner-environment.ts';
import { type Annotation, createLineSplitter, createStepLog } from './runner-log.ts';

/** What one phase of an action (main or post) did. */
export interface StepRun {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly annotations: readonly Annotation[];
  /** What a person sees of both streams, masked, in the order in which it came. */
  readonly log: string;
  /** Debug messages, masked; in the log too when the run was asked to show them. */
  readonly debug: readonly string[];
  /** Exactly what the process wrote, nothing masked. */
  readonly rawStdout: string;
  readonly rawStderr: string;
  /** The job summary in Markdown, as it was written; a person sees it masked. */
  readonly summary: string;
  /** What the action asked to be masked. */
  readonly masks: readonly string[];
}

/** A running step that can be killed. */
export interface StepHandle {
  readonly pid: number;
  /** Sends a signal to the step's own process only, as the runner does. */
  kill(signal: NodeJS.Signals): void;
}

/** How a step is run. */
export interface StepOptions {
  /** Absolute path of the script. */
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly files: CommandFiles;
  readonly masker: Masker;
  readonly showDebug: boolean;
  readonly timeoutMs: number;
  readonly onStart: (handle: StepHandle) => void;
  readonly onLine?: (line: string) => void;
  readonly signalAfter?: { readonly match: RegExp; readonly signal: NodeJS.Signals };
}

const OWN_TOOLS_PRELOAD = pathToFileURL(join(import.meta.dirname, 'own-tools-preload.js')).href;

/** How long the runner waits for a cancelled step before SIGTERM, and then before SIGKILL. */
const TERM_AFTER_MS = 7_500;
const KILL_AFTER_MS = 2_500;
/** A child that outlives the step may keep its output open; the runner does not wait for that either. */
const CLOSE_WITHIN_MS = 1_000;

/**
 * Runs one script as a step, with the runner's files around it.
 *
 * @throws Error when it takes longer than `timeoutMs` (it is ended first), or writes a file the runner refuses.
 */
export async function runStep(options: StepOptions): Promise<StepRun> {
  const { files, masker, showDebug } = options;
  await mkdir(dirname(files.output), { recursive: true });
  for (const file of [files.output, files.state, files.env, files.path, files.summary])
    await writeFile(file, '');

  let onShown: ((line: string) => void) | undefined;
  const log = createStepLog({
    masker,
    showDebug,
    onLine: (line) => {
      options.onLine?.(line);
      onShown?.(line);
    },
  });
  const started = performance.now();
  const ended = await execute(options, log.read, (listener) => (onShown = listener));
  const text = (file: string): Promise<string> => readFile(file, 'utf8');
  return {
    ...ended,
    durationMs: performance.now() - started,
    outputs: { ...log.outputs, ...parsePairs(await text(files.output)) },
    state: { ...log.state, ...parsePairs(await text(files.state)) },
    env: parsePairs(await text(files.env)),
    path: parsePaths(await text(files.path)),
    annotations: log.annotations,
    log: log.lines.map((line) => `${line}\n`).join(''),
    debug: log.debug,
    summary: await text(files.summary),
    masks: log.masks,
  };
}

async function execute(
  { script, cwd, env, timeoutMs, onStart, signalAfter }: StepOptions,
  read: (line: string) => void,
  onShown: (listener: (line: string) => void) => void,
): Promise<Pick<StepRun, 'exitCode' | 'signal' | 'rawStdout' | 'rawStderr'>> {
  // A session of its own, so that whatever it starts can be told from everything else on the machine.
  const child = spawn(nodeProgram(), ['--import', OWN_TOOLS_PRELOAD, script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  const timers: NodeJS.Timeout[] = [];
  const later = (ms: number, action: () => void): void => {
    timers.push(setTimeout(action, ms));
  };
  const timeout = AbortSignal.timeout(timeoutMs);
  timeout.addEventListener('abort', () => child.kill('SIGKILL'));
  const kill = (signal: NodeJS.Signals): void => {
    child.kill(signal);
    later(TERM_AFTER_MS, () => child.kill('SIGTERM'));
    later(TERM_AFTER_MS + KILL_AFTER_MS, () => child.kill('SIGKILL'));
  };
  const killWithUs = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killWithUs);

  let signalled = false;
  onShown((line) => {
    if (signalled || !signalAfter?.match.test(line)) return;
    signalled = true;
    kill(signalAfter.signal);
  });
  const raw: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = createLineSplitter(read);
    child[name].on('data', (chunk: Buffer) => {
      raw[name].push(chunk);
      lines.add(chunk);
    });
    child[name].once('close', () => {
      lines.end();
    });
  }
  const result = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, signal) => {
        resolve({ exitCode, signal });
      });
      child.once('exit', () => {
        later(CLOSE_WITHIN_MS, () => {
          child.stdout.destroy();
          child.stderr.destroy();
        });
      });
    },
  );
  try {
    if (pid !== undefined) onStart({ pid, kill });
    const ended = await result;
    if (timeout.aborted) throw new Error(`${script} took longer than ${timeoutMs} ms and was ended.`);
    const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(raw[name]).toString('utf8');
    return { ...ended, rawStdout: text('stdout'), rawStderr: text('stderr') };
  } finally {
    timers.forEach(clearTimeout);
    process.off('exit', killWithUs);
  }
}
