import { type Repository, ownRepository } from '../github/repository.ts';
import type { RetryLimits } from '../runner/retry-policy.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { artifactReader } from './artifact/artifact-reader.ts';
import { artifactWriter } from './artifact/artifact-writer.ts';
import type { Retention } from './artifact/retention.ts';
import { folderPlace } from './folder/folder-place.ts';
import { folderStore } from './folder/folder-store.ts';
import type { BackupReader, BackupStore } from './store.ts';
import type { StoreLine } from './store-inputs.ts';

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
    };

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
  if (source.kind === 'folder') return folderStore(folderPlace(source.given, runner.workspace), signal);
  const { repository, token } = source;
  const { owner, repo } = repository;
  // GitHub's names ignore case.
  const isOwnRepository = `${owner}/${repo}`.toLowerCase() === runner.repository.toLowerCase();
  return artifactReader({ repository, isOwnRepository, token, env: process.env, permission, signal });
}

/** What a backup needs of its stores. */
export interface WritableStoreRequest {
  readonly runner: RunnerEnvironment;
  readonly retention: Retention;
  /** Empty when there is none. */
  readonly token: string;
  /** Of reading what is stored already. */
  readonly retries: RetryLimits;
  readonly signal: AbortSignal;
}

/** Opens a store to put a backup into; nothing is asked yet. */
export function openWritableStore(line: StoreLine, request: WritableStoreRequest): BackupStore {
  const { runner, retention, token, retries, signal } = request;
  if (line.kind === 'folder') return folderStore(folderPlace(line.given, runner.workspace), signal);
  const env = process.env;
  const repository = ownRepository(runner.repository);
  const reader = artifactReader({
    ...{ repository, isOwnRepository: true, token, env, retries, signal },
    permission: 'read',
  });
  return { ...reader, ...artifactWriter(env, retention) };
}
