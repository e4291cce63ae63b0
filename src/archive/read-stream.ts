import { createHash } from 'node:crypto';
import { PassThrough, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type Environment, run } from '../process/run.ts';
import { watchStall } from '../process/stall.ts';
import { DATA_ONLY, isReadable } from './archive-script.ts';
import { type Contents, ContentsCollector, manifestOf } from './content/manifest.ts';
import { ScriptReader } from './content/script-reader.ts';
import { ScriptError } from './content/script-statement.ts';
import { DataBlocks } from './data-blocks.ts';
import { type ReadBack, requireAll, requireSuccess } from './read-back.ts';
import { definitionsOf } from './toc/definitions.ts';
import { IncomingContents } from './toc/incoming-contents.ts';
import type { TableOfContents, TocEntry } from './toc/table-of-contents.ts';
import { unreadable } from './unreadable.ts';

/** With what an archive is read while it is made. */
export interface StreamRequest {
  /** By its absolute path, its version, and what it needs to run; it connects to nothing. */
  readonly pgRestore: string;
  readonly major: number;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** The reading of an archive that is being made. */
export interface StreamReading {
  /** Gets each chunk of the archive. @throws UserError when it cannot be part of one. */
  readonly look: (chunk: Buffer) => void;
  /** Takes the archive as well, at the speed of `pg_restore`. */
  readonly input: Writable;
  /** Changes while `pg_restore` reads. */
  readonly progress: () => number;
  /** Settled after the end of `input`; see {@link ReadBack}. Fails before that if `pg_restore` does. */
  readonly result: Promise<ReadBack>;
}

/** The first `pg_restore` that can leave out statistics. */
const FIRST_WITH_STATISTICS = 18;
const INPUT_BYTES = 1024 * 1024;
/** How long `pg_restore` may print nothing after it has got everything. */
const STALL_TIMEOUT_MS = 120_000;

/**
 * Reads an archive whole while `pg_dump` writes it, in constant memory: definitions from its table of contents, contents
 * from what `pg_restore` prints. It is good if `pg_restore` succeeds and has taken all of it, if the archive ends where
 * its last block does, and if the table of contents, the blocks and the contents name the same.
 *
 * `pg_restore` has to be started before the table of contents is known. So an archive with rows as INSERT statements, which
 * could pass for other statements, is refused: `pg_dump` writes them only if it is asked to.
 */
export function readStream(request: StreamRequest): StreamReading {
  const archive = new ArchiveStart();
  const hash = createHash('sha256');
  let size = 0;
  const input = new PassThrough({ highWaterMark: INPUT_BYTES });
  const script = printed(request, input);
  return {
    look(chunk) {
      hash.update(chunk);
      size += chunk.length;
      archive.add(chunk);
    },
    input,
    progress: script.progress,
    result: script.contents.then((data) => {
      if (size === 0) throw unreadable('it is empty');
      const contents = archive.end();
      const { entries } = contents;
      requireReadable(entries);
      requireAll(data, entries);
      const manifest = manifestOf(data, definitionsOf(entries));
      return { manifest, contents, sha256: hash.digest('hex'), size };
    }),
  };
}

/** Follows an archive: first its table of contents, then its blocks of data. */
class ArchiveStart {
  readonly #incoming = new IncomingContents();
  #blocks: DataBlocks | undefined;

  add(chunk: Buffer): void {
    if (this.#blocks) this.#blocks.add(chunk);
    else this.#follow(this.#incoming.add(chunk));
  }

  /** After the last byte. @throws UserError when the archive does not end here. */
  end(): TableOfContents {
    const contents = this.#incoming.end();
    if (!this.#blocks) this.#follow(contents);
    this.#blocks?.end();
    return contents;
  }

  #follow(contents: TableOfContents | undefined): void {
    if (!contents) return;
    const { bytes, position } = this.#incoming.rest();
    this.#blocks = new DataBlocks(contents.entries, position);
    this.#blocks.add(bytes);
  }
}

function requireReadable(entries: readonly TocEntry[]): void {
  const other = entries.find((entry) => entry.section === 'data' && entry.hasData && !isReadable(entry));
  if (other) throw unreadable(`the data of entry ${other.dumpId} (${other.kind}) are not rows of COPY`);
}

/** Has `pg_restore` print the data of the archive that comes, and reads what it prints. */
function printed(
  { pgRestore, major, environment: env, signal }: StreamRequest,
  input: PassThrough,
): { readonly contents: Promise<Contents>; readonly progress: () => number } {
  const collector = new ContentsCollector();
  const reader = new ScriptReader(collector);
  const dropped = Promise.withResolvers<never>();
  dropped.promise.catch(() => undefined);
  const read = async (): Promise<Contents> => {
    const stall = watchStall(STALL_TIMEOUT_MS, () =>
      unreadable(`pg_restore printed nothing for ${STALL_TIMEOUT_MS / 1000} seconds`),
    );
    // Before the end of the input, it is the sender who looks whether it is taken: there may be nothing to read.
    stall.pause();
    input.once('finish', stall.progress);
    try {
      const statistics = major >= FIRST_WITH_STATISTICS ? ['--no-statistics'] : [];
      const result = await run(pgRestore, ['--format=custom', '--file=-', ...DATA_ONLY, ...statistics], {
        env,
        signal: AbortSignal.any([signal, stall.signal]),
        stdin: input,
        onInputDropped: () => {
          dropped.reject(unreadable('pg_restore has not read it to the end'));
        },
        onStdout: (chunk) => {
          reader.write(chunk);
          if (input.writableFinished) stall.progress();
        },
      });
      requireSuccess(result);
      reader.end();
    } catch (error) {
      throw error instanceof ScriptError ? unreadable(error.message, error) : error;
    } finally {
      input.off('finish', stall.progress);
      stall.stop();
    }
    // It may have come to the last byte before the sender knows that it is the last.
    await Promise.race([dropped.promise, finished(input, { signal })]);
    return collector.finish();
  };
  return { contents: read(), progress: () => reader.progress.bytes };
}
