import { UserError } from '../errors.ts';
import { reasonOf } from '../runner/retry-policy.ts';

/** The error for a file that a store did not deliver; one that is told to the user already stays as it is. */
export function undelivered(name: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  return new UserError(
    'storage',
    `${name} could not be downloaded: ${reasonOf(error)}`,
    'The storage may have an outage (for artifacts: githubstatus.com), or the runner cannot reach it. Run the job again.',
    { cause: error },
  );
}
