import { Transform, type TransformCallback } from 'node:stream';
import { UserError } from '../../errors.ts';
import { literal, quotedIdentifier } from '../../postgres/sql-text.ts';

const LINE_FEED = 0x0a;
const COMMIT = 'COMMIT;\n';
/** Longer than any preamble: what comes later belongs to the archive. */
const HEAD_BYTES = 64 * 1024;
/** Longer than what `pg_restore` writes after the last entry: `COMMIT;`, the closing comment and `\unrestrict`. */
const TAIL_BYTES = 4 * 1024;

/** What `pg_restore` writes before the first entry (`RestoreArchive` and `_doSetFixedOutputState` in pg_backup_archiver.c). */
const PREAMBLE_LINE =
  /^(?:|--.*|\\restrict \w+|BEGIN;|SET \w+ = [^;]*;|SET ROLE (?:\w+|"[^"]+");|SELECT pg_catalog\.set_config\('search_path', '[^;]*', false\);)$/;

/** Switches the commands of psql off. Every version of `pg_restore` whose script psql is given writes it. */
const RESTRICT = /^\\restrict \w+$/;

/** What `pg_restore` prints for the entry SEARCHPATH of an archive. */
const EMPTY_PATH = /^SELECT pg_catalog\.set_config\('search_path', '', false\);$/;

/** In which our own statements are read; `pg_restore`'s preamble, which follows the first of them, sets what the archive needs. */
const OWN_SESSION = [
  "SET client_encoding = 'UTF8';",
  'SET standard_conforming_strings = on;',
  "SELECT pg_catalog.set_config('search_path', '', false);",
];

/** Has names without a schema found in these. */
function setPath(schemas: readonly string[]): string {
  const path = literal(schemas.map(quotedIdentifier).join(', '));
  return `SELECT pg_catalog.set_config('search_path', ${path}, false);`;
}

/**
 * The script of `pg_restore --single-transaction` on its way to psql, without a setting of its preamble that the server
 * does not know, and with statements of our own at the beginning and at the end of the transaction.
 *
 * Its last lines are withheld until `end()`, because `COMMIT;` stands in them: a script that stops early is never
 * committed, whatever psql does with its end, nor one whose `pg_restore` fails after it. Destroy it then.
 */
export class RestoreScript extends Transform {
  readonly #omitted: string | undefined;
  readonly #searchPath: readonly string[];
  readonly #path: readonly string[];
  #first: readonly string[];
  /** The script so far, until its preamble has been seen; undefined from then on. */
  #head: Buffer | undefined = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  readonly #last: readonly string[];
  /** Whether the transaction has begun in a part before this one. */
  #isContinued = false;

  /**
   * @param changes.omittedSetting the setting of the session that the server does not know; undefined when it knows all.
   * @param changes.searchPath the schemas in which the archive's statements find what has no schema; empty for none, as they expect it.
   * @param changes.firstStatements SQL that runs before anything else in the transaction; may be empty.
   * @param changes.lastStatements SQL that runs after everything else in the transaction, one statement each.
   */
  constructor(changes: {
    readonly omittedSetting: string | undefined;
    readonly searchPath: readonly string[];
    readonly firstStatements: string;
    readonly lastStatements: readonly string[];
  }) {
    super();
    const { omittedSetting, searchPath, firstStatements, lastStatements } = changes;
    this.#searchPath = searchPath;
    this.#last = lastStatements;
    this.#omitted = omittedSetting === undefined ? undefined : `SET ${omittedSetting} = 0;`;
    // The bytes of UTF-8, as the rest of the preamble is read.
    const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    const own = firstStatements === '' ? [] : [firstStatements];
    this.#path = searchPath.length === 0 ? [] : [utf8(setPath(searchPath))];
    const first = [...own.map(utf8), ...this.#path];
    this.#first = first.length === 0 ? [] : [...OWN_SESSION, ...first];
  }

  /**
   * Goes on with the script of another `pg_restore`, in the same transaction. What the one before has written must be
   * written to this by then.
   *
   * @param statements SQL that runs between them, one statement each.
   * @throws UserError when the script so far is not whole.
   */
  async nextPart(statements: readonly string[]): Promise<void> {
    // An empty write comes after all others.
    await new Promise<void>((resolve, reject) => {
      this.write('', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    const problem = this.#head === undefined ? undefined : this.#endHead(this.#head.length);
    const commit = this.#commitAt();
    if (problem ?? commit === -1) throw problem ?? unexpected('end with COMMIT');
    this.push(this.#tail.subarray(0, commit));
    this.push(Buffer.from(ownScript(statements, this.#searchPath), 'utf8'));
    this.push(this.#tail.subarray(commit + COMMIT.length));
    this.#head = Buffer.alloc(0);
    this.#tail = Buffer.alloc(0);
    this.#first = this.#path;
    this.#isContinued = true;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#head === undefined) {
      this.#pass(chunk);
      done();
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = preambleEnd(this.#head);
    if (end === undefined && this.#head.length < HEAD_BYTES) {
      done();
      return;
    }
    done(this.#endHead(end ?? this.#head.length));
  }

  override _flush(done: TransformCallback): void {
    const problem = this.#head === undefined ? undefined : this.#endHead(this.#head.length);
    if (problem) done(problem);
    else {
      const commit = this.#commitAt();
      if (commit === -1) done(unexpected('end with COMMIT'));
      else done(null, this.#withLast(commit));
    }
  }

  #commitAt(): number {
    return `\n${this.#tail.toString('latin1')}`.lastIndexOf(`\n${COMMIT}`);
  }

  /** The end of the script, with our last statements before its COMMIT. */
  #withLast(commit: number): Buffer {
    if (this.#last.length === 0) return this.#tail;
    const last = Buffer.from(ownScript(this.#last, this.#searchPath), 'utf8');
    return Buffer.concat([this.#tail.subarray(0, commit), last, this.#tail.subarray(commit)]);
  }

  #endHead(end: number): Error | undefined {
    const script = this.#head ?? Buffer.alloc(0);
    this.#head = undefined;
    const lines = script.toString('latin1', 0, end).split('\n');
    const begin = lines.indexOf('BEGIN;');
    if (begin === -1) return unexpected('begin with BEGIN');
    if (!lines.slice(0, begin).some((line) => RESTRICT.test(line)))
      return unexpected('begin with \\restrict');
    const pathIsSet = this.#searchPath.length > 0;
    if (pathIsSet && !lines.some((line) => EMPTY_PATH.test(line))) return unexpected('set the search path');
    const settings = lines
      .slice(begin + 1)
      .filter((line) => line !== this.#omitted && !(pathIsSet && EMPTY_PATH.test(line)));
    const opening = lines.slice(0, this.#isContinued ? begin : begin + 1);
    const kept = [...opening, ...this.#first, ...settings];
    this.#pass(Buffer.concat([Buffer.from(kept.join('\n'), 'latin1'), script.subarray(end)]));
    return undefined;
  }

  #pass(bytes: Buffer): void {
    if (bytes.length >= TAIL_BYTES) {
      if (this.#tail.length > 0) this.push(this.#tail);
      this.push(bytes.subarray(0, bytes.length - TAIL_BYTES));
      this.#tail = bytes.subarray(bytes.length - TAIL_BYTES);
      return;
    }
    const held = Buffer.concat([this.#tail, bytes]);
    const over = Math.max(0, held.length - TAIL_BYTES);
    if (over > 0) this.push(held.subarray(0, over));
    this.#tail = held.subarray(over);
  }
}

/**
 * Statements of our own, and the settings that they are read under.
 *
 * @param searchPath for materialized views, which call functions.
 */
export function ownScript(statements: readonly string[], searchPath: readonly string[] = []): string {
  const path = searchPath.length === 0 ? [] : [setPath(searchPath)];
  return [...OWN_SESSION, ...path, ...statements.map((statement) => `${statement};`), ''].join('\n');
}

function unexpected(what: string): UserError {
  return new UserError(
    'restore-failed',
    `The script of pg_restore does not ${what}. Nothing was changed.`,
    'Use another postgres-version, and report this error.',
    { silent: 'same' },
  );
}

/** Where the first line begins that is not of the preamble; undefined when none is there yet. */
function preambleEnd(script: Buffer): number | undefined {
  for (let at = 0; ;) {
    const end = script.indexOf(LINE_FEED, at);
    if (end === -1) return undefined;
    if (!PREAMBLE_LINE.test(script.toString('latin1', at, end))) return at;
    at = end + 1;
  }
}
