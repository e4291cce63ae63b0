import { UserError } from '../errors.ts';
import { log } from '../runner/log.ts';
import type { GitHubApi } from './github-api.ts';
import { isJsonObject, timeOf } from './json.ts';

/**
 * The time of the last push to the repository, if it is public. Any token has access to that.
 *
 * @returns undefined when it is not public, or on any failure: no job should fail because of that.
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
    log.debug(`The time of the last push could not be determined: ${error.message}`);
    return undefined;
  }
}
