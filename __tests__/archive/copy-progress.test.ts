import { describe, expect, it } from '@jest/globals';
import { dumpProgress } from '../../src/archive/copy-progress.ts';

const sizes = new Map([
  ['public.a', 100_000_000],
  ['public.b', 300_000_000],
]);
const dumping = (name: string) => `pg_dump: dumping contents of table "${name}"`;

describe('the progress of a dump', () => {
  it('is empty before the first table', () => {
    const progress = dumpProgress(sizes);
    progress.line('pg_dump: reading schemas', 0);
    expect(progress.describe({ elapsedMs: 5_000, archiveBytes: 0 })).toBeUndefined();
  });

  it('names table, share, rate and time left', () => {
    const progress = dumpProgress(sizes);
    progress.line(dumping('public.a'), 0);
    progress.line(dumping('public.b'), 20_000_000);
    // The first table shrank to a fifth, so 10 MB more of the archive are 50 MB of the second table.
    const line = progress.describe({ elapsedMs: 10_000, archiveBytes: 30_000_000 });
    expect(line?.trim()).toBe('37 %  150 MB of 400 MB  15 MB/s  about 17 s left  public.b');
  });

  it('does not name the table where no content may show', () => {
    const progress = dumpProgress(sizes);
    const now = { elapsedMs: 10_000, archiveBytes: 30_000_000, isSilent: true };
    progress.line(dumping('public.a'), 0);
    expect(progress.describe({ ...now, archiveBytes: 0 })?.trim()).toBe('0 %');
    progress.line(dumping('public.b'), 20_000_000);
    expect(progress.describe(now)?.trim()).toBe('37 %  150 MB of 400 MB  15 MB/s  about 17 s left');
  });

  it('never reports a table as complete while it is being dumped', () => {
    const progress = dumpProgress(sizes);
    progress.line(dumping('public.a'), 0);
    expect(progress.describe({ elapsedMs: 1_000, archiveBytes: 900_000_000 })).toContain('23 %');
  });

  it('is not repeated if nothing has changed', () => {
    const progress = dumpProgress(sizes);
    progress.line(dumping('public.a'), 0);
    const line = (elapsedMs: number, archiveBytes: number): string | undefined =>
      progress.describe({ elapsedMs, archiveBytes });
    expect(line(5_000, 1_000_000)).toContain('public.a');
    expect(line(10_000, 1_000_000)).toBeUndefined();
    expect(line(15_000, 2_000_000)).toContain('public.a');
    progress.line(dumping('public.b'), 2_000_000);
    expect(line(20_000, 2_000_000)).toContain('public.b');
  });

  it('continues if the sizes are unknown or zero', () => {
    const progress = dumpProgress(new Map());
    progress.line(dumping('public."new\\nline"'), 0);
    expect(progress.describe({ elapsedMs: 1_000, archiveBytes: 5 })).toContain('new');
  });
});
