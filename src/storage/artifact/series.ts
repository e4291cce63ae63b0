import { type ArtifactPage, artifactList } from './artifact-list.ts';
import type { GitHubApi } from '../../github/github-api.ts';
import type { Series } from '../store.ts';
import { scan } from './search.ts';
import { log } from '../../runner/log.ts';
import {
  type LocatedBackup,
  type LocatedFile,
  ignoredArtifacts,
  isBackup,
  isFileOfBackup,
  newestFirst,
} from './stored-artifact.ts';

/** A series, as a store lists it, with the artifacts of its backups. */
export interface LocatedSeries extends Omit<Series, 'backups' | 'unfinished'> {
  readonly backups: readonly LocatedBackup[];
  readonly unfinished: readonly LocatedFile[];
}

/**
 * Lists the backups of one series. Like every search it reads 10,000 artifacts at most, the newest as GitHub lists
 * them.
 *
 * @param permission what the job needs later, so that a refusal names it at once.
 * @throws what `GitHubApi.call` does.
 */
export async function findSeries(
  api: GitHubApi,
  backupName: string,
  permission: 'read' | 'write',
): Promise<LocatedSeries> {
  const wanted = { kind: 'latest', backupName } as const;
  const known = { wanted, repository: api.repository, artifacts: [], isComplete: true };
  const { artifacts, isComplete, answeredAt } = await scan(pagesWith(api, permission), known, () => false);
  const ignored = ignoredArtifacts(artifacts, backupName);
  if (ignored !== undefined) log.info(ignored);
  const now = Date.now();
  const usable = artifacts
    .filter(isBackup)
    .sort(newestFirst)
    .filter(
      ({ artifact: { expired, expiresAt } }) =>
        !expired && (expiresAt === undefined || expiresAt.getTime() > now),
    );
  const names = new Set(usable.map(({ artifact }) => artifact.backup.backupName));
  return {
    backupName,
    backups: usable.filter(({ artifact }) => artifact.backup.backupName === backupName),
    unfinished: artifacts
      .filter(isFileOfBackup)
      .filter(
        (located) =>
          !isBackup(located) &&
          !located.artifact.expired &&
          located.artifact.backup.backupName === backupName,
      ),
    others: [...names].filter((name) => name !== backupName),
    ignored,
    lookedAt: isComplete ? undefined : artifacts.length,
    answeredAt,
  };
}

function pagesWith(api: GitHubApi, permission: 'read' | 'write'): AsyncGenerator<ArtifactPage> {
  return artifactList({ ...api, call: (call) => api.call({ ...call, permission }) }).pages();
}
