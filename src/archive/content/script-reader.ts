import { type CopiedRows, CopyDataReader, type RowsReader } from './copy-data.ts';
import { FirstRow } from './first-row.ts';
import { ScriptError, type CopyTarget, type ScriptStatement, readStatement } from './script-statement.ts';

/** Receives the contents of a script, in its order. */
export interface ScriptListener {
  /** A table's rows, all of one COPY block; a partitioned table may have several blocks. */
  onRows(target: CopyTarget, rows: CopiedRows): void;
  /** Every other statement. */
  onStatement(statement: Exclude<ScriptStatement, { kind: 'copy' }>): void;
  /** The reader for the rows of this table, if it is not the usual one. */
  rowsReader?(target: CopyTarget): RowsReader | undefined;
}

/** The progress of reading. */
export interface ScriptProgress {
  /** Bytes of the script, that is, of the uncompressed archive. */
  readonly bytes: number;
  /** The table whose rows are being read, as `pg_dump` writes its name. */
  readonly table?: string;
}

/** More than a COPY statement with 1,600 columns of the longest names takes. */
const STATEMENT_LIMIT = 1024 * 1024;
const CLOSING_COMMENT = '-- PostgreSQL database dump complete';
const META_COMMAND = /^\\(?:un)?restrict \w+$/;

const LINE_FEED = 0x0a;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;

/**
 * Reads the script of the data of an archive, chunk by chunk, in constant memory: what `pg_restore --section=data` and
 * `pg_dump --section=data` write without owners, privileges, comments and security labels. Each statement is a line
 * there; a name in quotes may contain line feeds.
 */
export class ScriptReader {
  readonly #listener: ScriptListener;
  #standardStrings = true;
  #complete = false;
  #hasContents = false;
  #commits = 0;
  #bytes = 0;
  /** The statement so far, and its length. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** The open quote in it; 0 for none. */
  #quote = 0;
  #target: CopyTarget | undefined;
  #data: RowsReader = new CopyDataReader();
  #firstRow: FirstRow | undefined;

  constructor(listener: ScriptListener) {
    this.#listener = listener;
  }

  get progress(): ScriptProgress {
    const target = this.#target;
    return {
      bytes: this.#bytes,
      ...(target === undefined ? {} : { table: target.name }),
    };
  }

  /** How many transactions the script has committed so far. */
  get commits(): number {
    return this.#commits;
  }

  /** Reads the next bytes. @throws ScriptError when they cannot be part of the script of a complete archive's data. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#target === undefined ? this.#line(chunk, at) : this.#copyData(chunk, at);
    this.#bytes += chunk.length;
  }

  /** Call once, after the last byte. @throws ScriptError when the script is not complete. */
  end(): void {
    if (this.#bytes === 0) throw new ScriptError('its script is empty');
    if (this.#target !== undefined)
      throw new ScriptError(`its script ends inside the rows of ${this.#target.name}`);
    if (this.#held > 0) throw new ScriptError('its script ends inside a line');
    if (!this.#complete)
      throw new ScriptError('its script ends without the closing comment of a complete dump');
  }

  #line(chunk: Buffer, from: number): number {
    const first = this.#pieces[0]?.[0] ?? chunk[from];
    const end =
      first === DASH || first === BACKSLASH
        ? chunk.indexOf(LINE_FEED, from)
        : this.#endOfStatement(chunk, from);
    const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
    this.#held += piece.length;
    if (this.#held > STATEMENT_LIMIT) throw new ScriptError('its script has a statement of more than 1 MiB');
    if (piece.length > 0) this.#pieces.push(piece);
    if (end === -1) return chunk.length;
    const [only] = this.#pieces;
    const line = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    if (line.length > 0) this.#endLine(line);
    return end + 1;
  }

  /** The index of the line feed that ends the statement, or -1 when it continues after this chunk. A doubled quote ends one and begins the next. */
  #endOfStatement(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      if (this.#quote !== 0) {
        at = chunk.indexOf(this.#quote, at);
        if (at === -1) return -1;
        this.#quote = 0;
      } else {
        const byte = chunk[at];
        if (byte === LINE_FEED) return at;
        if (byte === QUOTE || byte === DOUBLE_QUOTE) this.#quote = byte;
      }
    }
    return -1;
  }

  #endLine(line: Buffer): void {
    if (line.includes(0)) throw new ScriptError('its script has a zero byte in a statement');
    if (line[0] === DASH && line[1] === DASH) {
      if (line.equals(Buffer.from(CLOSING_COMMENT))) this.#complete = true;
    } else if (line[0] === BACKSLASH) {
      if (!META_COMMAND.test(line.toString('latin1')))
        throw new ScriptError('its script has a command of psql');
    } else if (this.#complete) throw new ScriptError('its script continues after the closing comment');
    else this.#statement(readStatement(line, this.#standardStrings));
  }

  #statement(statement: ScriptStatement): void {
    if (statement.kind === 'session') {
      // A row that ends the rows could make all that follows be read in another way.
      if (statement.isSetting === true && this.#hasContents)
        throw new ScriptError('its script changes a setting after its first rows');
      if (statement.isCommit === true) this.#commits += 1;
      this.#standardStrings = statement.standardStrings ?? this.#standardStrings;
    } else this.#hasContents = true;
    if (statement.kind === 'copy') {
      this.#target = statement.target;
      this.#firstRow = new FirstRow(statement.target);
      this.#data = this.#listener.rowsReader?.(statement.target) ?? new CopyDataReader();
      return;
    }
    this.#listener.onStatement(statement);
  }

  #copyData(chunk: Buffer, from: number): number {
    const end = this.#data.read(chunk, from);
    this.#firstRow?.add(chunk.subarray(from));
    if (end === -1) return chunk.length;
    const rows = this.#data.finish();
    this.#firstRow?.require(rows.rows);
    if (this.#target !== undefined) this.#listener.onRows(this.#target, rows);
    this.#target = undefined;
    return end;
  }
}
