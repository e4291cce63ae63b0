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
 * has its block, where the archive says, no block is of an unknown entry, and the archive ends where the last one does.
 * (`_StartData`, `_CustomWriteFunc`, `_EndData`, `_StartLO` and `_EndLOs` in pg_backup_custom.c write them.)
 */
export class DataBlocks {
  /** The entries whose blocks have not come yet, and where in the archive they begin if it says so. */
  readonly #expected: Map<number, number | undefined>;
  readonly #head = Buffer.alloc(TYPE_BYTES + NUMBER_BYTES);
  #held = 0;
  #part: Part = 'block';
  /** How many bytes of the current chunk are still to come. */
  #left = 0;
  #hasObjects = false;
  /** Where in the archive the next bytes begin. */
  #position: number;

  /** @param position where in the archive its data begin. */
  constructor(entries: readonly TocEntry[], position: number) {
    const withData = entries.filter(({ hasData }) => hasData);
    this.#expected = new Map(withData.map((entry) => [entry.dumpId, entry.position]));
    this.#position = position;
  }

  /** The next bytes of the archive. @throws UserError when they do not belong to one. */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(this.#left, bytes.length - at);
      this.#left -= taken;
      this.#position += taken;
      at += taken;
      if (at === bytes.length) return;
      this.#head[this.#held] = bytes[at] ?? 0;
      this.#held += 1;
      this.#position += 1;
      at += 1;
      if (this.#held === (this.#part === 'block' ? TYPE_BYTES + NUMBER_BYTES : NUMBER_BYTES)) this.#next();
    }
  }

  /** Call once, after the last byte. @throws UserError when there should be more. */
  end(): void {
    if (this.#part !== 'block' || this.#held > 0) throw unreadable('it ends within its data');
    const [missing] = this.#expected.keys();
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
    const stated = this.#expected.get(dumpId);
    if ((type !== ROWS && type !== LARGE_OBJECTS) || !this.#expected.delete(dumpId)) {
      throw unreadable('it contains data that its table of contents does not name');
    }
    if (stated !== undefined && stated !== this.#position - this.#head.length) {
      throw unreadable(`the data of entry ${dumpId} are not where its table of contents says`);
    }
    this.#hasObjects = type === LARGE_OBJECTS;
    this.#part = this.#hasObjects ? 'object' : 'length';
  }

  #number(at: number): number {
    const value = this.#head.readUInt32LE(at + 1);
    return this.#head[at] === 0 ? value : -value;
  }
}
