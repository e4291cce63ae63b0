import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import { type RunResult, endedBySignal, run } from '../../process/run.ts';
import {
  type ScriptListener,
  type ScriptProgress,
  ScriptReader,
} from '../../archive/content/script-reader.ts';
import { ScriptError } from '../../archive/content/script-statement.ts';
import { DATA_ONLY } from '../../archive/archive-script.ts';
import { type FilteredRelation, dumpFilter } from './dump-filter.ts';
import { LockTableFull, isLockTableFull } from './lock-budget.ts';
import type { VerificationRequest } from './verification-request.ts';

/** Which part of the database is dumped for the verification. */
export interface DumpSelection {
  /** Tables by the parts of their names, or undefined for all that there are, and all sequences. */
  readonly names: readonly (readonly string[])[] | undefined;
  /** Of all that there are, those whose contents are left out. */
  readonly excluded: readonly (readonly string[])[];
  /** Partitioned tables among them: their rows are in their partitions. */
  readonly roots: readonly (readonly string[])[];
  /** Whether the rows of partitions are dumped as those of the table that they are partitions of. */
  readonly throughRoot: boolean;
  readonly largeObjects: boolean;
}

/** What every dump of the verification is told. */
export function sharedArguments({
  encoding,
  role,
}: Pick<VerificationRequest, 'encoding' | 'role'>): readonly string[] {
  return [
    '--no-password',
    '--lock-wait-timeout=120s',
    ...(role === undefined ? [] : [`--role=${role}`]),
    ...(encoding === undefined ? [] : [`--encoding=${encoding}`]),
  ];
}

/** The names for `pg_dump`. */
function relationsOf({ names, roots, excluded }: DumpSelection): FilteredRelation[] {
  if (names === undefined) return excluded.map((parts) => ({ parts, option: 'exclude-table-data' as const }));
  return [
    ...names.map((parts) => ({ parts, option: 'table' as const })),
    ...roots.map((parts) => ({ parts, option: 'table-and-children' as const })),
  ];
}

/**
 * Dumps rows as a script, straight to a listener: no file is written.
 *
 * @throws UserError when `pg_dump` fails, its connection stops responding, or its script is incomplete; LockTableFull.
 */
export async function dumpForVerification(
  request: VerificationRequest,
  selection: DumpSelection,
  listener: ScriptListener,
  onProgress: (progress: ScriptProgress) => void = () => undefined,
): Promise<void> {
  await using filter = await dumpFilter(relationsOf(selection), request);
  try {
    const reader = new ScriptReader(listener);
    await runDump(request, [...dumpArguments(request, selection), ...filter.args], (chunk) => {
      reader.write(chunk);
      onProgress(reader.progress);
    });
    reader.end();
  } catch (error) {
    throw error instanceof ScriptError ? notWhole(error) : error;
  }
}

/**
 * Runs `pg_dump` on the target, under a watch over its connection.
 *
 * @throws UserError when it fails or its connection stops responding; LockTableFull when the server has too few locks; the
 *   signal's reason when it was aborted.
 */
export async function runDump(
  { session }: Pick<VerificationRequest, 'session'>,
  args: readonly string[],
  onStdout?: (chunk: Buffer) => void,
): Promise<void> {
  const silence = watchSilence({ name: 'pg_dump', session });
  try {
    const result = await run(session.tools.pgDump, args, {
      env: session.environment,
      signal: AbortSignal.any([session.signal, silence.signal]),
      onSpawn: silence.onSpawn,
      ...(onStdout === undefined ? {} : { onStdout }),
    });
    requireSuccess(result);
  } finally {
    await silence.stop();
  }
}

/** Everything but the names. It contains no secret. */
function dumpArguments(request: VerificationRequest, selection: DumpSelection): string[] {
  const { tools } = request.session;
  return [
    '--format=plain',
    ...DATA_ONLY,
    ...sharedArguments(request),
    ...(selection.throughRoot ? ['--load-via-partition-root'] : []),
    ...(selection.largeObjects ? [tools.major >= 16 ? '--large-objects' : '--blobs'] : []),
  ];
}

/** @throws UserError when `pg_dump` has failed; LockTableFull when the server had too few locks. */
function requireSuccess({ exitCode, endedBy, stderr }: RunResult): void {
  if (endedBy !== null) throw endedBySignal('The restored database could not be verified: pg_dump', endedBy);
  if (exitCode === 0) return;
  const error = diagnosedError(
    'verification-failed',
    'The restored database could not be verified: pg_dump failed',
    stderr,
  );
  throw isLockTableFull(stderr) ? new LockTableFull(error) : error;
}

function notWhole(error: ScriptError): UserError {
  return new UserError(
    'verification-failed',
    `The restored database could not be verified: the output of pg_dump is incomplete: ${error.message}.`,
    'Run the job again.',
    {
      cause: error,
      silent: {
        message: 'The restored database could not be verified: the output of pg_dump is incomplete.',
      },
    },
  );
}
