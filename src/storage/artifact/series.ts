import { type ArtifactPage, artifactList } from './artifact-list.ts';
import type { GitHubApi } from '../../github/github-api.ts';
import { scan } from './search.ts';
import { log } from '../../runner/log.ts';
import { type StoredBackup, ignoredInWords, isBackup, newestFirst } from './stored-artifact.ts';

/** The backups with one name in a repository. */
export interface Series {
  readonly backupName: string;
  /** The unexpired ones, the newest first: in the order in which a restore finds the latest. */
  readonly backups: readonly StoredBackup[];
  /** The names of the other series that have backups. */
  readonly others: readonly string[];
  /** What has a name of this series and is no backup, as a sentence. */
  readonly ignored: string | undefined;
  /** How many artifacts were searched; undefined when these are all. */
  readonly lookedAt: number | undefined;
  /** What time it was then by GitHub's clock; undefined when it does not say. */
  readonly answeredAt: Date | undefined;
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
): Promise<Series> {
  const wanted = { kind: 'latest', backupName } as const;
  const known = { wanted, repository: api.repository, artifacts: [], isComplete: true };
  const { artifacts, isComplete, answeredAt } = await scan(pagesWith(api, permission), known, () => false);
  const ignored = ignoredInWords(artifacts, backupName);
  if (ignored !== undefined) log.info(ignored);
  const now = Date.now();
  const usable = artifacts
    .filter(isBackup)
    .sort(newestFirst)
    .map(({ artifact }) => artifact)
    .filter(({ expired, expiresAt }) => !expired && (expiresAt === undefined || expiresAt.getTime() > now));
  const names = new Set(usable.map(({ backup }) => backup.backupName));
  return {
    backupName,
    backups: usable.filter(({ backup }) => backup.backupName === backupName),
    others: [...names].filter((name) => name !== backupName),
    ignored,
    lookedAt: isComplete ? undefined : artifacts.length,
    answeredAt,
  };
}

function pagesWith(api: GitHubApi, permission: 'read' | 'write'): AsyncGenerator<ArtifactPage> {
  return artifactList({ ...api, call: (call) => api.call({ ...call, permission }) }).pages();
}
