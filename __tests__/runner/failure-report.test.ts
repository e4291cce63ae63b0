import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UserError } from '../../src/errors.ts';
import { FailedResult, reportFailure } from '../../src/runner/failure-report.ts';
import { captureOutput } from '../support/captured-output.ts';

const FRAME = { heading: 'No backup was made', impact: 'Nothing was kept.' };
const RESULT = { outputs: { kept: '[]' }, summary: '| what | was kept |\n' };

let folder: string;
const output = captureOutput();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'failure-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Reports with the runner's files named so, in the folder. */
async function report(error: unknown, files: { output: string; summary: string }): Promise<void> {
  const at = (name: string): string => path.join(folder, name);
  await writeFile(at('there'), '');
  const named = { GITHUB_OUTPUT: at(files.output), GITHUB_STEP_SUMMARY: at(files.summary) };
  jest.replaceProperty(process, 'env', { ...process.env, ...named });
  await reportFailure(error, FRAME);
}

describe('a failure', () => {
  it('is annotated once, even if neither outputs nor the summary can be written', async () => {
    await report(new FailedResult('One is still there.', 'Run it again.', RESULT), {
      output: 'gone',
      summary: 'gone',
    });
    expect(output.text.match(/::error .*/g)).toEqual([
      '::error title=Postgres Backup::One is still there.%0ARun it again.',
    ]);
    expect(output.text).toContain('GITHUB_OUTPUT: the file that the runner reads');
    expect(output.text).toContain('::debug::The job summary cannot be written');
  });

  it('has its causes in the log, and the hint in the summary', async () => {
    const cause = new Error('psql: first\nsecond', { cause: new Error('deeper') });
    await report(new UserError('runner', 'It broke.', 'Mend it.', { cause }), {
      output: 'there',
      summary: 'there',
    });
    expect(output.text).toMatch(/psql: first\nsecond\ndeeper\n::error /);
    const summary = await readFile(path.join(folder, 'there'), 'utf8');
    expect(summary.replaceAll('&#46;', '.')).toContain('**It broke.**\n\nMend it.\n\nNothing was kept.');
  });

  it('is reported as unexpected if it is unknown, also if it is not an Error', async () => {
    await report('a text', { output: 'there', summary: 'there' });
    expect(output.text).toContain('Unexpected error: a text');
  });
});
