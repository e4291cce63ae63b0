import { UserError } from '../errors.ts';

const HINT =
  'Run the job again. If the error persists, use another runner: its memory or disk may be faulty.';

/**
 * The error for a damaged archive. The hint is for an archive that this job has made.
 *
 * @param reason completes a sentence about the archive.
 * @param cause where the reason was taken from, which then may name content.
 */
export function unreadable(reason: string, cause?: unknown): UserError {
  return damaged('The archive cannot be read back', reason, cause);
}

/** The error for a damaged directory of a parallel dump, in the same way. */
export function unstitchable(reason: string, cause?: unknown): UserError {
  return damaged('The parallel dump cannot be made into one archive', reason, cause);
}

function damaged(what: string, reason: string, cause: unknown): UserError {
  const message = `${what}: ${reason}.`;
  const silent = cause === undefined ? { message } : { message: `${what}.`, hint: HINT };
  return new UserError('archive-unreadable', message, HINT, { cause, silent });
}
