import type { Repository } from '../github/repository.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { artifactReader } from './artifact/artifact-reader.ts';
import { folderPlace } from './folder/folder-place.ts';
import { folderStore } from './folder/folder-store.ts';
import type { BucketPlace } from './s3/bucket-place.ts';
import { bucketStore } from './s3/bucket-store.ts';
import type { BackupReader } from './store.ts';

/** A store to read backups from. */
export type StoreSource =
  | {
      readonly kind: 'artifact';
      readonly repository: Repository;
      /** Empty when there is none. */
      readonly token: string;
    }
  | {
      readonly kind: 'folder';
      /** As the workflow says it. */
      readonly given: string;
    }
  | { readonly kind: 'bucket'; readonly place: BucketPlace };

/** Opens a store; nothing is asked yet. */
export function openStore(
  source: StoreSource,
  request: {
    readonly runner: Pick<RunnerEnvironment, 'workspace' | 'repository'>;
    /** What of GitHub's artifacts the job needs. */
    readonly permission: 'read' | 'write';
    readonly signal: AbortSignal;
  },
): BackupReader {
  const { runner, permission, signal } = request;
  if (source.kind === 'bucket') return bucketStore(source.place, signal);
  if (source.kind === 'folder') return folderStore(folderPlace(source.given, runner.workspace), signal);
  const { repository, token } = source;
  const { owner, repo } = repository;
  // GitHub's names ignore case.
  const isOwnRepository = `${owner}/${repo}`.toLowerCase() === runner.repository.toLowerCase();
  return artifactReader({ repository, isOwnRepository, token, env: process.env, permission, signal });
}
