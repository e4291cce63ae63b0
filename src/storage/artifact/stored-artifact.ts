import { count } from '../../runner/format.ts';
import { type NamedBackup, readArtifactName } from '../artifact-name.ts';

/**
 * Whose code made an artifact. A pull request from a fork runs in the base repository, which lists its artifacts too:
 * whoever can open one can name an artifact like a backup. Where GitHub does not tell, it may be that of a fork that was
 * deleted since, so only `own` counts.
 */
export type Origin = 'own' | 'fork' | 'unknown';

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
  /** What its name tells; undefined when it cannot be a backup of this action. */
  readonly backup: NamedBackup | undefined;
}

/** An artifact that this action has made. */
export type StoredBackup = StoredArtifact & { readonly backup: NamedBackup };

/** An artifact, and the URL of its content. */
export interface Located<T extends StoredArtifact = StoredArtifact> {
  readonly artifact: T;
  /**
   * A URL from which the content can be read for some minutes, without a token; it is a secret.
   *
   * @throws UserError when the service refuses or fails.
   */
  readonly signedUrl: () => Promise<string>;
}

/** In bytes, the header of an archive of pg_dump with empty names. What is smaller cannot be restored; an encrypted backup is larger. */
const SMALLEST_BACKUP = 72;

/** Completes an artifact as a service describes it. */
export function storedArtifact(
  listed: Omit<StoredArtifact, 'digest' | 'backup'>,
  digest: unknown,
): StoredArtifact {
  const canBeBackup = listed.origin === 'own' && listed.size >= SMALLEST_BACKUP;
  return {
    ...listed,
    digest: sha256Of(digest),
    backup: canBeBackup ? readArtifactName(listed.name) : undefined,
  };
}

/**
 * What has the name of a backup and is none, as a sentence; undefined when there is nothing of the kind.
 *
 * @param backupName of which series; undefined: of any.
 */
export function ignoredInWords(
  artifacts: readonly Located[],
  backupName: string | undefined,
): string | undefined {
  const ignored = artifacts
    .map(({ artifact }) => artifact)
    .filter(({ name, backup, expired }) => {
      const named = backup || expired ? undefined : readArtifactName(name);
      return named && (backupName ?? named.backupName) === named.backupName;
    });
  if (ignored.length === 0) return undefined;
  const notOwn = ignored.filter(({ origin }) => origin !== 'own').length;
  const tooSmall = ignored.length - notOwn;
  const kinds = [
    ...(notOwn > 0 ? [`${notOwn} not made by this repository's own code (pull requests from forks)`] : []),
    ...(tooSmall > 0 ? [`${tooSmall} too small for a backup`] : []),
  ];
  return `Ignored ${count(ignored.length, 'artifact')} named like a backup: ${kinds.join(', ')}.`;
}

export function isBackup(located: Located): located is Located<StoredBackup> {
  return located.artifact.backup !== undefined;
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
