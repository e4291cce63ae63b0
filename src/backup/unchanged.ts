import type { StoredBackup } from '../storage/artifact/stored-artifact.ts';

/** A fresh backup that has not been uploaded yet. */
export interface FreshBackup {
  /** What its name tells of its content, and of who can open it. */
  readonly tag: string;
  readonly encrypted: boolean;
}

/**
 * Whether a fresh backup need not be uploaded, because the newest of its series holds the same and will still be there
 * for a while: a database that nobody changes is uploaded again when less than half of the retention is left, so it
 * never runs out of backups.
 *
 * The artifact's name tells of the content, and of those who can open it. An encrypted backup does not stand in for a plain
 * one, nor the other way round.
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
