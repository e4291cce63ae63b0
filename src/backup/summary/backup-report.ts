import type { Manifest } from '../../archive/content/manifest.ts';
import type { ServerFacts } from '../../postgres/preflight.ts';
import type { Encryption } from '../../age/age-inputs.ts';
import type { Exposure } from '../../github/privacy.ts';
import { isOpenRecord } from '../../storage/record.ts';
import type { StoredBackup } from '../../storage/store.ts';
import type { ParallelOutcome } from '../dump/archive-writer.ts';
import type { Comparison } from '../compare-previous.ts';
import type { PreviousBackups } from '../previous-backups.ts';
import { type TestRestoredOn, backupSummary } from './backup-summary.ts';
import type { RestoreCommand } from './restore-command.ts';
import { catalogue, catalogueEntry } from '../../storage/catalogue.ts';
import type { Durations } from '../../runner/durations.ts';
import { finish } from '../../runner/finish.ts';
import type { NotIncluded } from '../not-included/not-included.ts';
import type { PublishedBackup } from '../published-backup.ts';

/** Everything that is reported about a backup. */
export interface BackupReport extends PublishedBackup, Durations {
  readonly server: ServerFacts;
  readonly address: string;
  readonly clientVersion: string;
  readonly compression: string;
  /** Undefined: it was dumped as one stream. */
  readonly parallel: ParallelOutcome | undefined;
  /** Undefined where nothing of it may show. */
  readonly content: Manifest | undefined;
  /** Undefined without a test restore. */
  readonly testRestore: TestRestoredOn | undefined;
  readonly backupName: string;
  /** Undefined where there is nothing to compare with. */
  readonly comparison: Comparison | undefined;
  /** The stored backups of the same database in each store, in the order of the copies; undefined where they could not be listed. */
  readonly previous: readonly (PreviousBackups | undefined)[];
  readonly encryption: Encryption | undefined;
  /** Without names where nothing of the content may show. */
  readonly notIncluded: readonly NotIncluded[];
  /** Who else can read it; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  /** `owner/name`. */
  readonly repository: string;
  readonly restoring: RestoreCommand;
}

/** Reports a backup: outputs, summary, log. */
export async function reportBackup(report: BackupReport): Promise<void> {
  const { server, phases, totalMs } = report;
  const summary = backupSummary({
    ...report,
    database: server.database,
    serverVersion: server.version,
    encoding: server.encoding,
    databaseBytes: server.databaseBytes,
    series: seriesOf(report),
  });
  await finish({ outputs: outputs(report), summary, phases, totalMs });
}

/** The series of each store with the new backup in it, as sections of the summary. */
function seriesOf({ copies, backupName, previous, content, unchanged }: BackupReport): string[] {
  return copies.flatMap((copy, index) => {
    const found = previous[index];
    if (!found) return [];
    const { series, store, record } = found;
    const rows = content && record && isOpenRecord(record) ? record.content.rows : undefined;
    const made = unchanged ? [] : [{ ...catalogueEntry(copy), rows: content?.rows }];
    const entries = [
      ...made,
      ...series.backups.map((stored, place) => ({
        ...catalogueEntry(stored),
        rows: place === 0 ? rows : undefined,
      })),
    ];
    const { ignored } = series;
    const now = new Date();
    return [catalogue({ backupName, store: copies.length > 1 ? store : undefined, entries, ignored, now })];
  });
}

function outputs(report: BackupReport): Readonly<Record<string, string>> {
  const { copies, content, server } = report;
  const [first] = copies;
  return {
    'backup-file': first?.name ?? '',
    'backup-url': first ? urlOf(first) : '',
    ...artifactOutputs(copies),
    'backup-path':
      copies.flatMap(({ location }) => (location.kind === 'file' ? [location.path] : []))[0] ?? '',
    'backup-size': String(first?.size ?? ''),
    'backup-sha256': first?.sha256 ?? '',
    'content-digest': content?.contentDigest ?? '',
    database: server.database,
    'server-version': server.version,
    'client-version': report.clientVersion,
    tables: String(content?.tables.length ?? ''),
    rows: String(content?.rows ?? ''),
    unchanged: String(report.unchanged),
    'changed-tables': changedTables(report),
    'duration-seconds': (report.totalMs / 1000).toFixed(1),
  };
}

/** Empty where the tables could not be compared. */
function changedTables({ comparison, unchanged }: BackupReport): string {
  if (unchanged) return '[]';
  return comparison?.changes ? JSON.stringify(comparison.changes.tables) : '';
}

/** Of the page of an artifact, or of an object; a file has none. */
function urlOf({ location }: StoredBackup): string {
  if (location.kind === 'file') return '';
  return (location.kind === 'artifact' ? location.page : location.url) ?? '';
}

function artifactOutputs(copies: readonly StoredBackup[]): Readonly<Record<string, string>> {
  const artifact = copies.find(({ location }) => location.kind === 'artifact');
  return {
    'artifact-id': artifact?.location.kind === 'artifact' ? String(artifact.location.id) : '',
    'artifact-name': artifact?.name ?? '',
    'artifact-url': artifact ? urlOf(artifact) : '',
    'artifact-digest': artifact?.sha256 ?? '',
    'expires-at': artifact?.expiresAt?.toISOString() ?? '',
  };
}
