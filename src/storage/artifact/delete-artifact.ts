import { log } from '../../runner/log.ts';
import type { GitHubApi } from '../../github/github-api.ts';
import { GitHubRefusal } from '../../github/github-failure.ts';

/**
 * Deletes one artifact of the repository.
 *
 * @throws GitHubRefusal naming the permission that is missing; what else `GitHubApi.call` does.
 */
export async function deleteArtifact(api: GitHubApi, id: number): Promise<void> {
  try {
    await api.call({
      route: 'DELETE /repos/{owner}/{repo}/actions/artifacts/{artifact_id}',
      parameters: { artifact_id: id },
      permission: 'write',
      read: () => undefined,
    });
  } catch (error) {
    // An attempt whose response was lost has deleted it, or it has expired, or another job has deleted it.
    if (!(error instanceof GitHubRefusal) || (error.status !== 404 && error.status !== 410)) throw error;
    log.info(`The artifact ${id} was already deleted`);
  }
}
