import { type Exposure, exposureOf, requireAllowed } from '../github/privacy.ts';
import { ownRepository } from '../github/repository.ts';
import { FEW_RETRIES, USUAL_RETRIES } from '../runner/retry-policy.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { artifactReader } from '../storage/artifact/artifact-reader.ts';
import { requireArtifactService } from '../storage/artifact/artifact-service.ts';
import { artifactWriter } from '../storage/artifact/artifact-writer.ts';
import type { Retention } from '../storage/artifact/retention.ts';
import { type FolderPlace, folderPlace, requireWritablePlace } from '../storage/folder/folder-place.ts';
import { folderStore } from '../storage/folder/folder-store.ts';
import { bucketStore } from '../storage/s3/bucket-store.ts';
import { type Bucket, connectBucket } from '../storage/s3/s3-client.ts';
import type { StoreLine } from '../storage/store-inputs.ts';
import type { BackupStore } from '../storage/store.ts';
import type { BackupInputs } from './backup-inputs.ts';

/** A line of `storage` that a backup can be written to, as far as that shows without writing. */
type ReadyStore =
  | { readonly kind: 'artifact' }
  | { readonly kind: 'bucket'; readonly bucket: Bucket }
  | { readonly kind: 'folder'; readonly place: FolderPlace };

/**
 * Fails before any work if a store cannot be written to, as far as that shows without writing.
 *
 * @returns what `storage` names, in its order.
 */
export async function requireStores(
  { stores }: BackupInputs,
  { workspace }: RunnerEnvironment,
): Promise<readonly ReadyStore[]> {
  const ready: ReadyStore[] = [];
  for (const line of stores) ready.push(await requireStore(line, workspace));
  return ready;
}

async function requireStore(line: StoreLine, workspace: string): Promise<ReadyStore> {
  switch (line.kind) {
    case 'artifact':
      requireArtifactService(process.env);
      return line;
    case 'bucket':
      return { kind: 'bucket', bucket: await connectBucket(line.place, process.env) };
    case 'folder': {
      const place = folderPlace(line.given, workspace);
      await requireWritablePlace(place);
      return { kind: 'folder', place };
    }
  }
}

/** Fails before any connection if everyone could read an artifact. */
export async function refuseExposure(
  { stores, encryption, allowPlaintextOnPublic, githubToken: token }: BackupInputs,
  { repository }: RunnerEnvironment,
  signal: AbortSignal,
): Promise<Exposure | undefined> {
  if (encryption) return undefined;
  const exposure = await exposureOf({ repository, token, env: process.env, signal });
  const isDownloadable = stores.some(({ kind }) => kind === 'artifact');
  if (exposure && isDownloadable) requireAllowed(exposure, allowPlaintextOnPublic);
  return exposure;
}

/** What the stores need of the job. */
interface StoresRequest {
  readonly ready: readonly ReadyStore[];
  readonly runner: RunnerEnvironment;
  readonly retention: Retention;
  /** For the file of a record. */
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/** Opens the stores, in their order; nothing is asked yet. */
export function openStores(
  { githubToken: token, skipIfUnchanged }: BackupInputs,
  { ready, runner, retention, workFolder, signal }: StoresRequest,
): readonly BackupStore[] {
  const env = process.env;
  const repository = ownRepository(runner.repository);
  // Without it, only the list in the summary depends on what is stored, which is not worth a long wait.
  const retries = skipIfUnchanged ? USUAL_RETRIES : FEW_RETRIES;
  const artifacts = (): BackupStore => ({
    ...artifactReader({
      ...{ repository, isOwnRepository: true, token, env, retries, signal },
      permission: 'read',
    }),
    ...artifactWriter({ env, retention, folder: workFolder.path }),
  });
  return ready.map((store) => {
    switch (store.kind) {
      case 'artifact':
        return artifacts();
      case 'bucket':
        return bucketStore(store.bucket.place, signal, () => Promise.resolve(store.bucket));
      case 'folder':
        return folderStore(store.place, signal);
    }
  });
}
