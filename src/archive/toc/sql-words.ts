/** A word as it is written, an identifier without its double quotes, or a symbol. Strings and comments are left out. */
export interface SqlWord {
  readonly kind: 'word' | 'quoted' | 'symbol';
  readonly text: string;
  /** The index of its start, and the index after its end. */
  readonly at: number;
  readonly end: number;
}

/** The name of something in a schema; the schema is empty when the statement names none. */
export interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

const IDENTIFIER = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const SPACE = /\s+/y;
const LINE = /[^\n\r]*/y;

/** A word, or what stands between words. */
export interface SqlLexeme {
  readonly kind: SqlWord['kind'] | 'string' | 'comment';
  /** Empty for strings and comments. */
  readonly text: string;
  readonly at: number;
  readonly end: number;
  /** Whether its closing quote, or the end of the comment, was found. */
  readonly closed: boolean;
}

/**
 * Splits a statement as `pg_dump` writes it into words, as far as they are requested.
 *
 * Names are identifiers, never strings, so the contents of a string cannot be mistaken for a name.
 */
export function* sqlWords(sql: string): Generator<SqlWord, undefined> {
  for (const { kind, text, at, end } of sqlLexemes(sql, true)) {
    if (kind !== 'string' && kind !== 'comment') yield { kind, text, at, end };
  }
}

/** The same with strings and comments. `standardStrings` is the setting `standard_conforming_strings`. */
export function* sqlLexemes(sql: string, standardStrings: boolean): Generator<SqlLexeme, undefined> {
  for (let at = 0; at < sql.length;) {
    SPACE.lastIndex = at;
    if (SPACE.test(sql)) {
      at = SPACE.lastIndex;
      continue;
    }
    const lexeme = lexemeAt(sql, at, standardStrings);
    yield lexeme;
    at = lexeme.end;
  }
}

function lexemeAt(sql: string, at: number, standardStrings: boolean): SqlLexeme {
  const character = sql.charAt(at);
  const next = sql.charAt(at + 1);
  const hidden = (kind: 'string' | 'comment', end: number | undefined): SqlLexeme => {
    return { kind, text: '', at, end: end ?? sql.length, closed: end !== undefined };
  };
  const shown = (kind: 'word' | 'symbol', end: number): SqlLexeme => {
    return { kind, text: sql.slice(at, end), at, end, closed: true };
  };
  if (character === '"') {
    const end = endOfQuoted(sql, at, false);
    const text = sql.slice(at + 1, (end ?? sql.length) - 1).replaceAll('""', '"');
    return { kind: 'quoted', text, at, end: end ?? sql.length, closed: end !== undefined };
  }
  if (character === "'") return hidden('string', endOfQuoted(sql, at, !standardStrings));
  if (/e/i.test(character) && next === "'") return hidden('string', endOfQuoted(sql, at + 1, true));
  if (character === '-' && next === '-') return hidden('comment', endOfLine(sql, at));
  if (character === '/' && next === '*') return hidden('comment', after(sql, '*/', at));
  const identifier = matchAt(IDENTIFIER, sql, at);
  if (identifier !== '') return shown('word', at + identifier.length);
  const dollars = character === '$' ? matchAt(DOLLAR_QUOTE, sql, at) : '';
  if (dollars !== '') return hidden('string', after(sql, dollars, at + dollars.length));
  return shown('symbol', at + 1);
}

/** Splits SQL into its statements, without their semicolons. An unclosed quote extends to the end. */
export function sqlStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  for (const { kind, text, at } of sqlWords(sql)) {
    if (kind !== 'symbol' || text !== ';') continue;
    statements.push(sql.slice(start, at));
    start = at + 1;
  }
  statements.push(sql.slice(start));
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/**
 * Whether SQL is one statement of names, keywords and symbols only: no string or comment, no second statement, and nothing
 * that psql would read as a command or a variable.
 */
export function isPlainStatement(sql: string): boolean {
  let before = 0;
  for (const { kind, text, at, end } of sqlWords(sql)) {
    if (sql.slice(before, at).trim() !== '' || (kind === 'symbol' && /[\\:;]/.test(text))) return false;
    const quotes = kind === 'quoted' ? sql.slice(at, end).replaceAll(/[^"]/g, '').length : 0;
    if (quotes % 2 === 1) return false;
    before = end;
  }
  return before > 0 && sql.slice(before).trim() === '' && !sql.includes('\0');
}

/** Reads the words of a statement one after the other, without those in parentheses. */
export class SqlReader {
  readonly #words: Generator<SqlWord, undefined>;
  #next: SqlWord | undefined;
  #lastAt = 0;

  constructor(sql: string) {
    this.#words = sqlWords(sql);
    this.#advance();
  }

  get atEnd(): boolean {
    return this.#next === undefined;
  }

  /** The index of the next word; at the end, of the last word. */
  get at(): number {
    return this.#next?.at ?? this.#lastAt;
  }

  /** The index of the word that was read last. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Skips the next word if it is this keyword or symbol, in capital or small letters. @returns whether it was. */
  accept(keyword: string): boolean {
    const found = this.#next?.kind !== 'quoted' && this.#next?.text.toUpperCase() === keyword;
    if (found) this.#advance();
    return found;
  }

  /** Skips everything up to and including one of these keywords. @returns which, or undefined at the end. */
  skipTo(...keywords: readonly string[]): string | undefined {
    while (this.#next) {
      const found = keywords.find((keyword) => this.accept(keyword));
      if (found !== undefined) return found;
      this.#advance();
    }
    return undefined;
  }

  /** Reads an identifier. An unquoted one is as `pg_dump` writes it, in small letters. */
  identifier(): string {
    const text = this.#next?.kind === 'symbol' ? '' : (this.#next?.text ?? '');
    if (text !== '') this.#advance();
    return text;
  }

  /** Reads `schema.name`, or `name` alone. */
  qualifiedName(): QualifiedName {
    const first = this.identifier();
    return this.accept('.') ? { schema: first, name: this.identifier() } : { schema: '', name: first };
  }

  #advance(): void {
    this.#lastAt = this.#next?.at ?? this.#lastAt;
    let depth = 0;
    for (;;) {
      const { value, done } = this.#words.next();
      this.#next = done ? undefined : value;
      if (!this.#next) return;
      const symbol = this.#next.kind === 'symbol' ? this.#next.text : '';
      if (symbol === '(') depth += 1;
      else if (symbol === ')') depth -= 1;
      else if (depth <= 0) return;
    }
  }
}

function matchAt(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? '';
}

/** The index after the next `mark`; undefined if there is none. */
function after(sql: string, mark: string, from: number): number | undefined {
  const found = sql.indexOf(mark, from);
  return found === -1 ? undefined : found + mark.length;
}

/** The index after the line; PostgreSQL ends it at a carriage return too. Undefined if it does not end. */
function endOfLine(sql: string, from: number): number | undefined {
  LINE.lastIndex = from;
  LINE.test(sql);
  return LINE.lastIndex === sql.length ? undefined : LINE.lastIndex + 1;
}

/** The index after the quoted text at `at`, doubled quotes included; undefined if it does not end. */
function endOfQuoted(sql: string, at: number, backslashes: boolean): number | undefined {
  const quote = sql.charAt(at);
  for (let index = at + 1; index < sql.length; index += 1) {
    const character = sql.charAt(index);
    if (backslashes && character === '\\') index += 1;
    else if (character === quote) {
      if (sql.charAt(index + 1) !== quote) return index + 1;
      index += 1;
    }
  }
  return undefined;
}
