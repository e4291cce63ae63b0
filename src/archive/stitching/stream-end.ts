import { unstitchable } from '../unreadable.ts';

/** Follows the bytes of a data file up to the end of its stream. `pg_restore` does not notice that one ends too early. */
export interface StreamEnd {
  /** The next bytes. @throws UserError when they cannot follow. */
  readonly add: (bytes: Buffer) => void;
  /** After the last byte. @throws UserError when there should be more. */
  readonly end: () => void;
}

/** A part of a frame: its first bytes say how many follow, and which part comes next. */
interface FramePart {
  readonly bytes: number;
  readonly read: (bytes: Buffer) => { readonly skip: number; readonly next: FramePart | undefined };
}

/** `\.` and the empty lines after it, which `pg_dump` writes behind the rows (`dumpTableData_copy`). */
const END_OF_ROWS = Buffer.from('\\.\n\n\n');
const LONGEST_PART = 8;
const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_LARGEST_BLOCK = 128 * 1024;
const LZ4_MAGIC = 0x184d2204;
const LZ4_UNCOMPRESSED = 0x8000_0000;
/** `pg_dump` asks for no larger ones. */
const LZ4_LARGEST_BLOCK = 4 * 1024 * 1024;
const CHECKSUM_BYTES = 4;

/** Of uncompressed bytes: rows have an end, a large object may end anywhere. */
export function plainEnd(name: string, hasRows: boolean): StreamEnd {
  let last: Buffer = Buffer.alloc(0);
  return {
    add(bytes) {
      if (hasRows)
        last = Buffer.concat([last, bytes.subarray(-END_OF_ROWS.length)]).subarray(-END_OF_ROWS.length);
    },
    end() {
      if (hasRows && !last.equals(END_OF_ROWS)) throw incomplete(name);
    },
  };
}

/** Of one frame of zstd (RFC 8878), or of a large object of no bytes (`Zstd_write` in compress_zstd.c). */
export function zstdEnd(name: string, hasRows: boolean): StreamEnd {
  return new FrameEnd(name, hasRows, {
    bytes: 5,
    read: (bytes) => {
      requireMagic(name, bytes, ZSTD_MAGIC);
      const descriptor = bytes[4] ?? 0;
      const isSingleSegment = (descriptor & 0x20) !== 0;
      const sizeFlag = descriptor >> 6;
      const sizeBytes = sizeFlag === 0 ? Number(isSingleSegment) : 1 << sizeFlag;
      const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
      const skip = Number(!isSingleSegment) + dictionaryBytes + sizeBytes;
      return { skip, next: zstdBlock(name, (descriptor & 4) !== 0) };
    },
  });
}

function zstdBlock(name: string, hasChecksum: boolean): FramePart {
  const block: FramePart = {
    bytes: 3,
    read: (bytes) => {
      const head = bytes.readUIntLE(0, 3);
      const isLast = (head & 1) !== 0;
      const type = (head >> 1) & 3;
      const size = head >> 3;
      if (type === 3 || size > ZSTD_LARGEST_BLOCK) throw foreign(name);
      const skip = type === 1 ? 1 : size;
      if (!isLast) return { skip, next: block };
      return { skip: skip + (hasChecksum ? CHECKSUM_BYTES : 0), next: undefined };
    },
  };
  return block;
}

/** Of one frame of LZ4 (lz4_Frame_format.md), or of a large object of no bytes (`LZ4Stream_write` in compress_lz4.c). */
export function lz4End(name: string, hasRows: boolean): StreamEnd {
  return new FrameEnd(name, hasRows, {
    bytes: 5,
    read: (bytes) => {
      requireMagic(name, bytes, LZ4_MAGIC);
      const flags = bytes[4] ?? 0;
      if (flags >> 6 !== 1) throw foreign(name);
      // The size of blocks, that of the content, the number of a dictionary, a checksum.
      const skip = 1 + (flags & 8) + (flags & 1) * 4 + 1;
      return { skip, next: lz4Block(name, (flags & 16) !== 0, (flags & 4) !== 0) };
    },
  });
}

function lz4Block(name: string, hasChecksum: boolean, hasContentChecksum: boolean): FramePart {
  const block: FramePart = {
    bytes: 4,
    read: (bytes) => {
      const head = bytes.readUInt32LE();
      if (head === 0) return { skip: hasContentChecksum ? CHECKSUM_BYTES : 0, next: undefined };
      const size = head % LZ4_UNCOMPRESSED;
      if (size > LZ4_LARGEST_BLOCK) throw foreign(name);
      return { skip: size + (hasChecksum ? CHECKSUM_BYTES : 0), next: block };
    },
  };
  return block;
}

class FrameEnd implements StreamEnd {
  readonly #name: string;
  readonly #head = Buffer.alloc(LONGEST_PART);
  #held = 0;
  #part: FramePart | undefined;
  #skip = 0;
  #mayEnd: boolean;

  constructor(name: string, hasRows: boolean, first: FramePart) {
    this.#name = name;
    this.#part = first;
    this.#mayEnd = !hasRows;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at === bytes.length) return;
      if (this.#part === undefined) throw foreign(this.#name);
      this.#mayEnd = false;
      this.#head[this.#held] = bytes[at] ?? 0;
      this.#held += 1;
      at += 1;
      if (this.#held < this.#part.bytes) continue;
      const { skip, next } = this.#part.read(this.#head);
      [this.#held, this.#skip, this.#part] = [0, skip, next];
      this.#mayEnd = next === undefined;
    }
  }

  end(): void {
    if (!this.#mayEnd || this.#skip > 0) throw incomplete(this.#name);
  }
}

function requireMagic(name: string, bytes: Buffer, magic: number): void {
  if (bytes.readUInt32LE() !== magic) throw foreign(name);
}

/** The error for a file that ends too early. */
export function incomplete(name: string): Error {
  return unstitchable(`the file ${name} is not complete`);
}

/** The error for a file that is something else. */
export function foreign(name: string): Error {
  return unstitchable(`the file ${name} is not what pg_dump writes`);
}
