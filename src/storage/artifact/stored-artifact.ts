import { type NamedBackup, readArtifactName } from '../artifact-name.ts';

/** An artifact as the service lists it. */
export interface StoredArtifact {
  readonly id: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** The SHA-256 of the content in hex; undefined when the service recorded none. */
  readonly digest: string | undefined;
  readonly createdAt: Date;
  /** Undefined when the list does not say, as that of the own run. */
  readonly expiresAt: Date | undefined;
  /** Whether its content is gone. */
  readonly expired: boolean;
  /** The workflow run that made it, where the service says so. */
  readonly runId: number | undefined;
  /** What its name tells; undefined when this action has not named it. */
  readonly backup: NamedBackup | undefined;
}

/** An artifact that this action has made. */
export type StoredBackup = StoredArtifact & { readonly backup: NamedBackup };

/** An artifact, and the way to its content. */
export interface Located<T extends StoredArtifact = StoredArtifact> {
  readonly artifact: T;
  /**
   * An address from which the content can be read for some minutes, without any token; it is a secret.
   *
   * @throws UserError when the service refuses or fails.
   */
  readonly signedUrl: () => Promise<string>;
}

/** Completes what a service tells of an artifact. */
export function storedArtifact(
  listed: Omit<StoredArtifact, 'digest' | 'backup'>,
  digest: unknown,
): StoredArtifact {
  return { ...listed, digest: sha256Of(digest), backup: readArtifactName(listed.name) };
}

export function isBackup(located: Located): located is Located<StoredBackup> {
  return located.artifact.backup !== undefined;
}

/**
 * Orders artifacts, the newest first. The lists of a repository tell whole seconds, that of a run fractions too, so
 * only seconds count; within one, the ids do, which grow.
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
