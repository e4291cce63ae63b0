/** What the bytes of a character mean outside quotes. */
const OTHER = 0;
const SPACE = 1;
const WORD = 2;
/** Digits and `$`: part of a word when they follow its first character. */
const WORD_TAIL = 3;

const LINE_FEED = 0x0a;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DOLLAR = 0x24;
const SLASH = 0x2f;
const STAR = 0x2a;

const CLASSES = classesOfBytes();

/** Longer than any word that matters here (`procedure`), so that a longer word is never taken for one. */
const WORD_LIMIT = 10;

type State =
  | 'code'
  | 'string'
  | 'escape string'
  | 'after backslash'
  | 'after quote'
  | 'identifier'
  | 'line comment'
  | 'block comment'
  | 'dollar tag'
  | 'dollar body';

/**
 * Finds where an SQL statement ends, by the rules psql uses to split a script (`psqlscan.l`).
 *
 * It works on bytes: in every encoding a server may have, a byte below 128 is the ASCII character (PostgreSQL
 * manual, "Character Set Support"). In one thing it is stricter than psql: the body of a function opens with
 * BEGIN and ATOMIC, not with any word BEGIN, which may as well be the name of a column or of the function.
 */
export class StatementScanner {
  /** The session's `standard_conforming_strings`: whether a backslash in '…' is an ordinary character. */
  standardStrings = true;

  #state: State = 'code';
  #ended = false;
  #parentheses = 0;
  #commentDepth = 0;
  /** The byte before, where it could be the first of `--`, `/*` or their like; else 0. */
  #previous = 0;

  #inWord = false;
  #word = '';
  #lastWord = '';
  /** The first words of the statement, while they may still say that it creates a function. */
  #opening = '';
  #createsFunction = false;
  /** How many BEGIN ATOMIC and CASE of a function's body wait for their END. */
  #bodyDepth = 0;

  #delimiter = '$';
  /** The last bytes of a dollar-quoted text, in which its delimiter may have begun. */
  #tail = Buffer.alloc(0);

