import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UserError } from '../../src/errors.ts';
import { withholdContent } from '../../src/github/withhold-content.ts';
import { diagnosedError } from '../../src/postgres/diagnosis/diagnosis.ts';
import { reportFailure } from '../../src/runner/failure-report.ts';
import { log } from '../../src/runner/log.ts';
import { captureOutput } from '../support/captured-output.ts';

const output = captureOutput();
let folder: string;
beforeAll(() => {
  withholdContent({ encrypted: true, exposure: undefined, remedy: 'look at home' });
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'withheld-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** All that a failure shows: the log, the annotation and the summary. */
async function shown(error: unknown): Promise<string> {
  const summary = path.join(folder, 'summary');
  await writeFile(summary, '');
  jest.replaceProperty(process, 'env', { ...process.env, GITHUB_STEP_SUMMARY: summary });
  await reportFailure(error, { heading: 'No backup was made', impact: 'Nothing was kept.' });
  return `${output.text}\n${(await readFile(summary, 'utf8')).replaceAll('&#46;', '.')}`;
}

const cause = new Error('ERROR:  the ledger is broken');

describe('where content must not show, a failure', () => {
  it('of a kind that is about content says only what kind it is, if nobody thought of more', async () => {
    const all = await shown(
      new UserError('dump-failed', 'The ledger is locked.', 'Unlock the ledger.', { cause }),
    );
    expect(all).toContain(
      'The database could not be dumped.%0AWhat is in the database is not named here, because the backup is encrypted. To see the names, look at home.',
    );
    expect(all).not.toContain('ledger');
  });

  it('says what it can without a name, also in other words', async () => {
    const silent = { message: 'A table is locked.' };
    const error = new UserError('dump-failed', 'The ledger is locked.', 'Unlock it.', { cause, silent });
    const all = await shown(error.reworded({ code: 'storage', message: (text) => `Sorry: ${text}` }));
    expect(all).toContain('Sorry: A table is locked.%0AUnlock it. What is in the database is not named here');
    expect(all).not.toContain('ledger');
  });

  it('keeps its words in another kind of failure, if it is not about content', async () => {
    const error = new UserError('invalid-input', 'The port is 0.', 'Write another.');
    expect(await shown(error.reworded({ code: 'test-server' }))).toContain(
      '::The port is 0.%0AWrite another.\n',
    );
  });

  it('that a tool explains has no name from the database, not in its causes either', async () => {
    const stderr = 'pg_dump: error: query failed: ERROR:  permission denied for table ledger\n';
    const all = await shown(diagnosedError('connection', 'pg_dump failed', stderr));
    expect(all).toContain('pg_dump failed: ');
    expect(all).not.toContain('ledger');
  });

  it('to log in names the user', async () => {
    const stderr =
      'psql: error: connection to server at "db", port 5432 failed: FATAL:  password authentication failed for user "ada"\n';
    expect(await shown(diagnosedError('connection', 'It cannot be reached', stderr))).toContain('ada');
  });

  it('that is unexpected has no message and no stack', async () => {
    expect(await shown(new TypeError('ledger is undefined'))).not.toContain('ledger');
    expect(log.reason(new Error('ledger'))).toBe('Error');
  });
});
