import { type Exposure, exposureOf, requireAllowed } from '../github/privacy.ts';
import { FEW_RETRIES, USUAL_RETRIES } from '../runner/retry-policy.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { requireArtifactService } from '../storage/artifact/artifact-service.ts';
import type { Retention } from '../storage/artifact/retention.ts';
import { folderPlace, requireWritablePlace } from '../storage/folder/folder-place.ts';
import { openWritableStore } from '../storage/open-store.ts';
import type { BackupStore } from '../storage/store.ts';
import type { BackupInputs } from './backup-inputs.ts';

/** Fails before any work if a store cannot be written to. */
export async function requireStores(
  { stores }: BackupInputs,
  { workspace }: RunnerEnvironment,
): Promise<void> {
  for (const store of stores) {
    if (store.kind === 'artifact') requireArtifactService(process.env);
    else await requireWritablePlace(folderPlace(store.given, workspace));
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

/** Opens what `storage` names, in its order. */
export function openStores(
  { stores, githubToken: token, skipIfUnchanged }: BackupInputs,
  runner: RunnerEnvironment,
  kept: Retention,
  signal: AbortSignal,
): readonly BackupStore[] {
  // Without it, only the list in the summary depends on what is stored, which is not worth a long wait.
  const retries = skipIfUnchanged ? USUAL_RETRIES : FEW_RETRIES;
  return stores.map((line) => openWritableStore(line, { runner, retention: kept, token, retries, signal }));
}
