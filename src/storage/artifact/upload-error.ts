import { UserError, errorCode } from '../../errors.ts';
import { reasonOf } from '../../runner/retry-policy.ts';
import { FailedStatus, QuotaReached, ServiceRefusal, isRefusal } from './artifact-client.ts';

const TOKEN =
  'The token of this job does not allow the upload: it may have expired, which happens when a job runs for more than six hours. Run the job again.';
const HINTS: ReadonlyMap<number, string> = new Map([
  [401, TOKEN],
  [403, TOKEN],
  [409, 'An artifact with this name already exists in this run: run the job again.'],
  [429, 'GitHub limits the rate of requests. Run the job again in some minutes, and fewer jobs at once.'],
]);
const QUOTA =
  'The storage quota of the plan is used up for this month: GitHub counts size and time, so deleting artifacts only helps next month. Add storage or a budget, and lower retention-days.';
const UNREACHABLE =
  'GitHub may have an outage (githubstatus.com), or the runner cannot reach it. Run the job again.';
const OUTAGE = 'The artifact service may have an outage (githubstatus.com). Run the job again.';
const EXPIRED =
  'GitHub grants access to its storage for some hours only, which may have passed. Run the job again.';
const LONGEST_REASON = 400;

/** The storage refuses a request, and would refuse it again. */
class StorageRefusal extends ServiceRefusal {}

/**
 * What an error of the storage's client means: a refusal is final, anything else may pass. A damaged block is refused too
 * (400), and sent again.
 */
export function storageError(error: unknown): unknown {
  if (!Error.isError(error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return error;
  const status = error.statusCode;
  const code = errorCode(error);
  const message = `the storage answered with (${status})${code === undefined ? '' : ` ${code}`}`;
  return isRefusal(status) && status !== 400
    ? new StorageRefusal(message, status)
    : new FailedStatus(message, status);
}

/** The error for an upload that failed, with what to do. */
export function uploadFailure(error: unknown): UserError {
  if (error instanceof UserError && !(error instanceof ServiceRefusal)) return error;
  const reason = (reasonOf(error).split('\n')[0] ?? '').slice(0, LONGEST_REASON);
  return new UserError('storage', `The artifact could not be uploaded: ${reason}`, hintFor(error), {
    cause: error,
  });
}

function hintFor(error: unknown): string {
  if (error instanceof QuotaReached) return QUOTA;
  if (error instanceof StorageRefusal) return EXPIRED;
  const status = error instanceof ServiceRefusal || error instanceof FailedStatus ? error.status : undefined;
  const hint = HINTS.get(status ?? 0);
  return hint ?? (isOfNetwork(error) ? UNREACHABLE : OUTAGE);
}

function isOfNetwork(error: unknown): boolean {
  if (/^(?:ECONN|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN)/.test(errorCode(error) ?? '')) return true;
  return Error.isError(error) && error.cause !== undefined && isOfNetwork(error.cause);
}
