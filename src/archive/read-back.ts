import { stat } from 'node:fs/promises';
import { errorLines } from '../postgres/diagnosis/error-lines.ts';
import { messageOf } from '../errors.ts';
import { digestFile } from '../process/file-digest.ts';
import { type RunResult, endedBySignal } from '../process/run.ts';
import { watchStall } from '../process/stall.ts';
import { log } from '../runner/log.ts';
import { type ArchiveScriptRequest, isReadable, printArchive } from './archive-script.ts';
import { type Contents, ContentsCollector, type Manifest, manifestOf } from './content/manifest.ts';
import { ScriptReader } from './content/script-reader.ts';
import { ScriptError } from './content/script-statement.ts';
import { definitionsOf } from './toc/definitions.ts';
import { type TableOfContents, type TocEntry, readTableOfContents } from './toc/table-of-contents.ts';
import { unreadable } from './unreadable.ts';

/** An archive to read back, and how. */
export interface ReadBackRequest extends Omit<ArchiveScriptRequest, 'dumpIds' | 'onStdout'> {
  /** Fails after so many milliseconds without output from `pg_restore`; five minutes when absent. */
  readonly stallTimeoutMs?: number;
}

/** The result of reading an archive back: `pg_restore` has read all of it. */
export interface ReadBack {
  readonly manifest: Manifest;
  readonly contents: TableOfContents;
  /** Of the file: 64 hex digits. */
  readonly sha256: string;
  /** Of the file, in bytes. */
  readonly size: number;
}

const STALL_TIMEOUT_MS = 5 * 60_000;

/**
 * Reads the whole archive and returns its manifest: the definitions from the table of contents, which every `pg_restore` reads
 * completely when it starts; the contents from the script of the data that `pg_restore` prints, in constant memory.
 *
 * @throws UserError when the archive is not complete; the signal's reason when it was aborted.
 */
export async function readBack(request: ReadBackRequest): Promise<ReadBack> {
  const before = await identity(request.archive);
  const { sha256, size } = await digestFile(request.archive, request.signal);
  if (size === 0) throw unreadable('it is empty');
  const contents = await readTableOfContents(request.archive, request.signal);
  const { entries } = contents;
  const data = await readContents(request, entries);
  if ((await identity(request.archive)) !== before) throw unreadable('it was changed meanwhile');
  requireAll(data, entries);
  return { manifest: manifestOf(data, definitionsOf(entries)), contents, sha256, size };
}

/**
 * Has `pg_restore` read all data. Rows as INSERT statements are read in a separate run that only has to succeed: their
 * text could look like other statements.
 */
async function readContents(request: ReadBackRequest, entries: readonly TocEntry[]): Promise<Contents> {
  const others = entries.filter(
    (entry) => entry.section === 'data' && !isReadable(entry) && !isLargeObject(entry),
  );
  const collector = new ContentsCollector();
  const reader = new ScriptReader(collector);
  try {
    await printed(request, others.length === 0 ? undefined : entries.filter(isReadable), (chunk) => {
      reader.write(chunk);
    });
    reader.end();
    if (reader.commits > 1) throw new ScriptError('its script contains a COMMIT among its rows');
  } catch (error) {
    throw error instanceof ScriptError ? unreadable(error.message, error) : error;
  }
  const unread = others.filter(({ hasData }) => hasData);
  if (unread.length > 0) await printed(request, unread, () => undefined);
  return collector.finish();
}

/** Whether an entry creates large objects, without their contents. */
function isLargeObject({ kind }: TocEntry): boolean {
  return kind === 'BLOB' || kind === 'BLOB METADATA';
}

async function printed(
  request: ReadBackRequest,
  entries: readonly TocEntry[] | undefined,
  onStdout: (chunk: Buffer) => void,
): Promise<void> {
  const { stallTimeoutMs = STALL_TIMEOUT_MS } = request;
  // Where a damaged gzip stream ends before its block does, pg_restore calls inflate endlessly (seen with 15 and 17;
  // `ReadDataFromArchiveGzip`).
  const stall = watchStall(stallTimeoutMs, () =>
    unreadable(`pg_restore printed nothing for ${stallTimeoutMs / 1000} seconds`),
  );
  try {
    const result = await printArchive({
      ...request,
      dumpIds: entries?.map(({ dumpId }) => dumpId),
      signal: AbortSignal.any([request.signal, stall.signal]),
      onStdout: (chunk) => {
        stall.progress();
        onStdout(chunk);
      },
    });
    requireSuccess(result);
  } finally {
    stall.stop();
  }
}

/** The table of contents names every table and sequence whose contents are in the archive, and no other. */
export function requireAll({ tables, sequences }: Contents, entries: readonly TocEntry[]): void {
  const promised = new Set(entries.flatMap(({ contents }) => contents ?? []));
  const found = [...tables, ...sequences].map(({ name }) => name);
  if (found.length !== promised.size || !found.every((name) => promised.has(name))) {
    throw unreadable('its data differ from its table of contents');
  }
}

export function requireSuccess({ exitCode, endedBy, stderr }: RunResult): void {
  if (endedBy !== null) {
    throw endedBySignal('The archive could not be read back: pg_restore', endedBy);
  }
  const lines = errorLines(stderr);
  if (exitCode !== 0) {
    const reason = lines.at(-1)?.replace(/^.*?error: /, '') ?? `it ended with exit code ${String(exitCode)}`;
    throw unreadable(`pg_restore reports: ${reason}`, new Error(stderr.trim()));
  }
  for (const line of lines) log.content(line, 'pg_restore printed a warning');
}

/** Identifies a file and its state: changes when the file is replaced or written to. */
async function identity(archive: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(archive, { bigint: true });
    return [dev, ino, size, mtimeNs].join(' ');
  } catch (error) {
    throw unreadable(messageOf(error), error);
  }
}
