import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { errorLines } from '../postgres/diagnosis/diagnosis.ts';
import { messageOf } from '../errors.ts';
import { collectAfterEvery } from '../process/garbage.ts';
import { type Environment, type RunResult, endedBySignal, run } from '../process/run.ts';
import { watchStall } from '../process/stall.ts';
import { log } from '../runner/log.ts';
import { type Manifest, ManifestCollector } from './content/manifest.ts';
import { type ScriptProgress, ScriptReader } from './content/script-reader.ts';
import { ScriptError } from './content/script-statement.ts';
import { unreadable } from './unreadable.ts';

/** What is read back, and with what. */
export interface ReadBackRequest {
  /** The path of an archive in the custom format. */
  readonly archive: string;
  /** `pg_restore`, by its absolute path, and what it needs to run; it connects to nothing. */
  readonly tools: { readonly pgRestore: string; readonly environment: Environment };
  readonly signal: AbortSignal;
  readonly onSpawn?: (pid: number) => void;
  /** Called many times a second. */
  readonly onProgress?: (progress: ScriptProgress) => void;
  /** After how many milliseconds without a word from `pg_restore` it is given up; five minutes when absent. */
  readonly stallTimeoutMs?: number;
}

/** The proof that an archive is good: `pg_restore` has read all of it. */
export interface ReadBack {
  readonly manifest: Manifest;
  /** Of the file: 64 hex digits. */
  readonly sha256: string;
  /** Of the file, in bytes. */
  readonly size: number;
}

const READ_BYTES = 1024 * 1024;
const STALL_TIMEOUT_MS = 5 * 60_000;

/**
 * Has `pg_restore` turn the whole archive into its script, and takes the manifest from it, in constant memory.
 *
 * `pg_restore` gets the file by its name. On a pipe it could not seek, and would not notice when the table of
 * contents holds wrong positions; a restore from the file would stop at them.
 *
 * @throws UserError when the archive is not whole; the signal's reason when it was aborted.
 */
export async function readBack(request: ReadBackRequest): Promise<ReadBack> {
  const before = await identity(request.archive);
  const { sha256, size } = await hashed(request.archive, request.signal);
  if (size === 0) throw unreadable('it is empty');
  const manifest = await manifestOf(request);
  if ((await identity(request.archive)) !== before) throw unreadable('it was changed meanwhile');
  return { manifest, sha256, size };
}

async function manifestOf(request: ReadBackRequest): Promise<Manifest> {
  const { archive, tools, onSpawn, onProgress } = request;
  const collector = new ManifestCollector();
  const reader = new ScriptReader(collector);
  const collect = collectAfterEvery(16 * 1024 * 1024);
  const { stallTimeoutMs = STALL_TIMEOUT_MS } = request;
  // Where a damaged gzip stream ends before its block does, pg_restore calls inflate for ever (seen with 15 and 17;
  // `ReadDataFromArchiveGzip`).
  const stall = watchStall(stallTimeoutMs, () =>
    unreadable(`pg_restore has printed nothing for ${stallTimeoutMs / 1000} seconds`),
  );
  try {
    const result = await run(tools.pgRestore, ['--format=custom', '--file=-', archive], {
      env: tools.environment,
      signal: AbortSignal.any([request.signal, stall.signal]),
      ...(onSpawn === undefined ? {} : { onSpawn }),
      onStdout: (chunk) => {
        stall.progress();
        reader.write(chunk);
        collect(chunk.length);
        onProgress?.(reader.progress);
      },
    });
    requireSuccess(result);
    reader.end();
  } catch (error) {
    throw error instanceof ScriptError ? unreadable(error.message, error) : error;
  } finally {
    stall.stop();
  }
  return collector.finish();
}

function requireSuccess({ exitCode, endedBy, stderr }: RunResult): void {
  if (endedBy !== null) {
    throw endedBySignal('The archive could not be read back: pg_restore', endedBy);
  }
  const lines = errorLines(stderr);
  if (exitCode !== 0) {
    const reason = lines.at(-1)?.replace(/^.*?error: /, '') ?? `it ended with exit code ${String(exitCode)}`;
    throw unreadable(`pg_restore says: ${reason}`, new Error(stderr.trim()));
  }
  for (const line of lines) log.info(line);
}

async function hashed(archive: string, signal: AbortSignal): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const file = await open(archive);
  try {
    for (let size = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, size);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), size };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Which file it is, and what changes when it is written to. */
async function identity(archive: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(archive, { bigint: true });
    return [dev, ino, size, mtimeNs].join(' ');
  } catch (error) {
    throw unreadable(messageOf(error), error);
  }
}