  /** Reads on at index `from`. @returns the index after the statement's `;`, or -1 when it goes on after this chunk. */
  scan(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#state === 'code') {
        at = this.#code(chunk, at);
        if (this.#ended) {
          this.#reset();
          return at;
        }
      } else {
        at = this.#quoted(chunk, at);
      }
    }
    return -1;
  }

  #reset(): void {
    this.#ended = false;
    this.#opening = '';
    this.#createsFunction = false;
    this.#lastWord = '';
  }

  /** Reads up to the end of the statement, of the chunk, or to something quoted. */
  #code(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      const kind = CLASSES[byte];
      if (kind === WORD || (kind === WORD_TAIL && this.#inWord)) {
        this.#inWord = true;
        // Bit 5 makes a capital letter small, and leaves digits and `$` as they are.
        if (this.#word.length < WORD_LIMIT) this.#word += String.fromCharCode(byte | 0x20);
        this.#previous = 0;
        continue;
      }
      const word = this.#endWord();
      if (kind === SPACE) this.#previous = 0;
      else {
        this.#symbol(byte, word);
        if (this.#state !== 'code' || this.#ended) return at + 1;
      }
    }
    return chunk.length;
  }

  /** Takes a character that is neither space nor part of a word; `word` stands right before it, if any does. */
  #symbol(byte: number, word: string): void {
    const previous = this.#previous;
    this.#previous = 0;
    this.#lastWord = '';
    switch (String.fromCharCode(byte)) {
      case "'":
        this.#state = this.standardStrings && word !== 'e' ? 'string' : 'escape string';
        return;
      case '"':
        this.#state = 'identifier';
        return;
      case '$':
        this.#delimiter = '$';
        this.#state = 'dollar tag';
        return;
      case '(':
        this.#parentheses += 1;
        return;
      case ')':
        this.#parentheses = Math.max(0, this.#parentheses - 1);
        return;
      case ';':
        if (this.#parentheses === 0 && this.#bodyDepth === 0) this.#ended = true;
        return;
      case '-':
        if (previous === byte) this.#state = 'line comment';
        else this.#previous = byte;
        return;
      case '*':
        if (previous === SLASH) {
          this.#commentDepth = 1;
          this.#state = 'block comment';
        }
        return;
      default:
        this.#previous = byte;
    }
  }

  /** Ends the word that is being read, if one is. @returns it, in small letters and cut at ten; '' when there is none. */
  #endWord(): string {
    if (!this.#inWord) return '';
    const word = this.#word;
    this.#inWord = false;
    this.#word = '';
    if (this.#createsFunction) {
      if (this.#parentheses === 0) this.#bodyWord(word);
    } else if (this.#opening.length < 'create or replace procedure '.length) {
      this.#opening += `${word} `;
      this.#createsFunction = /^create (?:or replace )?(?:function|procedure) $/.test(this.#opening);
    }
    this.#lastWord = word;
    return word;
  }

  #bodyWord(word: string): void {
    if (this.#bodyDepth === 0) {
      if (word === 'atomic' && this.#lastWord === 'begin') this.#bodyDepth = 1;
    } else if (word === 'case') this.#bodyDepth += 1;
    else if (word === 'end') this.#bodyDepth -= 1;
  }

  /** Reads within something quoted, or a comment. @returns the index of the first byte not yet read. */
  #quoted(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'string':
        // A doubled quote reads as the end of one string and the beginning of the next, to the same effect.
        return this.#skipPast(QUOTE, chunk, at);
      case 'identifier':
        return this.#skipPast(DOUBLE_QUOTE, chunk, at);
      case 'line comment':
        return this.#skipPast(LINE_FEED, chunk, at);
      case 'escape string':
        return this.#escapeString(chunk, at);
      case 'after backslash':
        this.#state = 'escape string';
        return at + 1;
      case 'after quote':
        this.#state = chunk[at] === QUOTE ? 'escape string' : 'code';
        return chunk[at] === QUOTE ? at + 1 : at;
      case 'block comment':
        return this.#blockComment(chunk, at);
      case 'dollar tag':
        return this.#dollarTag(chunk, at);
      case 'dollar body':
        return this.#dollarBody(chunk, at);
      case 'code':
        return at;
    }
  }

  #skipPast(byte: number, chunk: Buffer, from: number): number {
    const end = chunk.indexOf(byte, from);
    if (end === -1) return chunk.length;
    this.#state = 'code';
    return end + 1;
  }

  #escapeString(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === BACKSLASH || byte === QUOTE) {
        this.#state = byte === BACKSLASH ? 'after backslash' : 'after quote';
        return at + 1;
      }
    }
    return chunk.length;
  }

  #blockComment(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      const pair =
        this.#previous === SLASH && byte === STAR ? 1 : this.#previous === STAR && byte === SLASH ? -1 : 0;
      this.#previous = pair === 0 ? byte : 0;
      this.#commentDepth += pair;
      if (this.#commentDepth === 0) {
        this.#state = 'code';
        return at + 1;
      }
    }
    return chunk.length;
  }

  /** Reads `tag$` after a `$`; when that is not what follows, the `$` was an operator's or a parameter's. */
  #dollarTag(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    const kind = CLASSES[byte];
    if (byte === DOLLAR) {
      this.#delimiter += '$';
      this.#tail = Buffer.alloc(0);
      this.#state = 'dollar body';
      return at + 1;
    }
    if (kind === WORD || (kind === WORD_TAIL && this.#delimiter !== '$')) {
      this.#delimiter += String.fromCharCode(byte);
      return at + 1;
    }
    this.#inWord = this.#delimiter !== '$';
    this.#word = this.#delimiter.slice(1, 1 + WORD_LIMIT).toLowerCase();
    this.#state = 'code';
    return at;
  }

  #dollarBody(chunk: Buffer, from: number): number {
    const kept = this.#delimiter.length - 1;
    const seam = Buffer.concat([this.#tail, chunk.subarray(from, from + kept)]);
    const inSeam = seam.indexOf(this.#delimiter, 0, 'latin1');
    const inChunk = inSeam === -1 ? chunk.indexOf(this.#delimiter, from, 'latin1') : -1;
    if (inSeam === -1 && inChunk === -1) {
      const rest = chunk.subarray(Math.max(from, chunk.length - kept));
      this.#tail = Buffer.concat([this.#tail, rest]).subarray(-kept);
      return chunk.length;
    }
    this.#state = 'code';
    return this.#delimiter.length + (inSeam === -1 ? inChunk : from + inSeam - this.#tail.length);
  }
}

function classesOfBytes(): Uint8Array {
  const classes = new Uint8Array(256).fill(OTHER);
  for (const space of ' \t\n\r\f\v') classes[space.charCodeAt(0)] = SPACE;
  for (let byte = 0x30; byte <= 0x39; byte += 1) classes[byte] = WORD_TAIL;
  classes[DOLLAR] = WORD_TAIL;
  for (let letter = 0x41; letter <= 0x5a; letter += 1) classes[letter] = classes[letter | 0x20] = WORD;
  classes[0x5f] = WORD;
  classes.fill(WORD, 0x80);
  return classes;
}
