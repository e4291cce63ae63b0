import type { StoredBackup } from '../storage/artifact/stored-artifact.ts';

/** A new backup that has not been uploaded yet. */
export interface FreshBackup {
  /** Identifies its content, and who can decrypt it. */
  readonly tag: string;
  readonly encrypted: boolean;
}

/**
 * Whether the newest stored backup has the same content and enough time left, so that a new one need not be uploaded. An
 * unchanged database is uploaded again when less than half of the retention is left, so it always has a backup.
 *
 * An encrypted backup does not replace a plain one, nor the other way round.
 *
 * @param newest the newest unexpired backup of the series; undefined when there is none.
 */
export function isAlreadyStored(newest: StoredBackup | undefined, fresh: FreshBackup, now: Date): boolean {
  if (newest?.expiresAt === undefined || newest.expired) return false;
  const { backup, createdAt, expiresAt } = newest;
  if (backup.tag !== fresh.tag || backup.encrypted !== fresh.encrypted) return false;
  const retention = expiresAt.getTime() - createdAt.getTime();
  const left = expiresAt.getTime() - now.getTime();
  return left >= retention / 2;
}
