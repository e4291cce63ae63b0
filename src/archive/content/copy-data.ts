import { createHash } from 'node:crypto';
import { countLineFeeds } from './line-feeds.ts';
import { type TextKind, TextKindReader } from './text-kind.ts';

/** The line after the last row. */
const TERMINATOR = Buffer.from('\\.\n');
const END_OF_ROWS = Buffer.concat([Buffer.from('\n'), TERMINATOR]);

const [LINE_FEED, BACKSLASH, DOT] = END_OF_ROWS;

/** The rows of one COPY block: how many, how long, and their SHA-256, terminator not included. */
export interface CopiedRows {
  readonly rows: number;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
  readonly text: TextKind;
}

/** Reads the rows of one COPY block. */
export interface RowsReader {
  /** Reads from index `from` on. @returns the index after the terminator, or -1 when the rows continue after this chunk. */
  read(chunk: Buffer, from: number): number;
  /** Call once, after `read` has found the terminator. */
  finish(): CopiedRows;
}

/**
 * Reads the lines after `COPY … FROM stdin;`, up to the line that is exactly `\.`.
 *
 * A row is a line: the text format of COPY writes a line feed inside a value as `\n`, and a backslash as two
 * (PostgreSQL manual, COPY, "Text Format"). No row is kept in memory.
 */
export class CopyDataReader implements RowsReader {
  readonly #hash = createHash('sha256');
  /** How much of the terminator has been seen since the line began, or -1 inside a row. */
  #matched = 0;
  #rows = 0;
  #bytes = 0;
  readonly #text = new TextKindReader();

  read(chunk: Buffer, from: number): number {
    let at = from;
    while (this.#matched >= 0 && at < chunk.length) {
      if (chunk[at] === TERMINATOR[this.#matched]) {
        at += 1;
        this.#matched += 1;
        if (this.#matched === TERMINATOR.length) return at;
      } else {
        this.#take(TERMINATOR, 0, this.#matched);
        this.#matched = -1;
      }
    }
    if (at === chunk.length) return -1;

    const end = chunk.indexOf(END_OF_ROWS, at);
    if (end !== -1) {
      this.#take(chunk, at, end + 1);
      return end + END_OF_ROWS.length;
    }
    this.#matched = terminatorBegunAtEnd(chunk, at);
    this.#take(chunk, at, chunk.length - Math.max(this.#matched, 0));
    return -1;
  }

  finish(): CopiedRows {
    return {
      rows: this.#rows,
      bytes: this.#bytes,
      sha256: this.#hash.digest('hex'),
      text: this.#text.finish(),
    };
  }

  #take(bytes: Buffer, from: number, to: number): void {
    if (from === to) return;
    this.#rows += countLineFeeds(bytes, from, to);
    this.#bytes += to - from;
    const taken = bytes.subarray(from, to);
    this.#hash.update(taken);
    this.#text.add(taken);
  }
}

/** How many bytes at the end of `chunk` may be the terminator's first ones, or -1 when its last line is a row. */
function terminatorBegunAtEnd(chunk: Buffer, from: number): number {
  const rest = chunk.subarray(Math.max(from, chunk.length - TERMINATOR.length));
  if (rest.at(-1) === LINE_FEED) return 0;
  if (rest.at(-2) === LINE_FEED && rest.at(-1) === BACKSLASH) return 1;
  if (rest.at(-3) === LINE_FEED && rest.at(-2) === BACKSLASH && rest.at(-1) === DOT) return 2;
  return -1;
}
