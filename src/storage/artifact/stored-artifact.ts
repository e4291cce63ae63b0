import type { Origin } from '../../github/fork-rules.ts';
import { SMALLEST_BACKUP, UNFINISHED, ignoredInWords } from '../unfinished.ts';
import { type BackupFileName, fileOfRecord, readBackupFileName, recordName } from '../backup-file-name.ts';

/** An artifact as the service lists it. */
export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The SHA-256 of the content in hexadecimal; undefined when the service recorded none. */
  readonly digest: string | undefined;
  readonly createdAt: Date;
  /** Undefined when the list does not contain it, like that of the own run. */
  readonly expiresAt: Date | undefined;
  /** Whether its content was deleted. */
  readonly expired: boolean;
  /** The workflow run that made it, where the service says so. */
  readonly runId: number | undefined;
  readonly origin: Origin;
  /** What its name tells; undefined when it cannot be the file of a backup. */
  readonly backup: BackupFileName | undefined;
}

/** An artifact, and the URL of its content. */
export interface Located {
  readonly artifact: StoredArtifact;
  /** The artifact with its record; undefined when none was found. */
  readonly record?: Located | undefined;
  /**
   * A URL from which the content can be read for some minutes, without a token; it is a secret.
   *
   * @throws UserError when the service refuses or fails.
   */
  readonly signedUrl: () => Promise<string>;
}

/** The file of a backup, which may be unfinished. */
export interface LocatedFile extends Located {
  readonly artifact: StoredArtifact & { readonly backup: BackupFileName };
}

/** The file of a finished backup, and its record. */
export interface LocatedBackup extends LocatedFile {
  readonly record: Located;
}

/** Completes an artifact as a service describes it. */
export function storedArtifact(
  listed: Omit<StoredArtifact, 'digest' | 'backup'>,
  digest: unknown,
): StoredArtifact {
  const canBeBackup = listed.origin === 'own' && listed.size >= SMALLEST_BACKUP;
  return {
    ...listed,
    digest: sha256Of(digest),
    backup: canBeBackup ? readBackupFileName(listed.name) : undefined,
  };
}

/**
 * Finds the record of each backup among these artifacts: made by the same run, by the repository's own code, and not expired
 * before the backup itself.
 */
export function withRecords(artifacts: readonly Located[]): Located[] {
  const records = Map.groupBy(artifacts.filter(canBeRecord), ({ artifact }) => artifact.name);
  return artifacts.map((located) => {
    if (!located.artifact.backup) return located;
    const named = records.get(recordName(located.artifact.name)) ?? [];
    return { ...located, record: named.find((record) => belongs(record, located)) };
  });
}

function canBeRecord({ artifact: { name, origin, size } }: Located): boolean {
  return origin === 'own' && size > 0 && fileOfRecord(name) !== undefined;
}

function belongs({ artifact: record }: Located, { artifact: file }: Located): boolean {
  const isOfRun = record.runId === undefined || file.runId === undefined || record.runId === file.runId;
  return isOfRun && (!record.expired || file.expired);
}

/**
 * What has the name of a backup and is none, as a sentence; undefined when there is nothing of the kind.
 *
 * @param artifacts with their records.
 * @param backupName of which series; undefined: of any.
 */
export function ignoredArtifacts(
  artifacts: readonly Located[],
  backupName: string | undefined,
): string | undefined {
  const ignored = artifacts
    .filter((located) => {
      if (located.artifact.expired || isBackup(located)) return false;
      const named = readBackupFileName(located.artifact.name);
      return named && (backupName ?? named.backupName) === named.backupName;
    })
    .map(({ artifact }) => artifact);
  const notOwn = ignored.filter(({ origin }) => origin !== 'own').length;
  const unfinished = ignored.filter(({ backup }) => backup).length;
  return ignoredInWords('artifact', [
    [notOwn, "not made by this repository's own code (pull requests from forks)"],
    [unfinished, UNFINISHED],
    [ignored.length - notOwn - unfinished, 'too small for a backup'],
  ]);
}

/** Whether it is the file of a backup, which may be unfinished. */
export function isFileOfBackup(located: Located): located is LocatedFile {
  return located.artifact.backup !== undefined;
}

/** Whether it is a backup: a file with a record. */
export function isBackup(located: Located): located is LocatedBackup {
  return isFileOfBackup(located) && located.record !== undefined;
}

/**
 * Sorts artifacts, the newest first. The list of a repository has whole seconds, that of a run fractions too, so
 * only seconds are compared, and then the ids, which increase.
 */
export function newestFirst({ artifact: a }: Located, { artifact: b }: Located): number {
  return seconds(b.createdAt) - seconds(a.createdAt) || b.id - a.id;
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

/** `sha256:` and hex digits, as the service records it; undefined for anything else. */
function sha256Of(digest: unknown): string | undefined {
  return typeof digest === 'string' ? /^sha256:([0-9a-f]{64})$/i.exec(digest)?.[1]?.toLowerCase() : undefined;
}
