import { UserError } from '../errors.ts';

const HINT =
  'Run the job again. If the error persists, use another runner: its memory or disk may be faulty.';

/**
 * The error for a damaged archive. The hint is for an archive that this job has made.
 *
 * @param reason completes a sentence about the archive.
 */
export function unreadable(reason: string, cause?: unknown): UserError {
  return new UserError('archive-unreadable', `The archive cannot be read back: ${reason}.`, HINT, { cause });
}
