import type { BackupRecord } from '../storage/record.ts';
import { exposureOf } from '../github/privacy.ts';
import { withholdContent } from '../github/withhold-content.ts';
import { type KnownRows, knownRows } from './row-losses.ts';
import type { BackupReader, StoredBackup } from '../storage/store.ts';

/** Each is a download of its own where backups are artifacts. */
const AT_ONCE = 6;
const MOST_SAMPLED = 60;

/** The job that reads records. */
export interface RecordReader {
  /** `check`, for the messages. */
  readonly action: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly githubToken: string;
  readonly signal: AbortSignal;
}

/**
 * What is known of the rows of each backup, in their order. When one does, and others can read what
 * the job prints, nothing of the content of backups shows from then on.
 *
 * @throws UserError as `BackupReader.record`.
 */
export async function* rowsOfBackups(
  store: Pick<BackupReader, 'record'>,
  backups: readonly StoredBackup[],
  job: RecordReader,
): AsyncGenerator<KnownRows | undefined> {
  let isOpen = false;
  for await (const record of recordsOf(store, backups)) {
    const rows = knownRows(record);
    if (rows && !isOpen) await beSilent(job);
    isOpen ||= rows !== undefined;
    yield rows;
  }
}

async function beSilent({ action, repository, githubToken: token, signal }: RecordReader): Promise<void> {
  const exposure = await exposureOf({ repository, token, env: process.env, signal });
  withholdContent({ encrypted: false, exposure, remedy: `run the ${action} in a private repository` });
}

/**
 * Reads the records of backups, some at once, in their order.
 *
 * @throws UserError as `BackupReader.record`.
 */
async function* recordsOf(
  store: Pick<BackupReader, 'record'>,
  backups: readonly StoredBackup[],
): AsyncGenerator<BackupRecord | undefined> {
  const [queue, rest]: [Promise<BackupRecord | undefined>[], StoredBackup[]] = [[], [...backups]];
  const fill = (): void => {
    for (const backup of rest.splice(0, AT_ONCE - queue.length)) {
      // The record of an encrypted backup does not tell its rows: it need not be read.
      const record = backup.backup.encrypted ? Promise.resolve(undefined) : store.record(backup);
      // A failure is that of its turn.
      record.catch(() => undefined);
      queue.push(record);
    }
  };
  fill();
  while (queue.length > 0) {
    yield await queue.shift();
    fill();
  }
}

/** Of a long series, 60: the newest 30, and 30 of the older ones, evenly, with the oldest. */
export function sampled<T>(series: readonly T[]): readonly T[] {
  if (series.length <= MOST_SAMPLED) return series;
  const half = MOST_SAMPLED / 2;
  const older = series.slice(half);
  const step = (older.length - 1) / (half - 1);
  return [
    ...series.slice(0, half),
    ...Array.from({ length: half }, (_, index) => older[Math.round(index * step)]).filter(
      (backup) => backup !== undefined,
    ),
  ];
}
