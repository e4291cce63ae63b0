import { type Exposure, exposureOf, requireAllowed } from '../github/privacy.ts';
import { ownRepository } from '../github/repository.ts';
import { FEW_RETRIES, USUAL_RETRIES } from '../runner/retry-policy.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { artifactReader } from '../storage/artifact/artifact-reader.ts';
import { requireArtifactService } from '../storage/artifact/artifact-service.ts';
import { artifactWriter } from '../storage/artifact/artifact-writer.ts';
import type { Retention } from '../storage/artifact/retention.ts';
import { folderPlace, requireWritablePlace } from '../storage/folder/folder-place.ts';
import { folderStore } from '../storage/folder/folder-store.ts';
import type { BucketPlace } from '../storage/s3/bucket-place.ts';
import { bucketStore } from '../storage/s3/bucket-store.ts';
import { type Bucket, connectBucket } from '../storage/s3/s3-client.ts';
import type { BackupStore } from '../storage/store.ts';
import type { BackupInputs } from './backup-inputs.ts';

/** The buckets that are ready for a backup. */
type ConnectedBuckets = ReadonlyMap<BucketPlace, Bucket>;

/**
 * Fails before any work if a store cannot be written to, as far as that shows without writing.
 *
 * @returns the buckets, for which there are credentials.
 */
export async function requireStores(
  { stores }: BackupInputs,
  { workspace }: RunnerEnvironment,
): Promise<ConnectedBuckets> {
  const buckets = new Map<BucketPlace, Bucket>();
  for (const store of stores) {
    switch (store.kind) {
      case 'artifact':
        requireArtifactService(process.env);
        break;
      case 'bucket':
        buckets.set(store.place, await connectBucket(store.place, process.env));
        break;
      case 'folder':
        await requireWritablePlace(folderPlace(store.given, workspace));
    }
  }
  return buckets;
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
  readonly buckets: ConnectedBuckets;
  readonly runner: RunnerEnvironment;
  readonly retention: Retention;
  /** For the file of a record. */
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/** Opens what `storage` names, in its order; nothing is asked yet. */
export function openStores(
  { stores, githubToken: token, skipIfUnchanged }: BackupInputs,
  { buckets, runner, retention, workFolder, signal }: StoresRequest,
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
  return stores.map((line) => {
    switch (line.kind) {
      case 'artifact':
        return artifacts();
      case 'bucket':
        return bucketStore(line.place, signal, () => bucketAt(line.place, buckets));
      case 'folder':
        return folderStore(folderPlace(line.given, runner.workspace), signal);
    }
  });
}

async function bucketAt(place: BucketPlace, connected: ConnectedBuckets): Promise<Bucket> {
  return connected.get(place) ?? connectBucket(place, process.env);
}
