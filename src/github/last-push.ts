import { UserError } from '../errors.ts';
import { log } from '../runner/log.ts';
import type { GitHubApi } from './github-api.ts';
import { isJsonObject, timeOf } from './json.ts';

/**
 * When someone last pushed to the repository, if it is public. Any token may ask that.
 *
 * @returns undefined when it is not public, or cannot be asked: nothing that a job may fail for.
 * @throws the signal's reason.
 */
export async function lastPublicPush(api: GitHubApi): Promise<Date | undefined> {
  try {
    return await api.call({
      route: 'GET /repos/{owner}/{repo}',
      permission: 'read',
      read: ({ data }) => {
        const { private: isPrivate, pushed_at: pushed } = isJsonObject(data) ? data : {};
        return isPrivate === false && typeof pushed === 'string' ? timeOf(pushed) : undefined;
      },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log.debug(`When the repository was last pushed to cannot be found out: ${error.message}`);
    return undefined;
  }
}
