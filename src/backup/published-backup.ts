/** The file that is stored. */
export interface BackupFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** The artifact of a backup. */
export interface PublishedArtifact {
  readonly id: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** The run that made it. */
  readonly runId: string;
  readonly expiresAt: Date;
  /** For how long, as text. */
  readonly retention: string;
}

/** Where a backup is stored. */
export interface PublishedBackup {
  readonly artifact: PublishedArtifact | undefined;
  readonly keptAt: string | undefined;
  /** Whether the artifact is a previous backup with the same content. */
  readonly unchanged: boolean;
}
