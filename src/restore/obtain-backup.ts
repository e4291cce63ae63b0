import { stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import { type TableOfContents, readTableOfContents } from '../archive/toc/table-of-contents.ts';
import { digestFile } from '../process/file-digest.ts';
import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { RunnerEnvironment } from '../runner/runner-environment.ts';
import type { WorkFolder } from '../runner/work-folder.ts';
import { readBackupFileName } from '../storage/backup-file-name.ts';
import { downloadBackup } from '../storage/download.ts';
import { readRecordBeside } from '../storage/folder/record-file.ts';
import { openStore } from '../storage/open-store.ts';
import type { BackupRecord } from '../storage/record.ts';
import type { FileFacts } from '../storage/store.ts';
import type { BackupSource } from './backup-source.ts';
import { openBackup } from './open-backup.ts';
import type { RestoreInputs } from './restore-inputs.ts';
import type { RestoreSource } from './restore-summary.ts';

/** A backup that is on the disk, open to be read. */
export interface ObtainedBackup {
  readonly source: RestoreSource;
  /** The archive, decrypted. */
  readonly archive: string;
  readonly contents: TableOfContents;
  /** The file as it is stored; undefined: it is the archive itself. */
  readonly stored: FileFacts | undefined;
  /** Undefined: there is none. */
  readonly record: BackupRecord | undefined;
}

/** What is needed to get a backup. */
interface ObtainingJob {
  readonly inputs: RestoreInputs;
  readonly runner: RunnerEnvironment;
  readonly workFolder: WorkFolder;
  readonly signal: AbortSignal;
}

/** A file as it was found, with its record. */
interface FoundFile extends Pick<ObtainedBackup, 'source' | 'record'> {
  readonly file: string;
  /** Undefined: not known yet. */
  readonly sha256: string | undefined;
}

/** Downloads the backup, or takes the local file, decrypts it if need be, and reads its table of contents. */
export async function obtainBackup(job: ObtainingJob): Promise<ObtainedBackup> {
  const { inputs, workFolder, signal } = job;
  const found = await (inputs.source.kind === 'file'
    ? localFile(inputs.source.path, job.runner)
    : storedFile(job, inputs.source));
  const { file, source, record } = found;
  const target = path.join(workFolder.path, 'archive');
  const archive = await openBackup({ file, keys: inputs.keys, target, signal });
  const contents = await readTableOfContents(archive, signal);
  log.info(
    `The backup is of ${contents.database}, PostgreSQL ${contents.serverVersion}, ` +
      `dumped by pg_dump ${contents.dumpVersion}`,
  );
  // What is not encrypted is read whole anyway.
  const stored = archive === file ? undefined : await factsOf(found, signal);
  return { source, archive, contents, stored, record };
}

async function factsOf({ file, sha256 }: FoundFile, signal: AbortSignal): Promise<FileFacts> {
  return sha256 === undefined ? digestFile(file, signal) : { size: (await stat(file)).size, sha256 };
}

async function localFile(given: string, { workspace }: RunnerEnvironment): Promise<FoundFile> {
  const file = path.resolve(workspace, given);
  const name = path.basename(file);
  try {
    const { size } = await stat(file);
    log.info(`Restoring from the file ${given} (${bytes(size)})`);
    const record = readBackupFileName(name) && (await readRecordBeside(file, { name, size }));
    return { file, source: { kind: 'file', path: given }, record, sha256: undefined };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'not-a-backup',
      `path: ${JSON.stringify(given)} cannot be read: ${messageOf(error)}`,
      'Give the path of a backup, relative to the workspace.',
      { cause: error, silent: 'same' },
    );
  }
}

async function storedFile(
  { runner, workFolder, signal }: ObtainingJob,
  { wanted, store: from }: BackupSource & { kind: 'stored' },
): Promise<FoundFile> {
  const store = openStore(from, { runner, permission: 'read', signal });
  const stored = await store.find(wanted);
  const record = await store.record(stored);
  const source = { kind: 'stored', file: stored } as const;
  if (stored.location.kind === 'file') {
    log.info(`Restoring from ${stored.name} in ${store.name} (${bytes(stored.size)})`);
    return { file: stored.location.path, source, record, sha256: undefined };
  }
  // Not a copy of `stored` with the SHA-256: the store knows its own objects only.
  const options = { folder: workFolder.path, sha256: record?.file.sha256, signal };
  const { path: file, sha256 } = await downloadBackup(store, stored, options);
  return { file, source, record, sha256 };
}
