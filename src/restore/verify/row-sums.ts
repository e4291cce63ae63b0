import { createHash } from 'node:crypto';
import { CopyDataReader, type CopiedRows, type RowsReader } from '../../archive/content/copy-data.ts';
import type { ScriptListener } from '../../archive/content/script-reader.ts';
import type { CopyTarget } from '../../archive/content/script-statement.ts';
import { identifiers, nameKey } from '../../archive/names.ts';

const LINE_FEED = 0x0a;
const TAB = 0x09;
const SUM_BYTES = 32;

/** The rows of a table, whatever their order and that of its columns. */
export interface RowSum {
  readonly rows: number;
  /** 64 hex digits: the sum of the SHA-256 of each row, its values in the order of the columns' names. */
  readonly sum: string;
}

/**
 * Sums up the rows of some tables of a script, so that the same rows give the same sum in any order. It costs several
 * times as much as the manifest's digest, and keeps one row in memory.
 */
export class RowSums implements ScriptListener {
  readonly #wanted: ReadonlySet<string>;
  readonly #sums = new Map<string, { rows: number; sum: Uint8Array }>();

  constructor(tables: readonly CopyTarget[]) {
    this.#wanted = new Set(tables.map(tableKey));
  }

  /** The sum of the rows of a table in the script; undefined when the script does not name it. */
  of(table: CopyTarget): RowSum | undefined {
    const found = this.#sums.get(tableKey(table));
    return found && { rows: found.rows, sum: Buffer.from(found.sum).toString('hex') };
  }

  rowsReader(target: CopyTarget): RowsReader | undefined {
    const key = tableKey(target);
    if (!this.#wanted.has(key)) return undefined;
    const total = this.#sums.get(key) ?? { rows: 0, sum: new Uint8Array(SUM_BYTES) };
    this.#sums.set(key, total);
    return new SummingReader(byName(identifiers(target.columns)), (row) => {
      total.rows += 1;
      add(total.sum, row);
    });
  }

  onRows(): void {
    // The reader has summed them up.
  }

  onStatement(): void {
    // Only rows matter here.
  }
}

/** Reads a COPY block as usual, and passes on the digest of each of its rows. */
class SummingReader implements RowsReader {
  readonly #reader = new CopyDataReader();
  /** The position in a row of the first, second, … column by name. */
  readonly #order: readonly number[];
  readonly #onRow: (digest: Buffer) => void;
  /** The beginning of a row that goes on in the next chunk. */
  #begun: Buffer[] = [];

  constructor(order: readonly number[], onRow: (digest: Buffer) => void) {
    this.#order = order;
    this.#onRow = onRow;
  }

  read(chunk: Buffer, from: number): number {
    const end = this.#reader.read(chunk, from);
    this.#split(chunk.subarray(from, end === -1 ? chunk.length : end));
    return end;
  }

  finish(): CopiedRows {
    return this.#reader.finish();
  }

  #split(bytes: Buffer): void {
    let at = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, at)) {
      const line = bytes.subarray(at, end);
      this.#row(this.#begun.length === 0 ? line : Buffer.concat([...this.#begun, line]));
      this.#begun = [];
      at = end + 1;
    }
    if (at < bytes.length) this.#begun.push(bytes.subarray(at));
  }

  #row(row: Buffer): void {
    // The terminator is the one line that no row can be.
    if (row.equals(TERMINATOR)) return;
    const values = split(row, TAB);
    const hash = createHash('sha256');
    for (const column of this.#order) hash.update(values[column] ?? '').update('\t');
    this.#onRow(hash.digest());
  }
}

const TERMINATOR = Buffer.from('\\.');

function split(row: Buffer, separator: number): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (let end = row.indexOf(separator); end !== -1; end = row.indexOf(separator, at)) {
    parts.push(row.subarray(at, end));
    at = end + 1;
  }
  parts.push(row.subarray(at));
  return parts;
}

function byName(columns: readonly string[]): number[] {
  return columns
    .map((name, index) => ({ name, index }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ index }) => index);
}

/** Adds two numbers of 256 bits, least byte first, and forgets what is carried over the end. */
function add(sum: Uint8Array, more: Uint8Array): void {
  let carry = 0;
  for (let index = 0; index < SUM_BYTES; index += 1) {
    const value = (sum[index] ?? 0) + (more[index] ?? 0) + carry;
    sum[index] = value & 0xff;
    carry = value >> 8;
  }
}

function tableKey({ schema, table }: CopyTarget): string {
  return nameKey(schema, table);
}
