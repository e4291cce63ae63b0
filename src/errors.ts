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
  /** The store keeps what was to be removed: a lock, a retention period or a legal hold. */
  | 'retained'
  | 'github'
  /** The plan of a restore shows that the target must not be changed so. */
  | 'restore-refused'
  /** A backup does not contain what is to be restored from it. */
  | 'not-in-backup'
  | 'restore-failed'
  /** One transaction needs more locks than the server has. */
  | 'lock-table-full'
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

/** What is said of a failure where the content of a backup must not show: no name, count, digest or value of it. */
export interface SilentText {
  readonly message: string;
  /** The error's own when absent, which then names no content. */
  readonly hint?: string;
}

interface UserErrorOptions extends ErrorOptions {
  /** `same`: neither text names content. */
  readonly silent?: SilentText | 'same' | undefined;
}

/**
 * A failure told to the person who wrote the workflow: what went wrong, and what to do.
 *
 * Neither text may contain a secret. The entry prints both as the run's one error annotation; where content must not show,
 * {@link silentText} of it instead.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly silent: SilentText | undefined;

  constructor(code: ErrorCode, message: string, hint: string, options: UserErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = hint;
    this.silent = options.silent === 'same' ? { message } : options.silent;
  }

  /** The same failure in other words, where content shows and where it does not. */
  reworded({
    code = this.code,
    message = (text) => text,
    hint = (text) => text,
    cause = this.cause,
  }: {
    readonly code?: ErrorCode;
    readonly message?: (text: string) => string;
    readonly hint?: (text: string) => string;
    readonly cause?: unknown;
  }): UserError {
    const silent = silentText(this) ?? this;
    return new UserError(code, message(this.message), hint(this.hint), {
      cause,
      silent: { message: message(silent.message), hint: hint(silent.hint) },
    });
  }
}

/** What failed, where no more may be said: errors of these kinds name content, unless they have a text of their own that does not. */
const SAFE_TEXTS: Partial<Record<ErrorCode, string>> = {
  'no-progress': 'Something has made no progress for too long.',
  'dump-failed': 'The database could not be dumped.',
  'archive-unreadable': 'The archive cannot be read back.',
  'not-a-backup': 'The backup cannot be used.',
  'restore-refused': 'The restore was refused before anything was changed.',
  'not-in-backup': 'The restore was refused before anything was changed.',
  'restore-failed': 'The restore failed.',
  'lock-table-full': 'The server has too few locks.',
  'verification-failed': 'The restored database differs from the backup, or could not be compared with it.',
  'test-server': 'The server for the test restore cannot be used (verify-connection-string).',
  'test-restore-failed': 'The backup failed its test restore.',
};

/**
 * What may be said of a failure where the content of a backup must not show. An error of a kind that is about content says
 * nothing but its kind if it has no silent text: what nobody thought of stays hidden.
 *
 * @returns undefined for an error that is not about content: it can be told as it is.
 */
export function silentText({ code, hint, silent }: UserError): Required<SilentText> | undefined {
  if (silent) return { hint, ...silent };
  const message = SAFE_TEXTS[code];
  return message === undefined ? undefined : { message, hint: '' };
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

/** Anything that was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return Error.isError(thrown) ? thrown : new Error(String(thrown));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}

/** The code of an error of Node.js, such as `ENOENT`; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return Error.isError(error) && 'code' in error ? String(error.code) : undefined;
}
