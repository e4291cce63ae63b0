import { UserError } from '../errors.ts';

const HINT =
  'Run the job again. If it happens again, look at the disk of the runner: is it full, or does it fail?';

/** An archive that is not whole. `reason` completes a sentence about it. */
export function unreadable(reason: string, cause?: unknown): UserError {
  return new UserError(`The archive cannot be read back: ${reason}.`, HINT, { cause });
}
