import { describe, expect, it } from '@jest/globals';
import { parallelProgress, progressLine, restoreProgress } from '../../src/archive/copy-progress.ts';

const sizes = new Map([
  ['public.a', 100_000_000],
  ['public.b', 300_000_000],
]);
const restoring = (name: string): string => `pg_restore: processing data for table "${name}"`;

describe('the progress of a restore', () => {
  it('names objects that are created before the first table and after the last', () => {
    const progress = restoreProgress(sizes);
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBeUndefined();
    progress.line('pg_restore: creating TABLE "public.a"', 0);
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBe('  creating TABLE "public.a"');
    progress.line(restoring('public.a'), 0);
    progress.line('pg_restore: creating INDEX "public.a_name"', 0);
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBe('  creating INDEX "public.a_name"');
    progress.line('pg_restore: creating FK CONSTRAINT "public.b b_a_fkey"', 0);
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBe(
      '  creating FK CONSTRAINT "public.b b_a_fkey"',
    );
  });

  it('names table, share, rate and time left by the tables that are complete', () => {
    const progress = restoreProgress(sizes);
    progress.line(restoring('public.a'), 0);
    expect(progress.describe({ elapsedMs: 10_000, archiveBytes: 0 })).toBe('  public.a');
    progress.line(restoring('public.b'), 0);
    expect(progress.describe({ elapsedMs: 10_000, archiveBytes: 0 })?.trim()).toBe(
      '25 %  100 MB of 400 MB  10 MB/s  about 30 s left  public.b',
    );
  });

  it('counts tables if several are restored at once', () => {
    const progress = parallelProgress(2);
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBeUndefined();
    for (const line of [
      'pg_restore: launching item 5 TABLE DATA a',
      restoring('public.a'),
      restoring('public.b'),
      'pg_restore: finished item 5 TABLE DATA a',
    ]) {
      progress.line(line, 0);
    }
    expect(progress.describe({ elapsedMs: 1, archiveBytes: 0 })).toBe(
      '  1 of 2 tables complete, started public.b',
    );
  });

  it('never exceeds 100 %', () => {
    expect(progressLine({ reached: 200, total: 100, elapsedMs: 1_000, name: 't' })).toContain('100 %');
    expect(progressLine({ reached: 0, total: 0, elapsedMs: 1_000, name: 't' })).toBe('  t');
  });
});
