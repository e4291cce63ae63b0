import type { Manifest } from '../archive/manifest.ts';
import type { ServerFacts } from '../connection/preflight.ts';
import type { Encryption } from '../inputs/age-inputs.ts';
import type { RunnerEnvironment } from '../inputs/runner-environment.ts';
import type { Exposure } from '../store/privacy.ts';
import { type RehearsedOn, backupSummary } from './backup-summary.ts';
import type { Durations } from './contents.ts';
import { finish } from './finish.ts';

/** The file that is kept and published. */
export interface BackupFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** Where a backup went. */
export interface PublishedBackup {
  readonly fileName: string;
  readonly artifact:
    { readonly id: number; readonly expiresAt: Date; readonly retention: string } | undefined;
  readonly keptAt: string | undefined;
}

/** Everything there is to tell about a backup that was made. */
export interface BackupReport extends PublishedBackup, Durations {
  readonly server: ServerFacts;
  readonly address: string;
  readonly clientVersion: string;
  readonly compression: string;
  readonly manifest: Manifest;
  /** Undefined: not rehearsed. */
  readonly rehearsal: RehearsedOn | undefined;
  readonly file: BackupFile;
  readonly encryption: Encryption | undefined;
  /** Who else can read it; undefined: nobody. */
  readonly exposure: Exposure | undefined;
  readonly runner: RunnerEnvironment;
}

/** Tells of a backup that was made: outputs, summary, log. */
export async function reportBackup(report: BackupReport): Promise<void> {
  const { artifact, runner, server, file, phases, totalMs } = report;
  const url =
    artifact &&
    `${runner.serverUrl}/${runner.repository}/actions/runs/${runner.runId}/artifacts/${artifact.id}`;
  const summary = backupSummary({
    ...report,
    size: file.size,
    sha256: file.sha256,
    database: server.database,
    serverVersion: server.version,
    encoding: server.encoding,
    databaseBytes: server.databaseBytes,
    artifact: artifact && { ...artifact, url: url ?? '', repository: runner.repository },
  });
  await finish({ outputs: outputs(report, url), summary, phases, totalMs });
}

function outputs(report: BackupReport, artifactUrl: string | undefined): Readonly<Record<string, string>> {
  const { artifact, file, manifest, server } = report;
  return {
    'artifact-id': String(artifact?.id ?? ''),
    'artifact-name': artifact ? report.fileName : '',
    'artifact-url': artifactUrl ?? '',
    'artifact-digest': artifact ? file.sha256 : '',
    'expires-at': artifact ? artifact.expiresAt.toISOString() : '',
    'backup-path': report.keptAt ?? '',
    'backup-size': String(file.size),
    'backup-sha256': file.sha256,
    'content-digest': manifest.contentDigest,
    database: server.database,
    'server-version': server.version,
    'client-version': report.clientVersion,
    tables: String(manifest.tables.length),
    rows: String(manifest.rows),
    'duration-seconds': (report.totalMs / 1000).toFixed(1),
  };
}
