import { decoded } from '../names.ts';
import { unreadable } from '../unreadable.ts';

/** `pg_dump` writes integers of four bytes on every platform that it runs on. */
const INTEGER_BYTES = 4;
/** No definition is nearly as large, and a damaged length must not fill the memory. */
const LARGEST_ENTRY = 64 * 1024 * 1024;
/** More than a million tables need. A table of contents is in memory as a whole, there several times as large. */
const LARGEST_TABLE_OF_CONTENTS = 512 * 1024 * 1024;
/** Twice the signature of a function with 100 arguments and the longest names. */
const LONGEST_NAME = 64 * 1024;

export const NO_BYTES = Buffer.alloc(0);

/** The value continues after the bytes that were read so far. */
class MoreBytesNeeded extends Error {
  override readonly name = 'MoreBytesNeeded';
}

/** Reads the numbers and texts of an archive, as `ReadInt` and `ReadStr` do (pg_backup_archiver.c). */
export class TocBytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** How many bytes have been read. */
  get length(): number {
    return this.#at;
  }

  /** What has been read. */
  taken(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  /** A sign, then the absolute value, its lowest byte first. */
  integer(): number {
    const sign = this.byte();
    const value = this.take(INTEGER_BYTES).readUInt32LE();
    return sign === 0 ? value : -value;
  }

  /** A text as its bytes, or undefined when `pg_dump` wrote none. */
  text(longest = LARGEST_ENTRY): Buffer | undefined {
    const length = this.integer();
    if (length < 0) return undefined;
    if (length > longest) throw unreadable(`its table of contents has a text of ${length} bytes`);
    const text = this.take(length);
    if (text.includes(0)) throw unreadable('its table of contents has a text with a zero byte');
    return text;
  }

  /** A name, or something as short; empty when `pg_dump` wrote none. */
  name(): Buffer {
    return this.text(LONGEST_NAME) ?? NO_BYTES;
  }

  /** The same as text. */
  string(): string {
    return decoded(this.name());
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > LARGEST_ENTRY) throw unreadable('its table of contents has an entry of more than 64 MiB');
    if (end > this.#bytes.length) throw new MoreBytesNeeded();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

/** A reading that goes on when more bytes were added. */
export type Reading<T> = Generator<undefined, T, undefined>;

/** The beginning of an archive, which comes in pieces; only the part that is being read is in memory. */
export class TocStart {
  #bytes: Buffer = NO_BYTES;
  #added: Buffer[] = [];
  #addedBytes = 0;
  /** How many bytes the values that were read had. */
  #parsed = 0;
  #isWhole = false;

  /** More of the archive. */
  add(bytes: Buffer): void {
    this.#added.push(bytes);
    this.#addedBytes += bytes.length;
  }

  /** There is nothing more to add. */
  end(): void {
    this.#isWhole = true;
  }

  /** What was added and not read. */
  rest(): Buffer {
    return Buffer.concat([this.#bytes, ...this.#added]);
  }

  /** Whether anything follows what was read. */
  *hasMore(): Reading<boolean> {
    while (!this.#isWhole && this.#addedBytes + this.#bytes.length === 0) yield;
    return this.#addedBytes + this.#bytes.length > 0;
  }

  /**
   * Reads one thing, starting over with more bytes where those available do not contain it all: with as much again as is
   * available, so that a long entry is not started over with every few bytes.
   *
   * @throws UserError when the archive ends before it does; whatever `parse` throws.
   */
  *read<T>(parse: (bytes: TocBytes) => T): Reading<T> {
    for (;;) {
      const bytes = new TocBytes(this.#bytes);
      try {
        const value = parse(bytes);
        this.#bytes = this.#bytes.subarray(bytes.length);
        this.#parsed += bytes.length;
        if (this.#parsed > LARGEST_TABLE_OF_CONTENTS) {
          throw unreadable('its table of contents has more than 512 MiB');
        }
        return value;
      } catch (error) {
        if (!(error instanceof MoreBytesNeeded)) throw error;
      }
      if (this.#isWhole && this.#addedBytes === 0) throw unreadable('it ends within its table of contents');
      while (!this.#isWhole && this.#addedBytes <= this.#bytes.length) yield;
      this.#bytes = this.rest();
      this.#added = [];
      this.#addedBytes = 0;
    }
  }
}
