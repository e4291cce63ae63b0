import type { TocEntry } from './toc/table-of-contents.ts';
import { unreadable } from './unreadable.ts';

/** The types of block (`BLK_DATA` and `BLK_BLOBS` in pg_backup_custom.c). */
const ROWS = 1;
const LARGE_OBJECTS = 3;
const TYPE_BYTES = 1;
/** A sign, and four bytes. */
const NUMBER_BYTES = 5;

/** What the bytes available are the beginning of. */
type Part = 'block' | 'object' | 'length';

/**
 * Follows the blocks of data after the table of contents of an archive, without looking into them: each entry with data
 * has its block, no block is of an unknown entry, and the archive ends where the last one does. (`_StartData`,
 * `_CustomWriteFunc`, `_EndData`, `_StartLO` and `_EndLOs` in pg_backup_custom.c write them.)
 */
export class DataBlocks {
  /** The entries whose blocks have not come yet. */
  readonly #expected: Set<number>;
  readonly #head = Buffer.alloc(TYPE_BYTES + NUMBER_BYTES);
  #held = 0;
  #part: Part = 'block';
  /** How many bytes of the current chunk are still to come. */
  #left = 0;
  #hasObjects = false;

  constructor(entries: readonly TocEntry[]) {
    this.#expected = new Set(entries.filter(({ hasData }) => hasData).map(({ dumpId }) => dumpId));
  }

  /** The next bytes of the archive. @throws UserError when they do not belong to one. */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(this.#left, bytes.length - at);
      this.#left -= taken;
      at += taken;
      if (at === bytes.length) return;
      this.#head[this.#held] = bytes[at] ?? 0;
      this.#held += 1;
      at += 1;
      if (this.#held === (this.#part === 'block' ? TYPE_BYTES + NUMBER_BYTES : NUMBER_BYTES)) this.#next();
    }
  }

  /** Call once, after the last byte. @throws UserError when there should be more. */
  end(): void {
    if (this.#part !== 'block' || this.#held > 0) throw unreadable('it ends within its data');
    const [missing] = this.#expected;
    if (missing !== undefined) throw unreadable(`the data of entry ${missing} are missing`);
  }

  #next(): void {
    const number = this.#number(this.#part === 'block' ? TYPE_BYTES : 0);
    this.#held = 0;
    switch (this.#part) {
      case 'block':
        this.#begin(this.#head[0] ?? 0, number);
        return;
      case 'object':
        this.#part = number === 0 ? 'block' : 'length';
        return;
      case 'length':
        if (number < 0) throw unreadable('it contains a chunk of data of an impossible length');
        this.#left = number;
        if (number === 0) this.#part = this.#hasObjects ? 'object' : 'block';
    }
  }

  #begin(type: number, dumpId: number): void {
    if ((type !== ROWS && type !== LARGE_OBJECTS) || !this.#expected.delete(dumpId)) {
      throw unreadable('it contains data that its table of contents does not name');
    }
    this.#hasObjects = type === LARGE_OBJECTS;
    this.#part = this.#hasObjects ? 'object' : 'length';
  }

  #number(at: number): number {
    const value = this.#head.readUInt32LE(at + 1);
    return this.#head[at] === 0 ? value : -value;
  }
}
