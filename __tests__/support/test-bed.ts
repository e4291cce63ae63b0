import { expect } from '@jest/globals';
import type { ArtifactService } from './artifact-service.ts';
import type { ActionRun } from './runner.ts';

// The bed itself is usable without jest, as by `npm run faults` and `npm run soak`.
export { type TestBed, startTestBed } from './bed.ts';

/** The error annotations of a run, as text. */
export function errorsOf(run: ActionRun): string[] {
  return run.annotations.filter(({ level }) => level === 'error').map(({ message }) => message);
}

/** The notices and warnings of a run, as text. */
export function remarksOf(run: ActionRun): string[] {
  return run.annotations.filter(({ level }) => level !== 'error').map(({ message }) => message);
}

/** What is true after every backup and every restore that succeeded. */
export function expectSuccess(run: ActionRun): void {
  expect({ exitCode: run.exitCode, errors: errorsOf(run), log: run.exitCode === 0 ? '' : run.log }).toEqual({
    exitCode: 0,
    errors: [],
    log: '',
  });
  expectNothingLeft(run);
}

/**
 * What is true after every backup that failed: exit code 1, one annotation with cause and hint, no artifact, nothing
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

/** What is true after every restore that failed, whatever it did to the target before. */
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
