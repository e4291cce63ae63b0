import { describe, expect, it } from '@jest/globals';
import {
  type ParallelDumpProgress,
  parallelDumpProgress,
} from '../../../src/backup/parallel-dump/parallel-dump-progress.ts';

const sizes = new Map([
  ['public.a', 100_000_000],
  ['public.b', 300_000_000],
  ['other.b', 100_000_000],
]);

/** A dump that has started these tables. */
function started(...tables: string[]): ParallelDumpProgress {
  const progress = parallelDumpProgress(sizes);
  for (const table of tables) progress.line(`pg_dump: dumping contents of table "${table}"`);
  return progress;
}

const now = (files: Readonly<Record<string, number>>, isSilent = false) => ({
  ...{ elapsedMs: 10_000, isSilent },
  files: new Map(Object.entries(files)),
});

describe('the progress of a dump with several connections', () => {
  it('is empty before the first table', () => {
    const progress = parallelDumpProgress(sizes);
    progress.line('pg_dump: reading schemas');
    expect(progress.describe(now({}))).toBeUndefined();
  });

  it('names the tables that are being dumped, share, rate and time left', () => {
    const progress = started('public.a', 'public.b', 'other.b');
    expect(progress.describe(now({ '11.dat': 1_000_000, '12.dat': 1_000_000 }))?.trim()).toBe(
      '1 %  8.0 MB of 500 MB  800 kB/s  about 10 min 15 s left  public.a, public.b, other.b',
    );
  });

  it('estimates those that are being dumped at the ratio of the finished ones', () => {
    const progress = started('public.a', 'public.b');
    progress.line('pg_dump: finished item 11 TABLE DATA a');
    // The first table shrank to a fifth, so 10 MB of the second file are 50 MB of the second table.
    const files = { '11.dat.zst': 20_000_000, '12.dat.zst': 10_000_000 };
    expect(progress.describe(now(files))?.trim()).toBe(
      '30 %  150 MB of 500 MB  15 MB/s  about 23 s left  public.b',
    );
  });

  it('names no table where no content may show', () => {
    const progress = started('public.a');
    expect(progress.describe(now({ '11.dat': 10_000_000 }, true))?.trim()).toBe(
      '8 %  40 MB of 500 MB  4.0 MB/s  about 1 min 55 s left',
    );
  });

  it('never reports a table as complete while it is being dumped', () => {
    expect(started('public.a').describe(now({ '11.dat': 900_000_000 }))).toContain('19 %');
  });

  it('is not repeated if nothing has changed', () => {
    const progress = started('public.a');
    expect(progress.describe(now({ '11.dat': 1_000_000 }))).toBeDefined();
    expect(progress.describe(now({ '11.dat': 1_000_000 }))).toBeUndefined();
    progress.line('pg_dump: dumping contents of table "public.b"');
    expect(progress.describe(now({ '11.dat': 1_000_000 }))).toContain('public.b');
  });

  it('knows the files that are complete, and continues if a table is unknown', () => {
    const progress = started('public.new');
    progress.line('pg_dump: finished item 11 TABLE DATA never started');
    expect(progress.isComplete('11.dat.zst')).toBe(true);
    expect(progress.isComplete('111.dat.zst')).toBe(false);
    expect(progress.isComplete('blob_16404.dat.zst')).toBe(true);
    expect(progress.describe(now({}))).toContain('public.new');
  });

  it('takes the end of one line that two processes have begun', () => {
    const progress = parallelDumpProgress(sizes);
    progress.line('pg_dump: pg_dump: dumping contents of table "public.a"');
    expect(progress.describe(now({}))).toContain('public.a');
  });
});
