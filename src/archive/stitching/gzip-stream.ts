import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { type Gunzip, createGunzip } from 'node:zlib';
import { unstitchable } from '../unreadable.ts';
import { Adler32 } from './adler32.ts';
import { type DataFile, LENGTH_BYTES, chunk, chunkedBytes, chunksOf, readFully } from './data-file.ts';
import { foreign, incomplete } from './stream-end.ts';

/** `gzopen` writes no name, comment or other part (RFC 1952): the two magic bytes, deflate, no flags, and six more. */
const HEADER_BYTES = 10;
const HEADER_START = Buffer.of(0x1f, 0x8b, 8, 0);
/** A CRC-32, and the length of what was compressed. */
const TRAILER_BYTES = 8;
/** Deflate with a window of 32 KiB (RFC 1950). */
const ZLIB_HEADER = Buffer.of(0x78, 0x9c);
const ADLER_BYTES = 4;
const INFLATED_BYTES = 256 * 1024;

/** How long a gzip file is as chunks of a zlib stream. @throws UserError when it is too short for one. */
export function zlibBytes({ name, bytes }: DataFile): number {
  const deflated = bytes - HEADER_BYTES - TRAILER_BYTES;
  if (deflated <= 0) throw incomplete(name);
  return chunkedBytes(ZLIB_HEADER.length) + chunkedBytes(deflated) + chunkedBytes(ADLER_BYTES);
}

/**
 * A gzip file as chunks of a zlib stream: what is deflated stays as it is; the checksum is another one, of the same bytes.
 *
 * @throws UserError when it is not one whole gzip file.
 */
export async function* zlibFromGzip(file: DataFile, handle: FileHandle): AsyncGenerator<Buffer> {
  const { name, bytes } = file;
  const header = Buffer.alloc(HEADER_BYTES);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  await readFully(name, handle, header, 0);
  await readFully(name, handle, trailer, bytes - TRAILER_BYTES);
  if (!header.subarray(0, HEADER_START.length).equals(HEADER_START)) throw foreign(name);
  yield chunk(ZLIB_HEADER);
  const adler = new Adler32();
  const gunzip = createGunzip({ chunkSize: INFLATED_BYTES });
  gunzip.on('data', (inflated: Buffer) => {
    adler.update(inflated);
  });
  const ended = once(gunzip, 'end');
  ended.catch(() => undefined);
  try {
    await written(gunzip, header, ended);
    for await (const piece of chunksOf(file, handle, HEADER_BYTES, bytes - TRAILER_BYTES)) {
      await written(gunzip, piece.subarray(LENGTH_BYTES), ended);
      yield piece;
    }
    gunzip.end(trailer);
    await ended;
  } catch (error) {
    throw gunzip.errored === null ? error : unstitchable(`the file ${name} is damaged`, error);
  } finally {
    gunzip.destroy();
  }
  // It may have ended before the file does.
  if (gunzip.bytesWritten !== bytes) throw foreign(name);
  yield chunk(adler.digest());
}

async function written(gunzip: Gunzip, bytes: Buffer, ended: Promise<unknown>): Promise<void> {
  const done = Promise.withResolvers<undefined>();
  gunzip.write(bytes, () => {
    done.resolve(undefined);
  });
  await Promise.race([done.promise, ended]);
}
