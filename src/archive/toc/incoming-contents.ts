import { unreadable } from '../unreadable.ts';
import { type TableOfContents, readContents } from './table-of-contents.ts';
import { TocStart } from './toc-bytes.ts';

/** Follows an archive that comes in pieces up to the end of its table of contents. */
export class IncomingContents {
  readonly #start = new TocStart();
  #added = 0;
  readonly #reading = readContents(this.#start);
  #contents: TableOfContents | undefined;

  /**
   * More of the archive, while its table of contents has not ended.
   *
   * @returns the table of contents when it has.
   * @throws UserError when it is none.
   */
  add(bytes: Buffer): TableOfContents | undefined {
    this.#start.add(bytes);
    this.#added += bytes.length;
    return this.#read();
  }

  /** There is nothing more to add. @throws UserError when the archive ends too soon. */
  end(): TableOfContents {
    this.#start.end();
    const contents = this.#contents ?? this.#read();
    if (!contents) throw unreadable('it ends within its table of contents');
    return contents;
  }

  /** What was added and is not of the table of contents, and where in the archive it begins. */
  rest(): { readonly bytes: Buffer; readonly position: number } {
    const bytes = this.#start.rest();
    return { bytes, position: this.#added - bytes.length };
  }

  #read(): TableOfContents | undefined {
    const read = this.#reading.next();
    if (read.done === true) this.#contents = read.value;
    return this.#contents;
  }
}
