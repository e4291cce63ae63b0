import { UserError } from '../errors.ts';
import { duration } from '../runner/format.ts';
import { type Environment, endedBySignal, run } from '../process/run.ts';

/** A failed call of psql, with its output. */
export class PsqlError extends Error {
  override readonly name = 'PsqlError';
  readonly stderr: string;
  /** Its output until then. */
  readonly stdout: string;

  constructor(stderr: string, stdout: string) {
    super('psql failed.');
    this.stderr = stderr;
    this.stdout = stdout;
  }
}

/** How psql is called; a `PgSession` is one. */
export interface Psql {
  readonly tools: { readonly psql: string };
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** The queries of the action take milliseconds; with a hundred thousand tables on a cold disk, a minute. */
export const ANSWER_WITHIN_MS = 3 * 60_000;

/** Names can contain every character but NUL. */
export const PSQL_ARGUMENTS = [
  '--no-psqlrc',
  '--no-password',
  '--quiet',
  '--tuples-only',
  '--no-align',
  '--field-separator-zero',
  '--record-separator-zero',
  '--file=-',
] as const;

/**
 * Runs SQL through psql and returns the rows, `columns` text values each; NULL is the empty string.
 *
 * Every statement that returns rows must return that many columns.
 *
 * @throws PsqlError when psql or a statement fails; UserError when psql was ended by a signal, or when there is no answer for
 *   three minutes, for example because the connection was lost without an error; the signal's reason.
 */
export async function queryRows(client: Psql, sql: string, columns: number): Promise<string[][]> {
  const unanswered = new AbortController();
  const timer = setTimeout(() => {
    unanswered.abort(noAnswer(ANSWER_WITHIN_MS));
  }, ANSWER_WITHIN_MS);
  const result = await run(client.tools.psql, [...PSQL_ARGUMENTS, '--set=ON_ERROR_STOP=1'], {
    env: { ...client.environment, PGCLIENTENCODING: 'UTF8' },
    stdin: sql,
    signal: AbortSignal.any([client.signal, unanswered.signal]),
  }).finally(() => {
    clearTimeout(timer);
  });
  if (result.endedBy !== null) throw endedBySignal('psql', result.endedBy);
  if (result.exitCode !== 0) throw new PsqlError(result.stderr, result.stdout);
  return valuesIn(result.stdout, columns);
}

/** The rows that psql has printed. */
export function valuesIn(printed: string, columns: number): string[][] {
  const values = printed.split('\0').slice(0, -1);
  return Array.from({ length: values.length / columns }, (_, row) =>
    values.slice(row * columns, (row + 1) * columns),
  );
}

/** The server has not answered psql for so long. */
export function noAnswer(withinMs: number): UserError {
  return new UserError(
    'connection',
    `The server stopped responding: psql has received no answer for ${duration(withinMs)}.`,
    'Check whether the server is overloaded, or whether a firewall, VPN or proxy between the runner and the server drops connections. Run the job again.',
  );
}
