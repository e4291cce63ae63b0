// Series of backups whose records tell that a table has lost its rows, and the bundled check and prune.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import type { ActionRun } from '../support/runner.ts';
import { expectColour, runOnSeries, seedRows } from '../support/series-bed.ts';
import { remarksOf } from '../support/test-bed.ts';

const USERS = 'public.users';
const ORDERS = 'public."Orders"';

let artifacts: ArtifactService;
beforeEach(async () => {
  artifacts = await startArtifactService();
});
afterEach(() => artifacts.stop());

const check = (inputs: Record<string, string> = {}): Promise<ActionRun> =>
  runOnSeries('check', artifacts, { inputs });
const prune = (inputs: Record<string, string> = {}): Promise<ActionRun> =>
  runOnSeries('prune', artifacts, { inputs: { 'keep-last': '1', ...inputs } });
/** The rows of a table in the backups of a series, the newest first, one a day. */
const seed = async (...rows: readonly Readonly<Record<string, number>>[]): Promise<string[]> => {
  const names: string[] = [];
  for (const [day, tables] of rows.entries()) {
    names.push((await seedRows(artifacts, 1 + 24 * day, tables)).name);
  }
  return names;
};

describe('a table that has lost its rows (thorough)', () => {
  it('fails the check, which names the last backup that contains them, and draws the history', async () => {
    const [, , before = ''] = await seed(
      { [USERS]: 2_000, [ORDERS]: 500 },
      { [USERS]: 2_000, [ORDERS]: 400 },
      { [USERS]: 10_000, [ORDERS]: 300 },
    );
    const run = await check();
    expectColour(
      run,
      new RegExp(
        `${USERS} had 10,000 rows in ${before} \\(kept until .* UTC\\), and only 2,000 are left \\(maximum-row-loss allows 50%\\)\\.\n` +
          `Restore the rows with "backup: ${before}" and "tables: ${USERS}"; or, if they were deleted on purpose, add the table to allowed-row-loss`,
      ),
    );
    expect(run.summary).toContain('### Rows per day');
    expect(run.summary).toContain('bar [10.3, 2.4, 2.5]');
    expect(run.summary).toContain('| <code>public&#46;users</code> |');
    expectColour(await check({ 'allowed-row-loss': 'public.u*' }));
    expectColour(await check({ 'maximum-row-loss': '80%' }));
  });

  it('in several steps, or with the table itself, fails the check too', async () => {
    await seed({ [USERS]: 400 }, { [USERS]: 700 }, { [USERS]: 1_000, [ORDERS]: 3 });
    expectColour(
      await check(),
      /public\.users had 1,000 rows in [^;]*, and only 400 are left; public\."Orders" had 3 rows in [^;]*, and it is gone/,
    );
  });

  it('keeps the last backup that contains them, whatever the rules say, until that is allowed', async () => {
    const [newest = '', , before = '', oldest = ''] = await seed(
      { [USERS]: 0 },
      { [USERS]: 0 },
      { [USERS]: 10 },
      { [USERS]: 9 },
    );
    const planned = await prune({ 'dry-run': 'true' });
    expect(JSON.parse(planned.outputs['kept'] ?? '')).toEqual([newest, before]);
    const run = await prune();
    expectColour(run);
    expect(JSON.parse(run.outputs['kept'] ?? '')).toEqual([newest, before]);
    expect(JSON.parse(run.outputs['deleted'] ?? '')).toContain(oldest);
    expect(remarksOf(run)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Kept because of lost rows: ${USERS} had 10 rows in ${before} .*, and it is empty\\..*allowed-row-loss`,
        ),
      ),
    ]);
    expect(run.summary).toContain('| lost rows |');
    expect(run.summary).toMatch(/\| Rows \|[^]*\| 10 \|/);
    const allowed = await prune({ 'allowed-row-loss': USERS });
    expectColour(allowed);
    expect(JSON.parse(allowed.outputs['deleted'] ?? '')).toEqual([before]);
  });

  it('is not named in a public repository', async () => {
    const [, before = ''] = await seed({ [USERS]: 0 }, { [USERS]: 10 });
    artifacts.visibility = 'public';
    const run = await check();
    expectColour(run, new RegExp(`1 table lost rows that ${before} still contains`));
    expect(run.log + run.summary).not.toContain('users');
  });
});
