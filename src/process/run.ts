import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { UserError, errorCode, messageOf } from '../errors.ts';
import { collectAfterEvery } from './garbage.ts';
import { KeptEnds } from './kept-ends.ts';

/** The whole environment of a child process: nothing is inherited. */
export type Environment = Readonly<Record<string, string>>;

/** Options of {@link run}. */
export interface RunOptions {
  readonly env: Environment;
  readonly cwd?: string;
  /** Aborting ends the program: SIGTERM at once (which lets PostgreSQL's tools cancel on the server), SIGKILL later. */
  readonly signal?: AbortSignal;
  /**
   * The program's standard input: text, or a stream, which it reads at its own speed; what it does not want is dropped.
   * Empty when absent.
   */
  readonly stdin?: string | Readable;
  /** Called when a part of the input comes too late, because the program has closed it or ended. */
  readonly onInputDropped?: () => void;
  /** Gets the output as it comes; when absent, it is returned as text. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** A stream for the output instead, written at its own speed and not ended. The program is ended when this closes. */
  readonly stdout?: Writable;
  /** Gets each line of the program's error stream, as it comes. */
  readonly onStderrLine?: (line: string) => void;
  /** Gets the process id as soon as there is one. */
  readonly onSpawn?: (pid: number) => void;
}

/** How a program ended. */
export interface RunResult {
  /** The exit code, or null when a signal ended the program. */
  readonly exitCode: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** Standard output as text; empty with `onStdout` or `stdout`. */
  readonly stdout: string;
  /** The error stream; of a long one, its beginning and its last 256 KiB, in whole lines. */
  readonly stderr: string;
}

/** Gets every process id; there is one for the whole process, as there is one post step. */
let record: (pid: number) => void = () => undefined;

/** Records the process id of every program from now on, so that the post step can end those that a killed job has left. */
export function recordChildren(recordOne: (pid: number) => void): void {
  record = recordOne;
}

/** Records a process that a program has started itself. */
export function recordChild(pid: number): void {
  record(pid);
}

const KILL_AFTER_MS = 3_000;
/** How long the last output of a killed program may take to arrive. */
const CLOSE_AFTER_MS = 1_000;
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024;
const STDOUT_LIMIT = 64 * 1024 * 1024;
/** `pg_dump` lists every table in one message when it cannot lock them. */
const STDERR_LIMIT = 256 * 1024;

/**
 * Runs a program by its path, without a shell, and waits for it and its streams to end.
 *
 * @returns how it ended: a non-zero exit code is a result, not an error.
 * @throws UserError when the program cannot be started; the signal's reason when it was aborted; whatever
 *   `onStdout` throws (the program is ended first).
 */
