import { createHash } from 'node:crypto';

/** The large objects of an archive. */
export interface LargeObjects {
  readonly count: number;
  /** The length of their contents. */
  readonly bytes: number;
  /** 64 hex digits: the SHA-256 of each one's number and contents, combined by XOR, so their order does not matter. */
  readonly sha256: string;
}

/** Collects the large objects of a script. Its memory does not depend on their number. */
export class LargeObjectCollector {
  readonly #combined = Buffer.alloc(32);
  #current = createHash('sha256');
  #isOpen = false;
  #count = 0;
  #hexDigits = 0;

  /** Starts the object `id`. */
  open(id: string): void {
    this.#close();
    this.#isOpen = true;
    this.#count += 1;
    this.#current = createHash('sha256').update(`${id}\n`);
  }

  /** Adds to its contents, in hex digits. */
  write(hex: Buffer): void {
    this.#current.update(hex);
    this.#hexDigits += hex.length;
  }

  /** Call once, at the end. */
  finish(): LargeObjects {
    this.#close();
    return { count: this.#count, bytes: this.#hexDigits / 2, sha256: this.#combined.toString('hex') };
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const digest = this.#current.digest();
    for (const [at, byte] of digest.entries()) this.#combined[at] = (this.#combined[at] ?? 0) ^ byte;
  }
}
