import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Encryption } from '../../age/age-inputs.ts';
import { EncryptionStream } from '../../age/encryption-stream.ts';
import type { ReadBack } from '../../archive/read-back.ts';
import type { TableSizes } from '../../archive/copy-progress.ts';
import { readStream } from '../../archive/read-stream.ts';
import { type Consumer, FanOut } from '../../process/fan-out.ts';
import { FileSink } from '../../process/file-sink.ts';
import type { FileFacts } from '../../storage/store.ts';
import { type ParallelDump, parallelWriter } from '../parallel-dump/parallel-writer.ts';
import { streamingWriter } from './archive-writer.ts';
import { type DumpRequest, type DumpOutcome, dump } from './dump.ts';

/** A dump, and everything that happens while `pg_dump` writes. */
export interface OnePassRequest extends Omit<DumpRequest, 'target' | 'writer'> {
  readonly sizes: TableSizes;
  /** Undefined: with one connection, in one stream. */
  readonly parallel: ParallelDump | undefined;
  readonly encryption: Encryption | undefined;
  /** Where the file goes, encrypted or not. They are ended, and not committed. */
  readonly sinks: readonly Consumer[];
  /** Where the archive is written to as well, without encryption; undefined: nowhere. */
  readonly spool: string | undefined;
}

/** What has gone through: an archive that is good, and the file that the sinks have. */
export interface DumpedBackup extends DumpOutcome {
  readonly archive: ReadBack;
  readonly file: FileFacts;
}

/**
 * Dumps a database in one pass: while `pg_dump` writes, the archive is read by `pg_restore`, encrypted if need be, and goes into
 * every sink. The slowest of them sets the pace, and nothing is kept in memory.
 *
 * @returns when `pg_dump` and `pg_restore` have succeeded, agree about the archive, and every sink has taken it.
 * @throws the first error of any of them, which ends the others; the session's reason when it was aborted.
 */
export async function dumpInOnePass(request: OnePassRequest): Promise<DumpedBackup> {
  const { session, encryption, sinks, spool, sizes, parallel } = request;
  const failed = new AbortController();
  const working = session.until(AbortSignal.any([session.signal, failed.signal]));
  const { pgRestore, major, environment } = session.tools;

  const spoolFile =
    spool === undefined ? undefined : { name: 'the disk', stream: await FileSink.create(spool) };
  const sealed = encryption && (await sealedFile(encryption, sinks));
  const reading = readStream({ pgRestore, major, environment, signal: working.signal });
  const target = new FanOut(
    [
      { name: 'pg_restore', stream: reading.input, progress: reading.progress },
      ...(sealed ? [sealed.consumer] : sinks),
      ...(spoolFile ? [spoolFile] : []),
    ],
    reading.look,
  );
  const writer = parallel ? parallelWriter(parallel, target, sizes) : streamingWriter(target, sizes);
  let first: { readonly error: unknown } | undefined;
  const orEndAll = <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      first ??= { error };
      failed.abort(error);
      for (const stream of [target, sealed?.consumer.stream, spoolFile?.stream]) stream?.destroy();
      return undefined;
    });
  const [archive, file, finished] = await Promise.all([
    orEndAll(reading.result),
    orEndAll(sealed?.facts ?? Promise.resolve(undefined)),
    orEndAll(dump({ ...request, session: working, target, writer })),
  ]);
  if (first) throw first.error;
  if (!archive || !finished) throw new Error('There is no archive.');
  return { ...finished, archive, file: file ?? { size: archive.size, sha256: archive.sha256 } };
}

/** The way to the sinks of an encrypted backup. */
async function sealedFile(
  encryption: Encryption,
  sinks: readonly Consumer[],
): Promise<{ readonly consumer: Consumer; readonly facts: Promise<FileFacts> }> {
  const stream = await EncryptionStream.begin(encryption);
  const hash = createHash('sha256');
  const file = new FanOut(sinks, (chunk) => hash.update(chunk));
  const facts = pipeline(stream, file).then(() => ({ size: file.bytes, sha256: hash.digest('hex') }));
  // What it waits for is watched behind it.
  return { consumer: { name: 'the encryption', stream, progress: () => performance.now() }, facts };
}
