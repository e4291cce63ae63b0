import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { type InflateRaw, crc32, createInflateRaw } from 'node:zlib';
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
  const end = bytes - TRAILER_BYTES;
  await readFully(name, handle, header, 0);
  await readFully(name, handle, trailer, end);
  if (!header.subarray(0, HEADER_START.length).equals(HEADER_START)) throw foreign(name);
  yield chunk(ZLIB_HEADER);
  const inflation = new Inflation();
  try {
    for await (const piece of chunksOf(file, handle, HEADER_BYTES, end)) {
      await inflation.add(piece.subarray(LENGTH_BYTES));
      yield piece;
    }
    await inflation.end();
  } catch (error) {
    throw inflation.failed ? unstitchable(`the file ${name} is damaged`, error) : error;
  } finally {
    inflation.destroy();
  }
  if (inflation.consumed !== end - HEADER_BYTES || !inflation.trailer.equals(trailer)) throw foreign(name);
  yield chunk(inflation.adler.digest());
}

/** Inflates a stream for its checksums. */
class Inflation {
  readonly adler = new Adler32();
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: INFLATED_BYTES });
  readonly #ended = once(this.#inflate, 'end');
  #crc = 0;
  #bytes = 0;

  constructor() {
    this.#ended.catch(() => undefined);
    this.#inflate.on('data', (inflated: Buffer) => {
      this.adler.update(inflated);
      this.#crc = crc32(inflated, this.#crc);
      this.#bytes += inflated.length;
    });
  }

  get failed(): boolean {
    return this.#inflate.errored !== null;
  }

  /** How many bytes the stream has: it may end before what was added. */
  get consumed(): number {
    return this.#inflate.bytesWritten;
  }

  /** What a gzip file ends with. */
  get trailer(): Buffer {
    const bytes = Buffer.alloc(TRAILER_BYTES);
    bytes.writeUInt32LE(this.#crc, 0);
    bytes.writeUInt32LE(this.#bytes % 2 ** 32, 4);
    return bytes;
  }

  async add(deflated: Buffer): Promise<void> {
    const taken = Promise.withResolvers<undefined>();
    this.#inflate.write(deflated, () => {
      taken.resolve(undefined);
    });
    await Promise.race([taken.promise, this.#ended]);
  }

  async end(): Promise<void> {
    this.#inflate.end();
    await this.#ended;
  }

  destroy(): void {
    this.#inflate.destroy();
  }
}
