import { identifiers } from '../names.ts';
import { ScriptError, type CopyTarget } from './script-statement.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;

/** Compares the first row of a COPY block with the columns that its statement names: whether the rows are of another table. */
export class FirstRow {
  readonly #target: CopyTarget;
  #tabs = 0;
  #isWhole = false;

  constructor(target: CopyTarget) {
    this.#target = target;
  }

  /** The next bytes of the block. */
  add(bytes: Buffer): void {
    if (this.#isWhole) return;
    const end = bytes.indexOf(LINE_FEED);
    this.#isWhole = end !== -1;
    const row = this.#isWhole ? bytes.subarray(0, end) : bytes;
    for (let at = row.indexOf(TAB); at !== -1; at = row.indexOf(TAB, at + 1)) this.#tabs += 1;
  }

  /** @throws ScriptError when the block has rows, and the first one has more or fewer columns. */
  require(rows: number): void {
    const { columns, name } = this.#target;
    // Between the columns; a row without columns is an empty line.
    const tabs = Math.max(0, identifiers(columns).length - 1);
    if (rows > 0 && tabs !== this.#tabs)
      throw new ScriptError(`its rows of ${name} have other columns than the table`);
  }
}
