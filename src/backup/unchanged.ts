import { type BackupRecord, isOpenRecord } from '../storage/record.ts';
import type { StoredBackup } from '../storage/store.ts';

/** A new backup that has not been stored yet. */
export interface FreshBackup {
  /** 64 hex digits. */
  readonly contentDigest: string;
  /** Identifies its content, and who can decrypt it; undefined when its record is to be an open one. */
  readonly contentTag: string | undefined;
}

/**
 * Whether the newest stored backup has the same content and enough time left, so that a new one need not be stored. An
 * unchanged database is stored again when less than half of the retention is left, so it always has a backup.
 *
 * An encrypted backup does not replace a plain one, nor the other way round.
 *
 * @param newest the newest unexpired backup of the series.
 */
export function isAlreadyStored(
  newest: StoredBackup,
  record: BackupRecord,
  fresh: FreshBackup,
  now: Date,
): boolean {
  return hasSameContent(record, fresh) && hasTimeLeft(newest, now);
}

function hasSameContent(record: BackupRecord, { contentDigest, contentTag }: FreshBackup): boolean {
  return isOpenRecord(record)
    ? contentTag === undefined && record.content.digest === contentDigest
    : record.contentTag === contentTag;
}

function hasTimeLeft({ location, createdAt, expiresAt }: StoredBackup, now: Date): boolean {
  // Only artifacts expire, and of one of which GitHub does not say when, nobody knows.
  if (expiresAt === undefined) return location.kind !== 'artifact';
  const retention = expiresAt.getTime() - createdAt.getTime();
  return expiresAt.getTime() - now.getTime() >= retention / 2;
}
