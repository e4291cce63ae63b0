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

/**
 * Splits a statement as `pg_dump` writes it into words, as far as they are requested.
 *
 * Names are identifiers, never strings, so the contents of a string cannot be mistaken for a name.
 */
export function* sqlWords(sql: string): Generator<SqlWord, undefined> {
  for (let at = 0; at < sql.length;) {
    const character = sql.charAt(at);
    const next = sql.charAt(at + 1);
    const identifier = matchAt(IDENTIFIER, sql, at);
    if (character === '"') {
      const end = endOfQuoted(sql, at, false);
      yield { kind: 'quoted', text: sql.slice(at + 1, end - 1).replaceAll('""', '"'), at, end };
      at = end;
    } else if (character === "'") at = endOfQuoted(sql, at, false);
    else if (/e/i.test(character) && next === "'") at = endOfQuoted(sql, at + 1, true);
    else if (character === '-' && next === '-') at = after(sql, '\n', at);
    else if (character === '/' && next === '*') at = after(sql, '*/', at);
    else if (identifier !== '') {
      yield { kind: 'word', text: identifier, at, end: at + identifier.length };
      at += identifier.length;
    } else {
      const dollars = character === '$' ? matchAt(DOLLAR_QUOTE, sql, at) : '';
      const space = matchAt(SPACE, sql, at);
      if (dollars !== '') at = after(sql, dollars, at + dollars.length);
      else if (space !== '') at += space.length;
      else {
        yield { kind: 'symbol', text: character, at, end: at + 1 };
        at += 1;
      }
    }
  }
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

/** The index after the next `mark`, or the end. */
function after(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found === -1 ? sql.length : found + mark.length;
}

/** The index after what is quoted from `at` on; a doubled quote belongs to it. */
function endOfQuoted(sql: string, at: number, backslashes: boolean): number {
  const quote = sql.charAt(at);
  for (let index = at + 1; index < sql.length; index += 1) {
    const character = sql.charAt(index);
    if (backslashes && character === '\\') index += 1;
    else if (character === quote) {
      if (sql.charAt(index + 1) !== quote) return index + 1;
      index += 1;
    }
  }
  return sql.length;
}
