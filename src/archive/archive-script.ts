import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Environment, type RunResult, run } from '../process/run.ts';
import type { TocEntry } from './toc/table-of-contents.ts';

/** The data of an archive, to be printed by `pg_restore`. */
export interface ArchiveScriptRequest {
  /** The path of an archive in the custom format. */
  readonly archive: string;
  /** The entries whose data are printed; all of them when absent. */
  readonly dumpIds?: readonly number[] | undefined;
  /** Its absolute path and its environment. It connects to nothing. */
  readonly pgRestore: string;
  readonly environment: Environment;
  readonly workFolder: string;
  readonly signal: AbortSignal;
  readonly onStdout: (chunk: Buffer) => void;
}

/** Options of `pg_dump` and `pg_restore` with which they print only data. */
export const DATA_ONLY = [
  '--section=data',
  '--no-owner',
  '--no-privileges',
  '--no-comments',
  '--no-security-labels',
];

/**
 * Has `pg_restore` print the data of an archive.
 *
 * It gets the name of the file. On a pipe it could not seek, and would not notice wrong positions in the table of contents, at
 * which a restore from the file would fail.
 */
export async function printArchive(request: ArchiveScriptRequest): Promise<RunResult> {
  const { archive, dumpIds, pgRestore, environment: env, workFolder, signal, onStdout } = request;
  const listFile = path.join(workFolder, `archive-${randomBytes(6).toString('hex')}.list`);
  if (dumpIds !== undefined) await writeFile(listFile, useList(dumpIds), { mode: 0o600, flag: 'wx' });
  try {
    return await run(
      pgRestore,
      [
        '--format=custom',
        '--file=-',
        // So that its own COMMIT is the only one.
        '--single-transaction',
        ...DATA_ONLY,
        ...(dumpIds === undefined ? [] : [`--use-list=${listFile}`]),
        archive,
      ],
      { env, signal, onStdout },
    );
  } finally {
    await rm(listFile, { force: true });
  }
}

/** A list for `pg_restore --use-list`, which identifies each entry by its number alone (`SortTocFromFile`). */
export function useList(dumpIds: readonly number[]): string {
  return dumpIds.map((id) => `${id};\n`).join('');
}

/** Whether `pg_restore` prints the entry's contents in statements that a script reader accepts: not as INSERT statements. */
export function isReadable({ kind, contents }: TocEntry): boolean {
  return contents !== undefined || kind === 'BLOBS';
}