export async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const child = spawn(file, args, {
    env: options.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  if (child.pid !== undefined) recordChild(child.pid);

  let failure: { error: unknown } | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (error: unknown): void => {
    if (failure) return;
    failure = { error };
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  const onAbort = (): void => {
    stop(options.signal?.reason);
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });

  const collectGarbage = collectAfterEvery(COLLECT_EVERY_BYTES);
  const stdout = collect(STDOUT_LIMIT);
  const stderr = new KeptEnds(STDERR_LIMIT);
  const lines = splitLines((line) => options.onStderrLine?.(line));
  if (child.stdout && options.stdout) pour(child.stdout, options.stdout, stop);
  else
    child.stdout?.on('data', (chunk: Buffer) => {
      if (failure) return;
      try {
        (options.onStdout ?? stdout.add)(chunk);
        collectGarbage(chunk.length);
      } catch (error) {
        stop(error);
      }
    });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    lines.add(chunk);
  });
  if (options.stdin !== undefined && child.stdin) {
    feed(child.stdin, options.stdin, { onError: stop, onDropped: options.onInputDropped });
  }

  try {
    const ended = await ending(child, file, options.onSpawn);
    lines.end();
    if (failure) throw failure.error;
    return { ...ended, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    clearTimeout(killTimer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * The error for a program that was ended by a signal without being aborted.
 *
 * @param what the start of the message: `pg_dump`.
 * @param impact the end of the message: the state that the program has left, if it changed something.
 */
export function endedBySignal(what: string, signal: NodeJS.Signals, impact?: string): UserError {
  const end = impact === undefined ? '' : ` ${impact}`;
  return new UserError('runner', `${what} was ended by ${signal}.${end}`, SIGNAL_HINTS[signal] ?? CRASHED);
}

const CRASHED =
  'The program itself crashed: run the job again; if the error persists, try "check-latest: true", or another runner.';
const SIGNAL_HINTS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'SIGKILL usually means that the runner ran out of memory: use a larger runner.',
  SIGTERM: 'Something on the runner ended it: run the job again.',
  SIGXFSZ: 'The runner limits the size of files (ulimit -f): raise the limit.',
};

/** Waits until the program has ended and its streams are closed. */
function ending(
  child: ChildProcess,
  file: string,
  onSpawn: RunOptions['onSpawn'],
): Promise<Pick<RunResult, 'exitCode' | 'endedBy'>> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => {
      if (child.pid !== undefined) onSpawn?.(child.pid);
    });
    child.once('error', (error) => {
      if (child.pid === undefined) reject(cannotStart(file, error));
    });
    let streamsTimer: NodeJS.Timeout | undefined;
    child.once('exit', (_, endedBy) => {
      // Its own children may still run and keep its streams open: their output is not needed any more.
      if (endedBy !== null) streamsTimer = setTimeout(closeStreams, CLOSE_AFTER_MS, child);
    });
    child.once('close', (exitCode, endedBy) => {
      clearTimeout(streamsTimer);
      resolve({ exitCode, endedBy });
    });
  });
}

function closeStreams(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

/** Writes the program's input. A program that ends before it has read everything closes the pipe; its exit code says why. */
function feed(
  stdin: Writable,
  input: string | Readable,
  {
    onError,
    onDropped,
  }: { readonly onError: (error: unknown) => void; readonly onDropped: (() => void) | undefined },
): void {
  stdin.on('error', (error) => {
    if (!isClosedPipe(error)) onError(error);
  });
  if (typeof input === 'string') {
    stdin.end(input);
    return;
  }
  // A pipe of streams would not tell whether the last bytes have been taken.
  const go = (): void => {
    input.resume();
  };
  stdin.on('drain', go).once('close', go);
  input
    .on('data', (chunk) => {
      const mayGoOn = stdin.write(chunk, (error) => {
        if (error) onDropped?.();
      });
      if (!mayGoOn && !stdin.destroyed) input.pause();
    })
    .once('end', () => stdin.end())
    .once('error', onError)
    .once('close', () => {
      if (!input.readableEnded) stdin.destroy();
    });
}

/** Passes on the output of a program. After the target has closed, the rest is read and dropped, because the program could not end otherwise. */
function pour(source: Readable, target: Writable, onError: (error: unknown) => void): void {
  const giveUp = (error: unknown): void => {
    source.unpipe(target);
    source.resume();
    onError(error);
  };
  const onClose = (): void => {
    giveUp(target.errored ?? new Error("The reader of a program's output has closed."));
  };
  if (target.destroyed) {
    onClose();
    return;
  }
  target.once('error', giveUp).once('close', onClose);
  source.once('end', () => target.off('error', giveUp).off('close', onClose));
  source.pipe(target, { end: false });
}

function cannotStart(file: string, error: Error): UserError {
  return new UserError(
    'runner',
    `${file} could not be started: ${messageOf(error)}`,
    'Check that the file exists on the runner, is executable, and is built for its processor.',
    { cause: error },
  );
}

function isClosedPipe(error: unknown): boolean {
  return errorCode(error) === 'EPIPE';
}

/** Collects chunks up to a limit; more is an error. */
function collect(limit: number): { add: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) throw new Error(`A program printed more than ${limit} bytes.`);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

/** Calls `onLine` for each line; a line longer than 256 KiB comes in pieces. */
function splitLines(onLine: (line: string) => void): { add: (chunk: Buffer) => void; end: () => void } {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    add(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      if (rest.length > STDERR_LIMIT) {
        onLine(rest);
        rest = '';
      }
    },
    end() {
      if (rest !== '') onLine(rest);
    },
  };
}
