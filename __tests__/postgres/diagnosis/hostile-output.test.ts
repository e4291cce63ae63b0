import { describe, expect, it } from '@jest/globals';
import { diagnose } from '../../../src/postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../../src/postgres/diagnosis/error-lines.ts';
import { awaitedTables } from '../../../src/postgres/watchdog/lock-holders.ts';
import { restoreFailure } from '../../../src/restore/apply/restore-failure.ts';

const KIB = 1024;
/** No less is told apart from the noise of a busy machine. */
const NOISE_MS = 100;

/** What a hostile server or archive can make a tool print: a beginning, a piece again and again, and an end. */
const OUTPUTS: Readonly<Record<string, readonly [beginning: string, piece: string, end?: string]>> = {
  'addresses in a refusal': ['psql: error: FATAL:  no pg_hba.conf entry for ', 'host "'],
  'quoted addresses in a refusal': ['psql: error: FATAL:  no pg_hba.conf entry for ', 'host "" '],
  'attempts to connect': ['psql: error: ', 'connection to server at x failed: '],
  'columns of rows': [
    'psql:a:1: ERROR:  duplicate key value violates unique constraint "a"\nSTATEMENT:  COPY t',
    ' ()',
  ],
  'names in quotes': ['psql:a:1: ERROR:  duplicate key value violates\nSTATEMENT:  COPY ', '"a"'],
  'locked tables': [
    'pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout\npg_dump: detail: Query was: LOCK TABLE',
    ' IN',
  ],
  'the mode of a lock': [
    'pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout\npg_dump: detail: Query was: LOCK TABLE',
    ' IN ',
  ],
  'names of files': ['pg_dump: error: could not open ', 'file'],
  encodings: ['psql:a:1: ERROR:  character with byte sequence ', ' in encoding "'],
  'dependent objects': ['psql:a:1: ERROR:  x\nDETAIL:  table a', ' of table of', ' depends on'],
  lines: ['pg_dump: error: a\n', 'x\n'],
  failures: ['', 'psql:a:1: ERROR:  x\n'],
  'messages that match a rule, and a long query': [
    'psql:a:1: ERROR:  x\n',
    'role "a" does not exist\n',
    `STATEMENT:  COPY ${'a '.repeat(16 * KIB)}`,
  ],
};

function milliseconds(work: () => unknown): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

describe('hostile output is explained in time that grows no faster than its length (thorough):', () => {
  it.each(Object.entries(OUTPUTS))('%s', (_, [beginning, piece, end = '!']) => {
    const timed = (length: number): number => {
      const text = beginning + piece.repeat(Math.ceil(length / piece.length)) + end;
      return milliseconds(() => [
        diagnose(text),
        errorLines(text),
        awaitedTables(text),
        restoreFailure('psql', text),
      ]);
    };
    for (const length of [16, 32, 64, 128, 256]) {
      // Twice as long. A collection of garbage can fall into one attempt.
      const grows = [1, 2, 3].every(
        () => timed(length * KIB) > 3 * Math.max(timed((length / 2) * KIB), NOISE_MS),
      );
      expect({ length, grows }).toEqual({ length, grows: false });
    }
  });
});
