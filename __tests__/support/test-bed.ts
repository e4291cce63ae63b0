import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type ArtifactService, startArtifactService } from './artifact-service.ts';
import { type Database, type DatabaseOptions, startDatabase } from './database.ts';
import { type PgdgMirror, startPgdgMirror } from './pgdg-mirror.ts';
import { type ActionRun, type RunActionOptions, runAction } from './runner.ts';

/** Everything that a scenario needs: a server, the artifact service, a mirror of PGDG, and a tool cache that is kept. */
export interface TestBed {
  readonly database: Database;
  readonly artifacts: ArtifactService;
  readonly mirror: PgdgMirror;
  readonly toolCache: string;
  /** Runs the bundled backup action; what is not said is as a workflow on this test bed would have it. */
  backup(options?: RunActionOptions): Promise<ActionRun>;
  /** Runs the bundled restore action likewise. Its target is the database that the server came with: say another. */
  restore(options?: RunActionOptions): Promise<ActionRun>;
  stop(): Promise<void>;
}

export async function startTestBed(options: DatabaseOptions = {}): Promise<TestBed> {
  const toolCache = await mkdtemp(join(tmpdir(), 'tool-cache-'));
  const [database, artifacts, mirror] = await Promise.all([
    startDatabase(options),
    startArtifactService(),
    startPgdgMirror(),
  ]);
  const run = ({ inputs = {}, secrets = [], ...rest }: RunActionOptions): Promise<ActionRun> =>
    runAction({
      artifactService: artifacts,
      toolCache,
      secrets: [database.password, ...secrets],
      inputs: {
        'connection-string': database.url,
        'apt-mirror': mirror.url,
        'apt-signing-key': mirror.signingKey,
        ...inputs,
      },
      ...rest,
    });
  return {
    database,
    artifacts,
    mirror,
    toolCache,
    backup: (given = {}) => run(given),
    restore: (given = {}) => run({ action: 'restore', ...given }),
    async stop() {
      await Promise.all([database.stop(), artifacts.stop(), mirror.stop()]);
      await rm(toolCache, { recursive: true, force: true });
    },
  };
}

/** The error annotations of a run, as text. */
export function errorsOf(run: ActionRun): string[] {
  return run.annotations.filter(({ level }) => level === 'error').map(({ message }) => message);
}

/** The notices and warnings of a run, as text. */
export function remarksOf(run: ActionRun): string[] {
  return run.annotations.filter(({ level }) => level !== 'error').map(({ message }) => message);
}

/** What holds after every backup and every restore that succeeded. */
export function expectSuccess(run: ActionRun): void {
  expect({ exitCode: run.exitCode, errors: errorsOf(run), log: run.exitCode === 0 ? '' : run.log }).toEqual({
    exitCode: 0,
    errors: [],
    log: '',
  });
  expectNothingLeft(run);
}

/**
 * What holds after every backup that failed: exit code 1, one annotation with cause and hint, no artifact, nothing
 * left on the disk, no process.
 *
 * @param annotation what the annotation must say.
 * @param artifacts the service, whose artifacts must be those that it had before.
 */
export function expectFailure(
  run: ActionRun,
  annotation: RegExp,
  artifacts: ArtifactService,
  before = 0,
): void {
  expectRedStep(run, annotation);
  expect(artifacts.artifacts()).toHaveLength(before);
  expect(run.summary).toContain('No backup was made');
}

/** What holds after every restore that failed, whatever it did to the target before. */
export function expectFailedRestore(run: ActionRun, annotation: RegExp): void {
  expectRedStep(run, annotation);
  expect(run.summary).not.toContain('No backup was made');
}

function expectRedStep(run: ActionRun, annotation: RegExp): void {
  const errors = errorsOf(run);
  expect({ exitCode: run.exitCode, errors }).toEqual({
    exitCode: 1,
    errors: [expect.stringMatching(annotation)],
  });
  expect(errors[0]?.split('\n')).toHaveLength(2);
  expect(run.outputs).toEqual({});
  expect(run.summary).toContain('## ❌');
  expectNothingLeft(run);
}

export function expectNothingLeft(run: ActionRun): void {
  expect({ files: run.leftFiles, processes: run.leftProcesses, post: run.post?.exitCode }).toEqual({
    files: [],
    processes: [],
    post: 0,
  });
  // Main removes its own files: between it and post, other steps of the job run.
  expect(run.post?.log).not.toContain('interrupted');
}
