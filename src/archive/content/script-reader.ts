import { type CopiedRows, CopyDataReader, type RowsReader } from './copy-data.ts';
import { ScriptError, type CopyTarget, type ScriptStatement, readStatement } from './script-statement.ts';
import { StatementScanner } from './sql-lexer.ts';

/** Told what a script holds, in its order. */
export interface ScriptListener {
  /** A table's rows, all of one COPY block; a partitioned table may have several blocks. */
  onRows(target: CopyTarget, rows: CopiedRows): void;
  /** Every other statement, but for those about the schema. */
  onStatement(statement: Exclude<ScriptStatement, { kind: 'copy' | 'schema' }>): void;
  /** A piece of a statement about the schema, `;` included; `last` ends the statement. A long one comes in pieces. */
  onSchema(piece: Buffer, last: boolean): void;
  /** What reads the rows of this table, where that is not the usual. */
  rowsReader?(target: CopyTarget): RowsReader | undefined;
}

/** How far the reading has come. */
export interface ScriptProgress {
  /** Bytes of the script, that is, of the uncompressed archive. */
  readonly bytes: number;
  readonly rows: number;
  /** The table whose rows are being read, as `pg_dump` writes its name. */
  readonly table?: string;
}

/** Only what creates something can be longer than this: up to here a statement is held to see what it does. */
const STATEMENT_LIMIT = 1024 * 1024;
const CLOSING_COMMENT = '-- PostgreSQL database dump complete';

const LINE_FEED = 0x0a;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const SPACES = new Set(Buffer.from(' \t\n\r\f\v'));

type State = 'between' | 'dash' | 'comment' | 'meta-command' | 'statement' | 'end of COPY line' | 'rows';

/** Reads the script that `pg_restore --file=-` writes, chunk by chunk, in constant memory. */
export class ScriptReader {
  readonly #listener: ScriptListener;
  readonly #scanner = new StatementScanner();
  #state: State = 'between';
  #complete = false;
  #bytes = 0;
  #rows = 0;
  /** The beginning of the comment line that is being read. */
  #comment = '';
  /** The statement so far, or what of it has not been passed on. */
  #pieces: Buffer[] = [];
  #held = 0;
  #isLong = false;
  #target: CopyTarget | undefined;
  #data: RowsReader = new CopyDataReader();

  constructor(listener: ScriptListener) {
    this.#listener = listener;
  }

  get progress(): ScriptProgress {
    const target = this.#target;
    return {
      bytes: this.#bytes,
      rows: this.#rows + (target === undefined ? 0 : this.#data.rows),
      ...(target === undefined ? {} : { table: target.name }),
    };
  }

  /** Reads the next bytes. @throws ScriptError when they cannot belong to the script of a whole archive. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#step(chunk, at);
    this.#bytes += chunk.length;
  }

  /** Call once, after the last byte. @throws ScriptError when the script is not whole. */
  end(): void {
    if (this.#bytes === 0) throw new ScriptError('its script is empty');
    if (this.#target !== undefined)
      throw new ScriptError(`its script ends inside the rows of ${this.#target.name}`);
    if (this.#state === 'statement') throw new ScriptError('its script ends inside a statement');
    if (!this.#complete)
      throw new ScriptError('its script ends without the closing comment of a complete dump');
  }

  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'between':
        return this.#between(chunk, at);
      case 'dash':
        if (chunk[at] !== DASH) throw new ScriptError('its script has a "-" where a statement should begin');
        this.#comment = '--';
        this.#state = 'comment';
        return at + 1;
      case 'comment':
        return this.#commentLine(chunk, at);
      case 'meta-command':
        return this.#endOfLine(chunk, at);
      case 'statement':
        return this.#statement(chunk, at);
      case 'end of COPY line':
        if (chunk[at] !== LINE_FEED) throw new ScriptError('its script has text after COPY … FROM stdin;');
        this.#state = 'rows';
        return at + 1;
      case 'rows':
        return this.#copyData(chunk, at);
    }
  }

  #between(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && SPACES.has(chunk[at] ?? 0)) at += 1;
    if (at === chunk.length) return at;
    const byte = chunk[at];
    if (byte === DASH) this.#state = 'dash';
    else if (byte === BACKSLASH) this.#state = 'meta-command';
    else if (byte !== SEMICOLON) {
      if (this.#complete) throw new ScriptError('its script goes on after the closing comment');
      this.#state = 'statement';
      return at;
    }
    return at + 1;
  }

  #commentLine(chunk: Buffer, from: number): number {
    const next = this.#endOfLine(chunk, from);
    // One character more than the closing comment has, so that a longer comment does not pass for it.
    const missing = CLOSING_COMMENT.length + 1 - this.#comment.length;
    const end = this.#state === 'between' ? next - 1 : next;
    this.#comment += chunk.toString('latin1', from, Math.min(end, from + missing));
    if (this.#state === 'between' && this.#comment === CLOSING_COMMENT) this.#complete = true;
    return next;
  }

  #endOfLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LINE_FEED, from);
    if (end === -1) return chunk.length;
    this.#state = 'between';
    return end + 1;
  }

  #statement(chunk: Buffer, from: number): number {
    const end = this.#scanner.scan(chunk, from);
    const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
    if (piece.includes(0)) throw new ScriptError('its script has a zero byte in a statement');
    this.#pieces.push(piece);
    this.#held += piece.length;
    this.#isLong ||= this.#held > STATEMENT_LIMIT;
    if (end !== -1) {
      this.#state = 'between';
      this.#endStatement(this.#take());
      return end;
    }
    if (this.#isLong) this.#listener.onSchema(this.#take(), false);
    return chunk.length;
  }

  #take(): Buffer {
    const [only] = this.#pieces;
    const all = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    return all;
  }

  #endStatement(sql: Buffer): void {
    if (this.#isLong) {
      this.#isLong = false;
      this.#listener.onSchema(sql, true);
      return;
    }
    const statement = readStatement(sql, this.#scanner.standardStrings);
    if (statement.kind === 'schema') this.#listener.onSchema(sql, true);
    else if (statement.kind === 'copy') {
      this.#target = statement.target;
      this.#data = this.#listener.rowsReader?.(statement.target) ?? new CopyDataReader();
      this.#state = 'end of COPY line';
    } else {
      if (statement.kind === 'session' && statement.standardStrings !== undefined) {
        this.#scanner.standardStrings = statement.standardStrings;
      }
      this.#listener.onStatement(statement);
    }
  }

  #copyData(chunk: Buffer, from: number): number {
    const end = this.#data.read(chunk, from);
    if (end === -1) return chunk.length;
    const rows = this.#data.finish();
    this.#rows += rows.rows;
    if (this.#target !== undefined) this.#listener.onRows(this.#target, rows);
    this.#target = undefined;
    this.#state = 'between';
    return end;
  }
}
