/** What one sentence of a tool or a server means, and what to do about it. */
export interface Rule {
  /** Who must have said it; anybody when absent. */
  readonly from?: 'server' | 'tool';
  /** Of the whole sentence, from its beginning on: names of tables and users must not be taken for messages. */
  readonly pattern: RegExp;
  /** Of where the tool tried to connect. */
  readonly address?: RegExp;
  /** Not where the names in the message may come out of a row. */
  readonly notOfRow?: true;
  /** Of the query that failed. */
  readonly query?: RegExp;
  /** `$1` and `$2` stand for groups of `pattern`, `$q` for the first group of `query`, `$t` for the table that was read. */
  readonly cause: string;
  readonly hint: string;
  /** Whether the same attempt may well succeed within a minute. */
  readonly transient?: true;
  /** What code decides on, where it does. */
  readonly kind?: 'has-dependents';
}

export const SECRET_HINT = 'Correct the secret that connection-string is read from.';
