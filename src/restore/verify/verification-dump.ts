import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { watchSilence } from '../../postgres/watchdog/silence.ts';
import { UserError } from '../../errors.ts';
import { collectAfterEvery } from '../../process/garbage.ts';
import { type RunResult, endedBySignal, run } from '../../process/run.ts';
import {
  type ScriptListener,
  type ScriptProgress,
  ScriptReader,
} from '../../archive/content/script-reader.ts';
import { ScriptError } from '../../archive/content/script-statement.ts';
import { DATA_ONLY } from '../../archive/archive-script.ts';
import { exactPattern, filterPattern } from '../../archive/names.ts';
import type { VerificationRequest } from './verification-request.ts';

const COLLECT_EVERY = 16 * 1024 * 1024;
/** The longest arguments that every platform takes, Windows included. */
const ARGUMENTS_LIMIT = 24 * 1024;
const FILTER_FILES_SINCE = 17;

/** Which part of the database is dumped for the verification. */
export interface DumpSelection {
  /** Tables and sequences by the parts of their names, or undefined for all that there are. */
  readonly names: readonly (readonly string[])[] | undefined;
  /** Partitioned tables among them: their rows are in their partitions. */
  readonly roots: readonly (readonly string[])[];
  /** Whether the rows of partitions are dumped as those of the table that they are partitions of. */
  readonly throughRoot: boolean;
  readonly largeObjects: boolean;
}

/** Whether the tools can be given these names; else everything has to be dumped. */
export function canSelect(
  toolsMajor: number,
  names: readonly (readonly string[])[],
  encoding: string | undefined,
): boolean {
  // pg_dump reads patterns in the encoding that it writes.
  const plain = encoding === undefined || encoding === 'UTF8';
  if (!plain && names.some((parts) => /[^\0-\x7f]/.test(parts.join('')))) return false;
  if (toolsMajor >= FILTER_FILES_SINCE) return true;
  return names.reduce((sum, parts) => sum + exactPattern(parts).length + 12, 0) < ARGUMENTS_LIMIT;
}

/**
 * Dumps rows as a script, straight to a listener: no file is written.
 *
 * @throws UserError when `pg_dump` fails, its connection stops responding, or its script is incomplete.
 */
export async function dumpForVerification(
  request: VerificationRequest,
  selection: DumpSelection,
  listener: ScriptListener,
  onProgress: (progress: ScriptProgress) => void = () => undefined,
): Promise<void> {
  const { session, onSpawn } = request;
  const filter = await filterOf(request, selection);
  const silence = watchSilence({ name: 'pg_dump', session });
  try {
    const reader = new ScriptReader(listener);
    const collect = collectAfterEvery(COLLECT_EVERY);
    const result = await run(session.tools.pgDump, [...dumpArguments(request, selection), ...filter.args], {
      env: session.environment,
      signal: AbortSignal.any([session.signal, silence.signal]),
      onSpawn: (pid) => {
        silence.onSpawn(pid);
        onSpawn?.(pid);
      },
      onStdout: (chunk) => {
        reader.write(chunk);
        collect(chunk.length);
        onProgress(reader.progress);
      },
    });
    requireSuccess(result);
    reader.end();
  } catch (error) {
    throw error instanceof ScriptError ? notWhole(error) : error;
  } finally {
    await silence.stop();
    await filter.remove();
  }
}

/** Everything but the names. It contains no secret. */
function dumpArguments(
  { session: { tools }, encoding, role }: VerificationRequest,
  selection: DumpSelection,
): string[] {
  return [
    '--format=plain',
    ...DATA_ONLY,
    '--no-password',
    '--lock-wait-timeout=120s',
    ...(role === undefined ? [] : [`--role=${role}`]),
    ...(encoding === undefined ? [] : [`--encoding=${encoding}`]),
    ...(selection.throughRoot ? ['--load-via-partition-root'] : []),
    ...(selection.largeObjects ? [tools.major >= 16 ? '--large-objects' : '--blobs'] : []),
  ];
}

interface Filter {
  readonly args: readonly string[];
  readonly remove: () => Promise<void>;
}

/** The names for `pg_dump`, in a file where it takes one. */
async function filterOf(
  { session: { tools }, workFolder }: VerificationRequest,
  { names, roots }: DumpSelection,
): Promise<Filter> {
  const noFile = (args: readonly string[]): Filter => ({ args, remove: () => Promise.resolve() });
  if (names === undefined) return noFile([]);
  const objects = [
    ...names.map((parts) => ({ parts, what: 'table' })),
    ...roots.map((parts) => ({ parts, what: 'table-and-children' })),
  ];
  const argument = ({ parts, what }: (typeof objects)[number]): string => `--${what}=${exactPattern(parts)}`;
  if (tools.major < FILTER_FILES_SINCE) return noFile(objects.map(argument));
  const file = path.join(workFolder, `verification-${randomBytes(6).toString('hex')}.filter`);
  const lines = objects.flatMap(({ parts, what }) => {
    const pattern = filterPattern(parts);
    return pattern === undefined ? [] : [`include ${what.replaceAll('-', '_')} ${pattern}\n`];
  });
  await writeFile(file, lines.join(''), { mode: 0o600, flag: 'wx' });
  const others = objects.filter(({ parts }) => filterPattern(parts) === undefined).map(argument);
  return { args: [`--filter=${file}`, ...others], remove: () => rm(file, { force: true }) };
}

function requireSuccess({ exitCode, endedBy, stderr }: RunResult): void {
  if (endedBy !== null) throw endedBySignal('The restored database could not be verified: pg_dump', endedBy);
  if (exitCode !== 0)
    throw diagnosedError(
      'verification-failed',
      'The restored database could not be verified: pg_dump failed',
      stderr,
    );
}

function notWhole(error: ScriptError): UserError {
  return new UserError(
    'verification-failed',
    `The restored database could not be verified: the output of pg_dump is incomplete: ${error.message}.`,
    'Run the job again.',
    { cause: error },
  );
}
