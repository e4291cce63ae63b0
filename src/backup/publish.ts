import { type BackupProgress, noteStored } from './backup-outcome.ts';
import type { AlreadyStored } from './previous-backups.ts';
import type { BackupInputs } from './backup-inputs.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import { bytes, minute } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { Stopwatch } from '../runner/stopwatch.ts';
import type { BackupFile, PublishedBackup } from './published-backup.ts';
import { type LocalDestination, stage } from '../storage/folder/local-copy.ts';
import { expiry, retention, retentionInWords } from '../storage/artifact/retention.ts';
import { verifyStoredCopy } from '../storage/artifact/stored-copy.ts';
import { upload } from '../storage/artifact/upload.ts';

/** The parts of a backup job that the publication needs. */
export interface PublishingJob {
  readonly inputs: Pick<BackupInputs, 'destination' | 'retentionDays'>;
  readonly runner: RunnerEnvironment;
  readonly stopwatch: Stopwatch;
  readonly progress: BackupProgress;
  readonly signal: AbortSignal;
}

/** Reports the stored backup instead of uploading the same again; keeps the new file on the disk if the inputs say so. */
export async function reuseExisting(
  stored: AlreadyStored,
  file: BackupFile,
  place: LocalDestination | undefined,
): Promise<PublishedBackup> {
  const { id, name, size, digest: sha256, runId, expiresAt } = stored;
  log.info(`Unchanged since ${name}, which is kept until ${minute(expiresAt)}: not uploaded again`);
  const staged = place && (await stage(file.path, place));
  try {
    return {
      artifact: {
        id,
        name,
        size,
        sha256,
        runId: String(runId ?? ''),
        expiresAt,
        retention: 'set when it was uploaded',
      },
      keptAt: await staged?.commit(),
      unchanged: true,
    };
  } finally {
    await staged?.discard();
  }
}

/** Uploads the archive, reads the stored copy back, and keeps the file on the disk if the inputs say so: both, or neither. */
export async function publish(
  { inputs, runner, stopwatch, progress, signal }: PublishingJob,
  file: BackupFile,
  place: LocalDestination | undefined,
): Promise<PublishedBackup> {
  const staged = place && (await stage(file.path, place));
  try {
    if (!inputs.destination.upload) {
      const keptAt = await staged?.commit();
      if (keptAt !== undefined) noteStored(progress, `the file ${keptAt}`);
      return { artifact: undefined, keptAt, unchanged: false };
    }
    const kept = retention(inputs.retentionDays, runner.retentionLimit);
    const { size, sha256 } = file;
    const { id, name } = await stopwatch.time('Upload', () =>
      upload({ file: file.path, size, sha256, retentionDays: kept.grantedDays, signal }),
    );
    await stopwatch.time('Verify upload', () =>
      verifyStoredCopy({ name, size, sha256 }, process.env, { signal }),
    );
    noteStored(progress, `the artifact ${name}`);
    const expiresAt = expiry(new Date(), kept);
    log.info(`Uploaded ${name} (${bytes(size)}); kept for ${retentionInWords(kept)}`);
    return {
      artifact: { id, name, size, sha256, runId: runner.runId, expiresAt, retention: retentionInWords(kept) },
      keptAt: await staged?.commit(),
      unchanged: false,
    };
  } finally {
    await staged?.discard();
  }
}
