import { UserError } from '../errors.ts';
import { bytes, minute } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { Stopwatch } from '../runner/stopwatch.ts';
import { type Retention, retentionInWords, shortenedRetention } from '../storage/artifact/retention.ts';
import type { BackupRecord } from '../storage/record.ts';
import { type StoredBackup, addressOf } from '../storage/store.ts';
import { type BackupProgress, noteStored } from './backup-outcome.ts';
import type { PendingCopies } from './pending-copies.ts';
import type { AlreadyStored } from './previous-backups.ts';
import type { PublishedBackup } from './published-backup.ts';

/** The parts of a backup job that the publication needs. */
export interface PublishingJob {
  readonly retention: Retention;
  readonly stopwatch: Stopwatch;
  readonly progress: BackupProgress;
}

/** Reports the stored backups instead of storing the same again. */
export function reuseExisting(previous: readonly AlreadyStored[]): PublishedBackup {
  for (const { stored, store } of previous) {
    const until = stored.expiresAt ? `, which is kept until ${minute(stored.expiresAt)}` : '';
    log.info(`Unchanged since ${stored.name} in ${store}${until}: not stored again`);
  }
  return {
    copies: previous.map(({ stored, record }) => ({ ...stored, sha256: record.file.sha256 })),
    notReadBack: [],
    retention: 'set when it was uploaded',
    unchanged: true,
  };
}

/**
 * Makes the copies backups: all of them, or none.
 *
 * @throws the error of a store; it says which copies are there all the same, if they cannot be removed.
 */
export async function publish(
  { retention, stopwatch, progress }: PublishingJob,
  record: BackupRecord,
  copies: PendingCopies,
): Promise<PublishedBackup> {
  const made: StoredBackup[] = [];
  let notReadBack: readonly string[];
  try {
    notReadBack = await stopwatch.time('Commit', () => copies.commit(record.file));
    await stopwatch.time('Record', () =>
      copies.finish(record, (copy) => {
        made.push(copy);
        noteStored(progress, locationsOf(made, copies.count));
      }),
    );
  } catch (error) {
    const left = await copies.withdraw();
    // What could not be removed is no backup either: the error says so.
    noteStored(progress, undefined);
    throw withLeft(error, left);
  }
  const kept = retentionInWords(retention);
  const size = bytes(record.file.size);
  for (const { name, location } of made) {
    if (location.kind === 'artifact') log.info(`Uploaded ${name} (${size}); kept for ${kept}`);
    else log.info(`Wrote ${addressOf(location)} (${size})`);
  }
  const shortened = shortenedRetention(retention);
  if (shortened !== undefined && made.some(({ location }) => location.kind === 'artifact'))
    log.warning(shortened);
  for (const why of notReadBack) log.warning(why);
  return { copies: made, notReadBack, retention: kept, unchanged: false };
}

/** Where it is stored; while there are more copies to come, how many there are. */
function locationsOf(made: readonly StoredBackup[], count: number): string {
  const rest = made.length < count ? ` (${made.length} of ${count} copies)` : '';
  return made.map(locationOf).join(' and ') + rest;
}

function locationOf({ name, location }: StoredBackup): string {
  return location.kind === 'artifact'
    ? `the artifact ${name}`
    : `the ${location.kind} ${addressOf(location)}`;
}

/** Adds what could not be removed, and must not be used. A cancellation is not changed; warnings are logged instead. */
function withLeft(error: unknown, left: readonly string[]): unknown {
  if (left.length === 0) return error;
  if (error instanceof UserError) {
    return error.reworded({ message: (text) => [text, ...left].join(' '), cause: error });
  }
  for (const why of left) log.warning(why);
  return error;
}
