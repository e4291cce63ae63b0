import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whileSession } from '../support/failure-bench.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { type StandIns, withStandIns } from '../support/stand-in-tools.ts';
import { type FaultBed, type Subject, backUp, withFolder } from './fault-bed.ts';
import { untilWaiting } from './held-dump.ts';

/** Two workers, for four tables. */
export const PARALLEL = { jobs: '2', compression: 'none' };

/** What the log says when all rows of the large database are in the archive. */
export const COMPLETE = /Read back 4 tables and 182,400 rows/;

/** Backs up the large database over several connections. */
export function backUpInParallel(
  bed: FaultBed,
  { inputs = {}, ...rest }: RunActionOptions = {},
  subject: Subject = bed.large,
): Promise<ActionRun> {
  return backUp(bed, subject, { ...rest, inputs: { ...PARALLEL, ...inputs } });
}

/** The preflight, the limits of the server, the snapshot and the process that starts the workers connect first. */
export const WORKERS = { spare: 4 };
/** While a worker reads rows: each has about 15 MB of them. */
export const WORKER_AT_WORK = { ...WORKERS, afterBytes: 2_000_000 };

/**
 * Backs up over several connections, and does something when all tables are locked and there are no workers yet.
 *
 * @param happens gets a function that lets the dump go on.
 */
export function whenTablesAreLocked(
  bed: FaultBed,
  happens: (goOn: () => Promise<unknown>, running: Promise<ActionRun>) => Promise<unknown>,
): Promise<ActionRun> {
  const { database, large } = bed;
  return whileSession(
    database,
    // pg_dump reads it after it has locked the tables.
    'BEGIN; LOCK TABLE pg_policy IN ACCESS EXCLUSIVE MODE',
    async (gate) => {
      const running = backUpInParallel(bed);
      await Promise.race([untilWaiting(bed, 'pg_policy'), running]);
      await happens(() => gate.query('COMMIT'), running);
      return running;
    },
    large.name,
  );
}

/** Commands that work in the directory of the dump, in which the data of the tables is `$1`, `$2` and so on. */
function inDirectory(temp: string, commands: string): string {
  return `(cd '${temp}'/*/dump && set -- [0-9]*.dat && ${commands})`;
}

/** Backs up over several connections, and changes files of the directory when pg_dump has written all of it. */
export function withChangedFiles(bed: FaultBed, commands: string): Promise<ActionRun> {
  return withTools(bed, (temp) => ({
    pg_dump: `"$real" "$@" || exit; ${inDirectory(temp, commands)}`,
  }));
}

/** Backs up over several connections, and changes files of the directory when pg_restore has got the start of the archive. */
export function withFilesChangedLate(bed: FaultBed, commands: string): Promise<ActionRun> {
  return withTools(bed, (temp) => ({
    pg_restore: `{ head -c 5; ${inDirectory(temp, commands)} >&2; cat; } | "$real" "$@"`,
  }));
}

/** Backs up with other tools, which know the folder for temporary files. */
export async function withTools(
  bed: FaultBed,
  standIns: (temp: string) => StandIns,
  work = (options: RunActionOptions): Promise<ActionRun> => backUpInParallel(bed, options),
): Promise<ActionRun> {
  const folder = await mkdtemp(join(tmpdir(), 'parallel-'));
  const temp = join(folder, 'temp');
  await mkdir(temp);
  return withFolder(folder, () =>
    withStandIns(bed.toolCache, standIns(temp), (toolCache) => work({ temp, toolCache })),
  );
}
