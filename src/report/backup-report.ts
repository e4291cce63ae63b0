import * as core from '@actions/core';
import type { Manifest } from '../archive/manifest.ts';
import type { ServerFacts } from '../connection/preflight.ts';
import { messageOf } from '../errors.ts';
import type { Encryption } from '../inputs/age-inputs.ts';
import type { RunnerEnvironment } from '../inputs/runner-environment.ts';
import { backupSummary } from './backup-summary.ts';
import { duration } from '../log/format.ts';
import { log } from '../log/log.ts';

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
export interface BackupReport extends PublishedBackup {
  readonly server: ServerFacts;
  readonly address: string;
  readonly clientVersion: string;
  readonly compression: string;
  readonly manifest: Manifest;
  readonly file: BackupFile;
  readonly encryption: Encryption | undefined;
  readonly phases: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly totalMs: number;
  readonly runner: RunnerEnvironment;
}

/** Sets the outputs, writes the job summary and closes the log. */
export async function reportBackup(report: BackupReport): Promise<void> {
  const { artifact, runner, server, file } = report;
  const url =
    artifact &&
    `${runner.serverUrl}/${runner.repository}/actions/runs/${runner.runId}/artifacts/${artifact.id}`;
  for (const [name, value] of Object.entries(outputs(report, url))) core.setOutput(name, value);
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
  try {
    await core.summary.addRaw(summary).write();
  } catch (error) {
    // The backup is made and published: a summary that cannot be written does not undo that.
    log.warning(`The job summary cannot be written: ${messageOf(error)}`);
  }
  const phases = report.phases.map(({ name, milliseconds }) => [name, Math.round(milliseconds)]);
  log.debug(
    `Milliseconds: ${JSON.stringify({ ...Object.fromEntries(phases), 'In all': Math.round(report.totalMs) })}`,
  );
  log.info(`Done in ${duration(report.totalMs)}`);
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
