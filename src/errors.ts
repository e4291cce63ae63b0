/**
 * A failure told in the words of the person who wrote the workflow: what went wrong, and what to do.
 *
 * Neither text may hold a secret. The entry prints both as the run's one error annotation.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** The run was cancelled: the runner sent `signal` to this process. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor(signal: NodeJS.Signals) {
    super(`The run was cancelled (${signal}).`);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}

/** The code of an error of Node.js, such as `ENOENT`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return Error.isError(error) && 'code' in error ? String(error.code) : undefined;
}
