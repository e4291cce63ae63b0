import type { ServerAnswer } from './fake-server.ts';

/**
 * A failure that no server of the tests can be brought to: its wording was recorded, from the place that `source` names.
 * A stand-in says `answer` to the real psql; `printed` is what a tool would print.
 */
export type RecordedFailure = {
  readonly name: string;
  readonly source: string;
  readonly cause: RegExp;
  readonly transient?: true;
} & ({ readonly answer: ServerAnswer } | { readonly printed: string });

/** What is said in place of the answer to the first query. */
export const query = (message: string, more: Partial<ServerAnswer> = {}): ServerAnswer => ({
  message,
  at: 'query',
  ...more,
});
/** What is said in place of a login. */
export const answer = (message: string, more: Partial<ServerAnswer> = {}): ServerAnswer => ({
  message,
  ...more,
});
