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
  const message = `The archive cannot be read back: ${reason}.`;
  const silent =
    cause === undefined ? { message } : { message: 'The archive cannot be read back.', hint: HINT };
  return new UserError('archive-unreadable', message, HINT, { cause, silent });
}
