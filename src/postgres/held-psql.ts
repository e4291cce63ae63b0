import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { cancelledOr } from '../errors.ts';
import { run } from '../process/run.ts';
import { ANSWER_WITHIN_MS, PSQL_ARGUMENTS, type Psql, PsqlError, noAnswer, valuesIn } from './psql.ts';

/** Ends a hanging psql when it is not needed any more. */
const END_WITHIN_MS = 2_000;
const ANSWER_LIMIT = 64 * 1024 * 1024;
/** `:ERROR` tells of the last statement. Two streams have no common order, so the end of an answer is marked on both. */
const END_OF_ANSWER = (marker: string): string => `\n\\echo ${marker} :ERROR\n\\warn ${marker}\n`;

/** One psql that stays connected, so that several questions share its session. */
export class HeldPsql implements AsyncDisposable {
  readonly #client: Psql;
  readonly #stdin = new PassThrough();
  readonly #closed = new AbortController();
  readonly #ended: Promise<void>;
  #failure: { readonly error: unknown } | undefined;
  #stdout: Buffer[] = [];
  #stderr: string[] = [];
  #bytes = 0;
  /** Looks whether the question is answered. */
  #look: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Starts it; it ends with the signal of `client`. */
  constructor(client: Psql) {
    this.#client = client;
    this.#ended = run(client.tools.psql, PSQL_ARGUMENTS, {
      env: { ...client.environment, PGCLIENTENCODING: 'UTF8' },
      stdin: this.#stdin,
      signal: AbortSignal.any([client.signal, this.#closed.signal]),
      onStdout: (chunk) => {
        this.#add(chunk);
      },
      onStderrLine: (line) => {
        this.#stderr.push(line);
        this.#look();
      },
    }).then(
      ({ stderr }) => {
        this.#fail(new PsqlError(stderr, ''));
      },
      (error: unknown) => {
        this.#fail(error);
      },
    );
  }

  /** Whether it can still be asked. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Runs SQL in the session, after what was asked before, and returns the rows as `queryRows` does. A failed statement does not
   * end the session; what follows it runs, and the last one decides whether all of it has failed.
   *
   * @param withinMs how long the answer may take; the session ends when it takes longer.
   * @param afterwards a script that is run behind the answer. Its `:ERROR` tells whether that was a failure.
   * @throws as `queryRows`.
   */
  query(
    sql: string,
    columns: number,
    { withinMs = ANSWER_WITHIN_MS, afterwards = '' } = {},
  ): Promise<string[][]> {
    const answer = this.#last.then(() => this.#ask(sql, columns, withinMs, afterwards));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Ends it, and with it its transaction. Never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stdin.end();
    const timer = setTimeout(() => {
      this.#closed.abort();
    }, END_WITHIN_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #ask(sql: string, columns: number, withinMs: number, afterwards: string): Promise<string[][]> {
    const marker = randomBytes(16).toString('hex');
    [this.#stdout, this.#stderr, this.#bytes] = [[], [], 0];
    const timer = setTimeout(() => {
      this.#closed.abort(noAnswer(withinMs));
    }, withinMs);
    try {
      const answer = this.#answerUpTo(marker);
      this.#stdin.write(`${sql}${END_OF_ANSWER(marker)}${afterwards}`);
      return valuesIn(await answer, columns);
    } finally {
      clearTimeout(timer);
    }
  }

  #answerUpTo(marker: string): Promise<string> {
    const good = Buffer.from(`${marker} false\n`);
    const bad = Buffer.from(`${marker} true\n`);
    const answer = Promise.withResolvers<string>();
    this.#look = () => {
      if (this.#failure) {
        answer.reject(cancelledOr(this.#client.signal, () => this.#failure?.error));
      } else if (this.#stderr.at(-1) === marker) {
        const stdout = Buffer.concat(this.#stdout);
        const end = [good, bad].find((each) => stdout.subarray(-each.length).equals(each));
        if (!end) return;
        const text = stdout.subarray(0, -end.length).toString('utf8');
        if (end === good) answer.resolve(text);
        else answer.reject(new PsqlError(this.#stderr.slice(0, -1).join('\n'), text));
      }
    };
    this.#look();
    return answer.promise;
  }

  #add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_LIMIT) throw new Error(`psql printed more than ${ANSWER_LIMIT} bytes.`);
    this.#stdout.push(chunk);
    this.#look();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#look();
  }
}
