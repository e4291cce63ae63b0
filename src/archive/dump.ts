import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { diagnosedError, errorLines } from '../connection/diagnosis.ts';
import { namingLockHolder } from '../connection/lock-holders.ts';
import { watchSilence } from '../connection/silence.ts';
import { UserError } from '../errors.ts';
import { type Environment, endedBySignal, run } from '../process/run.ts';
import { log } from '../log/log.ts';
import { type TableSizes, dumpProgress } from './dump-progress.ts';
import { logProgress } from './progress-log.ts';

/** What `pg_dump` is told. */
export interface DumpRequest {
  readonly tools: { readonly pgDump: string; readonly psql: string };
  readonly args: readonly string[];
  /** The environment that holds the connection. */
  readonly environment: Environment;
  /** The file that `args` name, for its size. */
  readonly file: string;
  readonly sizes: TableSizes;
  readonly signal: AbortSignal;
  readonly onSpawn: (pid: number) => void;
}

/**
 * Runs `pg_dump` and follows it in the log. An aborted dump is cancelled on the server too: `pg_dump` sends a cancel
 * request when it gets SIGTERM (`sigTermHandler` in pg_dump/parallel.c).
 *
 * @returns the size of the archive in bytes.
 * @throws UserError when `pg_dump` fails, its connection falls silent, or it leaves nothing.
 */
export async function dump(request: DumpRequest): Promise<number> {
  // pg_dump would make a file that others can read, and write through a link; it writes into one that is there.
  await writeFile(request.file, '', { mode: 0o600, flag: 'wx' });
  const progress = dumpProgress(request.sizes);
  const ticker = logProgress((elapsedMs) =>
    progress.describe({ elapsedMs, archiveBytes: sizeSoFar(request.file) }),
  );
  const { tools, environment } = request;
  const silence = watchSilence({
    name: 'pg_dump',
    psql: tools.psql,
    environment,
    progress: () => sizeSoFar(request.file),
  });
  try {
    const result = await run(tools.pgDump, request.args, {
      env: environment,
      signal: AbortSignal.any([request.signal, silence.signal]),
      onSpawn: (pid) => {
        silence.onSpawn(pid);
        request.onSpawn(pid);
      },
      onStderrLine: (line) => {
        progress.line(line, line.includes('dumping contents') ? sizeSoFar(request.file) : 0);
      },
    });
    if (result.endedBy !== null) throw endedBySignal('pg_dump', result.endedBy);
    if (result.exitCode !== 0) {
      const error = diagnosedError('pg_dump failed', result.stderr);
      throw await namingLockHolder(error, result.stderr, {
        psql: tools.psql,
        environment,
        signal: request.signal,
      });
    }
    for (const line of errorLines(result.stderr)) log.info(line);
  } finally {
    ticker.stop();
    await silence.stop();
  }
  const size = sizeSoFar(request.file);
  if (size === 0) {
    throw new UserError(
      'pg_dump said that it succeeded, and left nothing.',
      'Run the job again and report it.',
    );
  }
  return size;
}

function sizeSoFar(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
