import { UserError } from '../errors.ts';

const HINT =
  'Run the job again. If it happens again, look at the disk of the runner: is it full, or does it fail?';

/**
 * An archive that is not whole. The hint is for one that this job has made.
 *
 * @param reason completes a sentence about the archive.
 */
export function unreadable(reason: string, cause?: unknown): UserError {
  return new UserError('archive-unreadable', `The archive cannot be read back: ${reason}.`, HINT, { cause });
}
