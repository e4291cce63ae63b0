import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError, errorCode, messageOf } from '../errors.ts';

/** The whole environment of a child process: nothing is inherited. */
export type Environment = Readonly<Record<string, string>>;

/** How a program is run. */
export interface RunOptions {
  readonly env: Environment;
  readonly cwd?: string;
  /** Aborting ends the program: SIGTERM at once (which lets PostgreSQL's tools cancel on the server), SIGKILL later. */
  readonly signal?: AbortSignal;
  /** What the program reads: text, or a stream; nothing when absent. */
  readonly stdin?: string | Readable;
  /** Takes what the program prints, as it comes; when absent, the output is returned as text. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Where what the program prints goes instead, no faster than it is taken; it is not ended. The program is, when this closes. */
  readonly stdout?: Writable;
  /** Takes each line of the program's error stream, as it comes. */
  readonly onStderrLine?: (line: string) => void;
  /** Told the process id as soon as there is one. */
  readonly onSpawn?: (pid: number) => void;
}

/** How a program ended. */
export interface RunResult {
  /** The exit code, or null when a signal ended the program. */
  readonly exitCode: number | null;
  readonly endedBy: NodeJS.Signals | null;
  /** Standard output as text; empty when `onStdout` or `stdout` took it. */
  readonly stdout: string;
  /** The last lines of the error stream, 256 KiB at most. */
  readonly stderr: string;
}

/** Told every process id; there is one for the whole process, as there is one post step. */
let recordChild: (pid: number) => void = () => undefined;

/** Has the process id of every program that is run from now on noted, so that the post step can end what a kill leaves. */
export function recordChildren(record: (pid: number) => void): void {
  recordChild = record;
}

const KILL_AFTER_MS = 3_000;
/** How long what a killed program has printed may take to arrive. */
const CLOSE_AFTER_MS = 1_000;
const STDOUT_LIMIT = 64 * 1024 * 1024;
/** `pg_dump` names every table in one message when it cannot lock them. */
const STDERR_LIMIT = 256 * 1024;

/**
 * Runs a program by its path, without a shell, and waits for it and its streams to end.
 *
 * @returns how it ended: a non-zero exit code is an answer, not an error.
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

  const stdout = collect(STDOUT_LIMIT, 'head');
  const stderr = collect(STDERR_LIMIT, 'tail');
  const lines = splitLines((line) => options.onStderrLine?.(line));
  if (child.stdout && options.stdout) pour(child.stdout, options.stdout, stop);
  else
    child.stdout?.on('data', (chunk: Buffer) => {
      if (failure) return;
      try {
        (options.onStdout ?? stdout.add)(chunk);
      } catch (error) {
        stop(error);
      }
    });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    lines.add(chunk);
  });
  if (options.stdin !== undefined && child.stdin) feed(child.stdin, options.stdin, stop);

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
 * What to throw for a program that a signal has ended, and that nobody had aborted.
 *
 * @param what how the message begins: `pg_dump`.
 * @param aftermath how it ends: which state the program has left, if that is not as it was.
 */
export function endedBySignal(what: string, signal: NodeJS.Signals, aftermath?: string): UserError {
  const end = aftermath === undefined ? '' : ` ${aftermath}`;
  return new UserError('runner', `${what} was ended by ${signal}.${end}`, SIGNAL_HINTS[signal] ?? CRASHED);
}

const CRASHED =
  'The program itself crashed: run the job again; if it stays so, try "check-latest: true", or another runner.';
const SIGNAL_HINTS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'SIGKILL usually means that the runner has run out of memory: use a larger runner.',
  SIGTERM: 'Something on the runner ended it: run the job again.',
  SIGXFSZ: 'A limit on the size of files is set on the runner (ulimit -f): lift it.',
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
      // Its own children live on and hold its streams open: nothing that they print can be of use any more.
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

/** Gives the program its input. One that ends before it has read everything closes the pipe; its exit code tells why. */
function feed(stdin: Writable, input: string | Readable, onError: (error: unknown) => void): void {
  const unlessClosed = (error: unknown): void => {
    if (!isClosedPipe(error)) onError(error);
  };
  if (typeof input === 'string') stdin.on('error', unlessClosed).end(input);
  else void pipeline(input, stdin).catch(unlessClosed);
}

/** Passes on what a program prints. When nobody takes it any more, the rest is read and dropped, or the program could not end. */
function pour(source: Readable, target: Writable, onError: (error: unknown) => void): void {
  const giveUp = (error: unknown): void => {
    source.unpipe(target);
    source.resume();
    onError(error);
  };
  const onClose = (): void => {
    giveUp(new Error('What a program printed was no longer taken.'));
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
    'Check that the file exists on the runner, may be executed, and is made for its processor.',
    { cause: error },
  );
}

function isClosedPipe(error: unknown): boolean {
  return ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(errorCode(error) ?? '');
}

/** Gathers chunks up to a limit: the first bytes (`head`, more is an error) or the last ones (`tail`). */
function collect(limit: number, keep: 'head' | 'tail'): { add: (chunk: Buffer) => void; text: () => string } {
  let chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= limit) return;
      if (keep === 'head') throw new Error(`A program printed more than ${limit} bytes.`);
      if (size > 2 * limit) {
        chunks = [Buffer.concat(chunks).subarray(-limit)];
        size = limit;
      }
    },
    text() {
      const all = Buffer.concat(chunks);
      return (keep === 'tail' ? all.subarray(-limit) : all).toString('utf8');
    },
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
