import { messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { type JsonObject, objectsOf, textOf, timeOf, wholeNumberOf } from '../../github/json.ts';
import type { Bounds } from '../../runner/retry-policy.ts';
import { type ArtifactClient, contentOf, inSnakeCase, runService } from './artifact-client.ts';
import { type Located, storedArtifact, withRecords } from './stored-artifact.ts';

/**
 * The artifacts of this workflow run, of all its jobs. The runner's own token lists and reads them, so a job needs no
 * permission for that. `listArtifacts` of `@actions/artifact` leaves out which job has made one, without which it cannot be read.
 *
 * @returns an empty list without the service, or if it fails: it only avoids the need for a permission.
 * @throws the signal's reason.
 */
export async function runArtifacts(env: NodeJS.ProcessEnv, bounds: Bounds): Promise<readonly Located[]> {
  const service = runService(env, bounds);
  if (!service) return [];
  const runId = /^\d+$/.test(env['GITHUB_RUN_ID'] ?? '') ? Number(env['GITHUB_RUN_ID']) : undefined;
  try {
    const { artifacts = [] } = await service.call('ListArtifacts', {});
    return withRecords(
      objectsOf(artifacts).map((artifact) => readArtifact(service, runId, inSnakeCase(artifact))),
    );
  } catch (error) {
    bounds.signal.throwIfAborted();
    log.debug(`The artifacts of this run cannot be listed: ${messageOf(error)}`);
    return [];
  }
}

function readArtifact(service: ArtifactClient, runId: number | undefined, json: JsonObject): Located {
  const { database_id: id, name, size = '0', created_at: created, digest } = json;
  const artifact = storedArtifact(
    {
      id: wholeNumberOf(id),
      name: textOf(name),
      size: wholeNumberOf(size),
      createdAt: timeOf(created),
      expiresAt: undefined,
      expired: false,
      runId,
      // Whoever runs this job has made them: also in a pull request from a fork.
      origin: 'own',
    },
    digest,
  );
  return {
    artifact,
    signedUrl: () => contentOf(service, artifact.name, json['workflow_job_run_backend_id']),
  };
}
