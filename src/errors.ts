/** What kind of failure it is. Code that must tell one failure from another looks at this, never at the wording. */
export type ErrorCode =
  /** An input, or several together, cannot be used as they are. */
  | 'invalid-input'
  /** Everyone could read the backup. */
  | 'public-repository'
  /** The client tools cannot be installed, or are too old for a server or an archive. */
  | 'tools-unavailable'
  /** The server cannot be reached or refuses to work. */
  | 'connection'
  /** As `connection`, and another attempt may well succeed: nothing has been done yet. */
  | 'temporarily-unreachable'
  /** Something has made no progress for too long: a connection, a lock. */
  | 'no-progress'
  | 'dump-failed'
  /** An archive is not whole, or is no archive. */
  | 'archive-unreadable'
  | 'not-a-backup'
  | 'encryption'
  | 'storage'
  /** What a store has is not what it was given. */
  | 'stored-copy-differs'
  | 'github'
  /** The plan of a restore shows that the target must not be changed so. */
  | 'restore-refused'
  | 'restore-failed'
  | 'verification-failed'
  /** The server for the test restore cannot be used; the message names its input. */
  | 'test-server'
  /** The backup cannot be restored, or comes back as something else. */
  | 'test-restore-failed'
  /** The job did its work, and the result is that something is wrong. */
  | 'failed-result'
  /** The process was killed. */
  | 'killed'
  /** The runner lacks what a job needs: a folder, a variable, a program that starts. */
  | 'runner';

/**
 * A failure told to the person who wrote the workflow: what went wrong, and what to do.
 *
 * Neither text may contain a secret. The entry prints both as the run's one error annotation.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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

/**
 * The one decision between "cancelled" and "failed": what goes wrong once the signal is aborted goes wrong because of it.
 *
 * @param failed makes the error to tell where the signal is not aborted.
 * @returns what to throw: the signal's reason, or that error.
 */
export function cancelledOr(signal: AbortSignal, failed: () => unknown): unknown {
  return signal.aborted ? signal.reason : failed();
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}

/** The code of an error of Node.js, such as `ENOENT`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return Error.isError(error) && 'code' in error ? String(error.code) : undefined;
}
