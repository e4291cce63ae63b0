import { expect } from '@jest/globals';
import { serializeRecord } from '../../src/storage/record.ts';
import { backupFile, hoursBefore } from '../storage/artifact/store-bed.ts';
import type { ArtifactService, Seed } from './artifact-service.ts';
import type { ArtifactRecord } from './artifact-service-records.ts';
import { type ActionRun, type RunActionOptions, runAction } from './runner.ts';
import { openRecordFor } from './seeded-record.ts';
import { errorsOf } from './test-bed.ts';

/** Makes a backup of a series, so many hours ago, of so many bytes. */
export function seedBackup(
  artifacts: ArtifactService,
  series: string,
  hoursAgo: number,
  { bytes = 1000, ...more }: Partial<Seed> & { readonly bytes?: number } = {},
): Promise<ArtifactRecord> {
  return artifacts.seed({
    name: backupFile(series, hoursAgo),
    content: 'x'.repeat(bytes),
    createdAt: hoursBefore(hoursAgo),
    ...more,
  });
}

/** Makes a backup whose record tells the rows of its tables. */
export function seedRows(
  artifacts: ArtifactService,
  hoursAgo: number,
  tables: Readonly<Record<string, number>>,
): Promise<ArtifactRecord> {
  const content = Buffer.alloc(1000, 'x');
  const record = serializeRecord(openRecordFor(backupFile('shop', hoursAgo), content, tables));
  return seedBackup(artifacts, 'shop', hoursAgo, { content, record });
}

/** Runs the bundled prune or check action on the series `shop`: neither needs a database. */
export function runOnSeries(
  action: 'prune' | 'check',
  artifacts: ArtifactService,
  { inputs = {}, ...rest }: RunActionOptions = {},
): Promise<ActionRun> {
  return runAction({
    action,
    artifactService: artifacts,
    inputs: { 'backup-name': 'shop', ...inputs },
    ...rest,
  });
}

/** What is true after every such run: nothing left, no process started; and one annotation of two lines when it fails. */
export function expectColour(run: ActionRun, error?: RegExp): void {
  expect({ exitCode: run.exitCode, errors: errorsOf(run), log: run.exitCode === 0 ? '' : run.log }).toEqual(
    error === undefined
      ? { exitCode: 0, errors: [], log: '' }
      : { exitCode: 1, errors: [expect.stringMatching(error)], log: expect.any(String) },
  );
  if (error !== undefined) {
    expect(errorsOf(run)[0]?.split('\n')).toHaveLength(2);
    expect(run.summary).toMatch(/^## ❌/);
  }
  expect({ files: run.leftFiles, processes: run.leftProcesses, started: run.processes.length }).toEqual({
    files: [],
    processes: [],
    started: 0,
  });
}
