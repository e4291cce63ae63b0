import { UserError } from '../errors.ts';
import { type Repository, readRepository } from '../github/repository.ts';
import { checkedBackupName } from '../storage/backup-name.ts';
import type { StoreSource } from '../storage/open-store.ts';
import { type StoreLine, readStore } from '../storage/store-inputs.ts';
import type { WantedBackup } from '../storage/wanted-backup.ts';
import { quote } from '../runner/inputs/parsers.ts';

/** Where the backup comes from: a file on the runner, or a store. */
export type BackupSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stored'; readonly wanted: WantedBackup; readonly store: StoreSource };

/** The inputs that say which backup is meant, as they stand in the workflow. */
export interface BackupSourceTexts {
  readonly storage: string;
  readonly backup: string;
  readonly backupName: string;
  readonly path: string;
  readonly repository: string;
  readonly token: string;
}

const LATEST = 'latest';
const ARTIFACT = 'artifact';

/**
 * Reads `storage`, `backup`, `backup-name`, `path` and `repository` together.
 *
 * @param ownRepository `owner/name` of the repository that the job runs in; empty outside GitHub.
 * @throws UserError when two of them contradict each other, or one cannot be read.
 */
export function backupSource(texts: BackupSourceTexts, ownRepository: string): BackupSource {
  if (texts.path !== '') return fileSource(texts);
  const wanted = wantedBackup(texts.backup, texts.backupName);
  return { kind: 'stored', wanted, store: storeSource(texts, ownRepository) };
}

function storeSource(texts: BackupSourceTexts, ownRepository: string): StoreSource {
  const line: StoreLine = readStore('storage', texts.storage);
  if (line.kind === 'artifact') {
    return { ...line, repository: repository(texts.repository, ownRepository), token: texts.token };
  }
  if (texts.repository === '') return line;
  throw new UserError(
    'invalid-input',
    `repository is set, and storage is ${quote(texts.storage.trim())}: a repository has artifacts only.`,
    `Remove repository, or write "storage: ${ARTIFACT}".`,
  );
}

function fileSource({
  storage,
  backup,
  backupName,
  path,
  repository: repositoryText,
}: BackupSourceTexts): BackupSource {
  const storeInputs = {
    storage: storage === ARTIFACT ? '' : storage,
    backup: backup === LATEST ? '' : backup,
    'backup-name': backupName,
    repository: repositoryText,
  };
  const [contradiction] = Object.entries(storeInputs).find(([, value]) => value !== '') ?? [];
  if (contradiction === undefined) return { kind: 'file', path };
  throw new UserError(
    'invalid-input',
    `path and ${contradiction} are both set, and a backup comes from a file or from a store.`,
    `Keep path to restore the file ${quote(path)}, or ${contradiction} to restore from a store.`,
  );
}

function wantedBackup(backup: string, backupName: string): WantedBackup {
  if (backup === LATEST) {
    return {
      kind: 'latest',
      backupName: backupName === '' ? undefined : checkedBackupName('backup-name', backupName),
    };
  }
  if (backup === '') {
    throw new UserError(
      'invalid-input',
      'backup: the value is empty.',
      `Write "backup: ${LATEST}", the name of the backup's file (the output backup-file), or the id of its artifact; or leave it out for the latest.`,
    );
  }
  if (backupName !== '') {
    throw new UserError(
      'invalid-input',
      `backup-name says whose latest backup is wanted, and backup names one already: ${quote(backup)}.`,
      `Remove backup-name, or write "backup: ${LATEST}".`,
    );
  }
  if (!/^\d+$/.test(backup)) return { kind: 'name', name: backup };
  const id = Number(backup);
  if (Number.isSafeInteger(id) && id > 0) return { kind: 'id', id };
  throw new UserError(
    'invalid-input',
    `backup: ${quote(backup)} is not the id of an artifact.`,
    'Use the output artifact-id of the backup, or the number at the end of the address of the artifact.',
  );
}

function repository(text: string, own: string): Repository {
  if (text === '' && own === '') {
    throw new UserError(
      'invalid-input',
      'repository: the value is empty, and GITHUB_REPOSITORY is not set.',
      'Set "repository: owner/name", or path to restore a file.',
    );
  }
  const read = readRepository(text || own);
  if (read) return read;
  throw new UserError(
    'invalid-input',
    `repository: ${quote(text || own)} is not the name of a repository.`,
    'Write it as owner/name, without https:// and without the name of the host.',
  );
}
