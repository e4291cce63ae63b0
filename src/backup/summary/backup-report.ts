import type { Manifest } from '../../archive/content/manifest.ts';
import type { ServerFacts } from '../../postgres/preflight.ts';
import type { Encryption } from '../../age/age-inputs.ts';
import type { RunnerEnvironment } from '../../runner/runner-environment.ts';
import type { Exposure } from '../../github/privacy.ts';
import type { Series } from '../../storage/artifact/series.ts';
import { type TestRestoredOn, backupSummary } from './backup-summary.ts';
import { catalogue, catalogueEntry } from '../../storage/catalogue.ts';
import type { Durations } from '../../runner/durations.ts';
import { finish } from '../../runner/finish.ts';
import type { BackupFile, PublishedBackup } from '../published-backup.ts';

/** Everything that is reported about a backup. */
export interface BackupReport extends PublishedBackup, Durations {
  readonly server: ServerFacts;
  readonly address: string;
  readonly clientVersion: string;
  readonly compression: string;
  readonly manifest: Manifest;
  /** Undefined without a test restore. */
  readonly testRestore: TestRestoredOn | undefined;
  readonly file: BackupFile;
  readonly backupName: string;
  /** The stored backups of the same database; undefined when they could not be listed. */
  readonly previous: Pick<Series, 'backups' | 'ignored'> | undefined;
  readonly encryption: Encryption | undefined;
  /** Who else can read it; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly runner: RunnerEnvironment;
}

/** Reports a backup: outputs, summary, log. */
export async function reportBackup(report: BackupReport): Promise<void> {
  const { artifact, runner, server, phases, totalMs } = report;
  const url =
    artifact &&
    `${runner.serverUrl}/${runner.repository}/actions/runs/${artifact.runId}/artifacts/${artifact.id}`;
  const { size, sha256 } = shownFile(report);
  const summary = backupSummary({
    ...report,
    size,
    sha256,
    database: server.database,
    serverVersion: server.version,
    encoding: server.encoding,
    databaseBytes: server.databaseBytes,
    artifact: artifact && { ...artifact, url: url ?? '', repository: runner.repository },
    series: seriesOf(report, url),
  });
  await finish({ outputs: outputs(report, url), summary, phases, totalMs });
}

/** The file that the outputs and the summary describe: the one on the disk if it was kept, else the artifact's. */
function shownFile({ artifact, keptAt, file }: BackupReport): Pick<BackupFile, 'size' | 'sha256'> {
  return keptAt === undefined && artifact ? artifact : file;
}

/** The series with the new backup in it, as a section of the summary. */
function seriesOf(report: BackupReport, url: string | undefined): string | undefined {
  const { artifact, backupName, previous, manifest, runner, unchanged } = report;
  if (!artifact || !previous) return undefined;
  const now = new Date();
  const { ignored } = previous;
  const entries = previous.backups.map((backup) => catalogueEntry(backup, runner));
  if (unchanged) return catalogue({ backupName, entries, ignored, now });
  const { id, name, size, expiresAt } = artifact;
  const made = { id, name, size, expiresAt, takenAt: now, createdAt: now, rows: manifest.rows, url };
  return catalogue({ backupName, entries: [...entries, made], ignored, now });
}

function outputs(report: BackupReport, artifactUrl: string | undefined): Readonly<Record<string, string>> {
  const { artifact, manifest, server } = report;
  const { size, sha256 } = shownFile(report);
  return {
    'artifact-id': String(artifact?.id ?? ''),
    'artifact-name': artifact?.name ?? '',
    'artifact-url': artifactUrl ?? '',
    'artifact-digest': artifact?.sha256 ?? '',
    'expires-at': artifact?.expiresAt.toISOString() ?? '',
    'backup-path': report.keptAt ?? '',
    'backup-size': String(size),
    'backup-sha256': sha256,
    'content-digest': manifest.contentDigest,
    database: server.database,
    'server-version': server.version,
    'client-version': report.clientVersion,
    tables: String(manifest.tables.length),
    rows: String(manifest.rows),
    unchanged: String(report.unchanged),
    'duration-seconds': (report.totalMs / 1000).toFixed(1),
  };
}
