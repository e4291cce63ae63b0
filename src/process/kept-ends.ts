const LINE_FEED = 0x0a;
/** What says that the lines before it may contain values of rows: the line of a function or of a COPY, or the code of an error that a function raised. */
const CONTEXT = /PL\/|, line \d|: {2}P000[14]: /;
/** Longer than what `CONTEXT` looks for, where it lies on both sides of a cut. */
const OVERLAP = 256;

/**
 * The beginning and the end of a long text: the tools of PostgreSQL say first what failed, and then print the statement, which
 * may be longer than anything. What is left out between them is whole lines.
 *
 * Where something in between says that values of rows may stand before it, only the end is kept: nobody could tell any more.
 */
export class KeptEnds {
  readonly #limit: number;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailSize = 0;
  #isCut = false;
  #mayHideValues = false;
  #before = '';

  /** @param limit of each end, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    const free = this.#limit - this.#head.length;
    if (free > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, free)]);
    if (chunk.length <= free) return;
    const rest = chunk.subarray(Math.max(0, free));
    this.#tail.push(rest);
    this.#tailSize += rest.length;
    if (this.#tailSize > 2 * this.#limit) this.#shorten();
  }

  text(): string {
    if (this.#tailSize > this.#limit) this.#shorten();
    const tail = Buffer.concat(this.#tail);
    if (!this.#isCut) return Buffer.concat([this.#head, tail]).toString('utf8');
    const end = tail.subarray(tail.indexOf(LINE_FEED) + 1);
    if (this.#mayHideValues) return end.toString('utf8');
    return Buffer.concat([this.#head.subarray(0, this.#head.lastIndexOf(LINE_FEED) + 1), end]).toString(
      'utf8',
    );
  }

  #shorten(): void {
    const all = Buffer.concat(this.#tail);
    const dropped = this.#before + all.toString('latin1', 0, all.length - this.#limit);
    this.#mayHideValues ||= CONTEXT.test(dropped);
    this.#before = dropped.slice(-OVERLAP);
    this.#isCut = true;
    this.#tail = [all.subarray(-this.#limit)];
    this.#tailSize = this.#limit;
  }
}
