/** Where in a text a match can be at, after what was matched so far. */
type Positions = ReadonlySet<number>;
type Matcher = (text: string, from: Positions) => Positions;

/** A pattern without backtracking. */
export interface LinearRegex {
  /** Whether it matches the whole of a text. */
  test(text: string): boolean;
}

/** PostgreSQL's `DUPMAX`. */
const MOST_REPETITIONS = 255;

/**
 * Compiles the part of the regular expressions of PostgreSQL that is used in patterns for names: characters, `.`, `.*`, `[…]`,
 * `(…|…)`, `+`, `{m,n}`, and a backslash before a character that is not a letter or before `d`, `s` or `w`.
 *
 * The time is proportional to the lengths of pattern and text, since all possible positions are followed at once: names come
 * out of archives and servers that are not trusted, and `RegExp` takes forever to say that `*a*a*a*a*a*` does not match.
 *
 * @throws Error for any other syntax.
 */
export function linearRegex(source: string): LinearRegex {
  const whole = new Compiler(source).whole();
  return { test: (text) => whole(text, new Set([0])).has(text.length) };
}

class Compiler {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  whole(): Matcher {
    const matcher = this.#alternatives();
    if (this.#at < this.#source.length) throw this.#error();
    return matcher;
  }

  #alternatives(): Matcher {
    const branches = [this.#sequence()];
    while (this.#accept('|')) branches.push(this.#sequence());
    const [only, second] = branches;
    if (only && !second) return only;
    return (text, from) => new Set(branches.flatMap((branch) => [...branch(text, from)]));
  }

  #sequence(): Matcher {
    const parts: Matcher[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#next())) parts.push(this.#repeated());
    return (text, from) => parts.reduce((positions, part) => part(text, positions), from);
  }

  #repeated(): Matcher {
    if (this.#accept('.*')) return toTheEnd;
    const part = this.#part();
    if (this.#accept('+')) return repetition(part, 1, Infinity);
    const [bound, least, comma, most] = this.#match(/\{(\d{1,3})(,?)(\d{0,3})\}/y) ?? [];
    if (bound === undefined) return part;
    const highest = most ? Number(most) : comma ? Infinity : Number(least);
    if (Number(least) > MOST_REPETITIONS || (highest > MOST_REPETITIONS && most)) throw this.#error();
    return repetition(part, Number(least), highest);
  }

  #part(): Matcher {
    if (this.#accept('(')) {
      const group = this.#alternatives();
      if (!this.#accept(')')) throw this.#error();
      return group;
    }
    if (this.#accept('.')) return character(() => true);
    const [set] = this.#match(/\[\^?\]?[^\]]*\]|\\[dsw]/y) ?? [];
    if (set !== undefined) {
      const one = new RegExp(set.replace(/^(\[\^?)\]/, '$1\\]'));
      return character((found) => one.test(found));
    }
    const [, escaped, plain] = this.#match(/\\([^A-Za-z0-9])|([^\\*+?{}[\]()^])/uy) ?? [];
    const wanted = escaped ?? plain;
    if (wanted === undefined) throw this.#error();
    return character((found) => found === wanted);
  }

  #next(): string {
    return this.#source.charAt(this.#at);
  }

  #accept(text: string): boolean {
    const found = this.#source.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #error(): Error {
    return new Error(`not a supported pattern at ${this.#at}`);
  }
}

function character(matches: (found: string) => boolean): Matcher {
  return (text, from) => {
    const next = [...from].flatMap((at) => {
      const found = text.codePointAt(at);
      const one = found === undefined ? '' : String.fromCodePoint(found);
      return one !== '' && matches(one) ? [at + one.length] : [];
    });
    return new Set(next);
  };
}

function toTheEnd(text: string, from: Positions): Positions {
  const first = [...from].reduce((least, at) => Math.min(least, at), Infinity);
  return new Set(Array.from({ length: Math.max(0, text.length - first + 1) }, (_, index) => first + index));
}

function repetition(part: Matcher, least: number, most: number): Matcher {
  return (text, from) => {
    const found = new Set(least === 0 ? from : []);
    let positions = from;
    for (let count = 1; count <= most && positions.size > 0; count += 1) {
      positions = part(text, positions);
      if (count < least) continue;
      // From a position that was reached before, nothing new is found.
      positions = new Set([...positions].filter((at) => !found.has(at)));
      for (const at of positions) found.add(at);
    }
    return found;
  };
}
