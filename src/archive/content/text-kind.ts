import { isAscii, isUtf8 } from 'node:buffer';

/** What the bytes of a text can be: in every encoding of a server, in UTF-8, or in some other. */
export type TextKind = 'ascii' | 'utf8' | 'other';

const KINDS: readonly TextKind[] = ['ascii', 'utf8', 'other'];

/** What texts are together. */
export function commonKind(kinds: Iterable<TextKind>): TextKind {
  return KINDS[Math.max(0, ...Array.from(kinds, (kind) => KINDS.indexOf(kind)))] ?? 'other';
}

/** Reads a text, chunk by chunk. It costs next to nothing beside a SHA-256. */
export class TextKindReader {
  #kind: TextKind = 'ascii';
  /** The first bytes of a character that goes on in the next chunk. */
  #begun = Buffer.alloc(0);

  add(chunk: Buffer): void {
    if (this.#kind === 'other' || (this.#begun.length === 0 && isAscii(chunk))) return;
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const end = bytes.length - begunAtEnd(bytes);
    this.#kind = isUtf8(bytes.subarray(0, end)) ? 'utf8' : 'other';
    this.#begun = Buffer.from(bytes.subarray(end));
  }

  /** After the last chunk. */
  finish(): TextKind {
    return this.#begun.length > 0 ? 'other' : this.#kind;
  }
}

/** How many bytes at the end are the beginning of a UTF-8 character that is longer. */
function begunAtEnd(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length += 1) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const whole = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return whole > length ? length : 0;
  }
  return 0;
}
