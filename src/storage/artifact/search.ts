import type { WantedBackup } from '../wanted-backup.ts';
import { log } from '../../runner/log.ts';
import type { ArtifactList } from './artifact-list.ts';
import { type Located, withRecords } from './stored-artifact.ts';

/** What was searched for, where, and the artifacts so far. */
export interface Search {
  readonly wanted: WantedBackup;
  /** `owner/name`. */
  readonly repository: string;
  /** With their records. */
  readonly artifacts: readonly Located[];
  /** False when there are too many artifacts to search them all. */
  readonly isComplete: boolean;
  /** When GitHub last answered, by its own clock. */
  readonly answeredAt?: Date | undefined;
}

/** The limit of a search, a hundred requests: a busy repository can have a hundred thousand artifacts. */
const MOST_ARTIFACTS = 10_000;
const MANY_ARTIFACTS = 1_000;

/**
 * Reads pages until it is enough, in which case the artifacts on further pages must be older: so that counts only as long
 * as the list is sorted, the newest first. A record is newer than its backup.
 */
export async function scan(
  pages: ReturnType<ArtifactList['pages']>,
  known: Search,
  isEnough: (seen: readonly Located[]) => boolean,
  mostArtifacts = MOST_ARTIFACTS,
): Promise<Search> {
  const seen: Located[] = [];
  let isComplete = true;
  let answeredAt: Date | undefined;
  for await (const { artifacts, total, answeredAt: time } of pages) {
    answeredAt = time;
    if (seen.length === 0 && total > MANY_ARTIFACTS) {
      log.info(`Searching the ${total} artifacts of ${known.repository}`);
    }
    seen.push(...artifacts);
    if (isNewestFirst(seen) && isEnough(withRecords(seen))) break;
    isComplete = seen.length < mostArtifacts || seen.length >= total;
    if (!isComplete) break;
  }
  return { ...known, artifacts: withRecords(merged(known.artifacts, seen)), isComplete, answeredAt };
}

function isNewestFirst(seen: readonly Located[]): boolean {
  return seen.every((located, index) => {
    const before = seen[index - 1];
    return before === undefined || before.artifact.createdAt >= located.artifact.createdAt;
  });
}

/** Where both lists have an artifact, that of the repository also tells when it expires; that of the run, that it is its own. */
function merged(ofRun: readonly Located[], listed: readonly Located[]): readonly Located[] {
  const byId = new Map(ofRun.map((located) => [located.artifact.id, located]));
  for (const located of listed) {
    const { id } = located.artifact;
    const { origin, backup } = (byId.get(id) ?? located).artifact;
    byId.set(id, { ...located, artifact: { ...located.artifact, origin, backup } });
  }
  return [...byId.values()];
}
