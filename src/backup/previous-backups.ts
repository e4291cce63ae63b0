import { UserError } from '../errors.ts';
import { bytes } from '../runner/format.ts';
import { log } from '../runner/log.ts';
import type { BackupRecord } from '../storage/record.ts';
import type { BackupReader, Series, StoredBackup } from '../storage/store.ts';
import { type FreshBackup, isAlreadyStored } from './unchanged.ts';

/** The stored backups of the same database in one store. */
export interface PreviousBackups {
  /** Of the store, for messages. */
  readonly store: string;
  readonly series: Series;
  /** The record of the newest; undefined when there is none, or it cannot be read. */
  readonly record: BackupRecord | undefined;
}

/** A stored backup, and what its record says. */
export interface AlreadyStored {
  /** For messages. */
  readonly store: string;
  readonly stored: StoredBackup;
  readonly record: BackupRecord;
}

/** A backup that is smaller than this part of the previous one causes a warning. */
const FAR_SMALLER = 0.5;

/** Lists the stored backups of the same database in each store; undefined for one where that fails. */
export async function findPreviousBackups({
  stores,
  ...request
}: Omit<Search, 'store'> & { readonly stores: readonly BackupReader[] }): Promise<
  readonly (PreviousBackups | undefined)[]
> {
  return Promise.all(stores.map((store) => findIn({ ...request, store })));
}

/** What is searched for, and where. */
interface Search {
  readonly store: BackupReader;
  readonly backupName: string;
  /** Whether an unchanged database is not stored again: then a failure is a warning. */
  readonly maySkip: boolean;
  readonly signal: AbortSignal;
}

/**
 * Lists the stored backups of the same database. If they cannot be listed, the backup continues without them.
 *
 * @returns undefined when they cannot be listed.
 */
async function findIn({ store, backupName, maySkip, signal }: Search): Promise<PreviousBackups | undefined> {
  const failed = (error: unknown): undefined => {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const why = `${error.message} ${error.hint}`;
    if (maySkip) {
      log.warning(`if-unchanged: the previous backups could not be listed, so this one is stored. ${why}`);
    } else log.debug(`The previous backup cannot be compared: ${why}`);
    return undefined;
  };
  try {
    const series = await store.list(backupName);
    const [newest] = series.backups;
    const record = newest && (await store.record(newest).catch(failed));
    return { store: store.name, series, record };
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** The stored backups that make this one unnecessary; undefined when a store has none. */
export function storedAlready(
  previous: readonly (PreviousBackups | undefined)[],
  fresh: FreshBackup,
): readonly AlreadyStored[] | undefined {
  const now = new Date();
  const already = previous.flatMap((found): readonly AlreadyStored[] => {
    if (!found?.record) return [];
    const { store, series, record } = found;
    return series.backups
      .slice(0, 1)
      .filter((newest) => isAlreadyStored(newest, record, fresh, now))
      .map((stored) => ({ store, stored, record }));
  });
  return already.length === previous.length ? already : undefined;
}

/** Warns of a backup that is far smaller than the previous one: rows may have been deleted by mistake. */
export function warnOfShrinking(
  previous: PreviousBackups | undefined,
  fresh: { readonly size: number; readonly encrypted: boolean },
): void {
  const [newest] = previous?.series.backups ?? [];
  if (newest?.backup.encrypted !== fresh.encrypted || fresh.size >= newest.size * FAR_SMALLER) return;
  log.warning(
    `The backup is far smaller than the previous one: ${bytes(fresh.size)}, and ${newest.name} has ${bytes(newest.size)}. Check that nothing is missing in the database.`,
  );
}
