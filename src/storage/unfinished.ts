import { count } from '../runner/format.ts';
import type { StoredFile } from './store.ts';

/** In bytes, the header of an archive of pg_dump with empty names. What is smaller cannot be restored; an encrypted backup is larger. */
export const SMALLEST_BACKUP = 72;
const DAY_MS = 86_400_000;

/** Whether an unfinished backup is old enough to be sure that no job is still at work on it. */
export function isLeftOver({ createdAt }: Pick<StoredFile, 'createdAt'>, now: Date): boolean {
  return now.getTime() - createdAt.getTime() > DAY_MS;
}

/**
 * What has the name of a backup and is none, as a sentence; undefined when there is nothing of the kind.
 *
 * @param what one of them.
 * @param kinds why, with how many there are.
 */
export function ignoredInWords(
  what: 'artifact' | 'file' | 'object',
  kinds: readonly (readonly [number: number, why: string])[],
): string | undefined {
  const found = kinds.filter(([number]) => number > 0);
  if (found.length === 0) return undefined;
  const total = found.reduce((sum, [number]) => sum + number, 0);
  const reasons = found.map(([number, why]) => `${number} ${why}`).join(', ');
  return `Ignored ${count(total, what)} named like a backup: ${reasons}.`;
}

export const UNFINISHED = 'unfinished (without a record)';
