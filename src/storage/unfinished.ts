import type { StoredFile } from './store.ts';

/** In bytes, the header of an archive of pg_dump with empty names. What is smaller cannot be restored; an encrypted backup is larger. */
export const SMALLEST_BACKUP = 72;
const DAY_MS = 86_400_000;

/** Whether an unfinished backup is old enough to be sure that no job is still at work on it. */
export function isLeftOver({ createdAt }: Pick<StoredFile, 'createdAt'>, now: Date): boolean {
  return now.getTime() - createdAt.getTime() > DAY_MS;
}
