/** What one message of a tool or a server means, and what to do about it. */
export interface Rule {
  /** Whose message it must be; either when absent. */
  readonly from?: 'server' | 'tool';
  /** Matches from the start of the message: names of tables and users must not be mistaken for messages. */
  readonly pattern: RegExp;
  /** Matches the address that the tool tried to connect to. */
  readonly address?: RegExp;
  /** The groups of `pattern` are never values: the rule may quote them in an error that may name values of rows. */
  readonly ofRow?: true;
  /** Matches the query that failed. */
  readonly query?: RegExp;
  /** Matches the innermost context that the server names: the function in which it failed. */
  readonly context?: RegExp;
  /** `$1` and `$2` stand for groups of `pattern`, `$q` and `$c` for the one of `query` and `context`, `$t` for the table that was read. */
  readonly cause: string;
  /** A sentence after the cause, made of the query that failed; only shown where names may be. */
  readonly example?: (query: string) => string | undefined;
  readonly hint: string;
  /** Whether the same attempt is likely to succeed within a minute. */
  readonly transient?: true;
  /** For code that depends on the kind of failure. */
  readonly kind?: 'has-dependents' | 'lock-table-full';
}

export const SECRET_HINT = 'Correct the secret that connection-string is read from.';
