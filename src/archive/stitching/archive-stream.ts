import type { FileHandle } from 'node:fs/promises';
import type { Header } from '../toc/head.ts';
import { type DataFile, LENGTH_BYTES, chunkedBytes, chunksOf } from './data-file.ts';
import { unstitchable } from '../unreadable.ts';
import { zlibBytes, zlibFromGzip } from './gzip-stream.ts';
import { type StreamEnd, lz4End, plainEnd, zstdEnd } from './stream-end.ts';

/** How the files of a directory are compressed, and become streams of an archive. */
export interface StreamFormat {
  /** Of the files' names. */
  readonly suffix: string;
  /** How long a file is as chunks of the archive. */
  readonly bytes: (file: DataFile) => number;
  /** A file as chunks of the archive. @throws UserError when it does not end where its stream does. */
  readonly read: (file: DataFile, handle: FileHandle, hasRows: boolean) => AsyncIterable<Buffer>;
}

const GZIP: StreamFormat = { suffix: '.gz', bytes: zlibBytes, read: zlibFromGzip };
const PLAIN = sameBytes('', plainEnd);
/** By `pg_compress_algorithm` (compression.h). */
const FORMATS: readonly StreamFormat[] = [PLAIN, GZIP, sameBytes('.lz4', lz4End), sameBytes('.zst', zstdEnd)];
/** Before it, the header contains the level of gzip. */
const FIRST_MINOR_WITH_ALGORITHMS = 15;

/** @throws UserError when the header names no compression that is known. */
export function streamFormat({ minor, compression }: Header): StreamFormat {
  if (minor < FIRST_MINOR_WITH_ALGORITHMS) return compression === 0 ? PLAIN : GZIP;
  const format = FORMATS[compression];
  if (format === undefined) throw unstitchable('its table of contents names an unknown compression');
  return format;
}

/** A compression whose streams are the same in a directory and in an archive. */
function sameBytes(suffix: string, endOf: (name: string, hasRows: boolean) => StreamEnd): StreamFormat {
  return {
    suffix,
    bytes: ({ bytes }) => chunkedBytes(bytes),
    async *read(file, handle, hasRows) {
      const end = endOf(file.name, hasRows);
      for await (const piece of chunksOf(file, handle, 0, file.bytes)) {
        end.add(piece.subarray(LENGTH_BYTES));
        yield piece;
      }
      end.end();
    },
  };
}
