import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hoursBefore } from '../storage/artifact/store-bed.ts';
import { type ArtifactService, startArtifactService } from '../support/artifact-service.ts';
import type { ActionRun, RunActionOptions } from '../support/runner.ts';
import { expectColour, runOnSeries, seedBackup } from '../support/series-bed.ts';
import { errorsOf, remarksOf } from '../support/test-bed.ts';

let artifacts: ArtifactService;
beforeEach(async () => {
  artifacts = await startArtifactService();
});
afterEach(() => artifacts.stop());

const prune = (inputs: Record<string, string>, options: RunActionOptions = {}): Promise<ActionRun> =>
  runOnSeries('prune', artifacts, { inputs, ...options });
const names = (): string[] => artifacts.artifacts().map(({ name }) => name);
const listed = (run: ActionRun, output: 'kept' | 'deleted'): unknown =>
  JSON.parse(run.outputs[output] ?? 'null');
/** The names of a series of one backup a day, the newest first. */
const seedDays = async (days: number, series = 'shop'): Promise<string[]> => {
  const made: string[] = [];
  for (let day = days - 1; day >= 0; day--)
    made.unshift((await seedBackup(artifacts, series, day * 24 + 1)).name);
  return made;
};
const tokenThatMay = (actions: 'none' | 'read'): string =>
  artifacts.tokenFor({ repositories: [artifacts.repository], actions });
const deletions = (): number => artifacts.requests.filter(({ point }) => point === 'restDelete').length;

describe('a prune', () => {
  it('deletes the backups that no rule keeps, and lists the others', async () => {
    const series = await seedDays(10);
    const run = await prune({ 'keep-last': '3' });
    expectColour(run);
    expect(names().toSorted()).toEqual(series.slice(0, 3).toSorted());
    expect(listed(run, 'kept')).toEqual(series.slice(0, 3));
    expect(listed(run, 'deleted')).toEqual(series.slice(3));
    expect(run.outputs['freed-bytes']).toBe('7000');
    expect(run.log).toContain('3 backups kept, 7 deleted, 7.0 kB freed');
    expect(run.summary).toContain(': 7 backups deleted');
    expect(run.summary).toMatch(/### Backups of <code>shop<\/code>\n\n3 backups, 3\.0 kB in all/);
    expect(run.summary).toContain('xychart-beta');
    expect(run.post).toBeUndefined();
  });

  it('deletes no backup of another series, no artifact of another action, and no expired one', async () => {
    await seedDays(3);
    const foreign = [
      (await seedBackup(artifacts, 'shop-eu', 900)).name,
      (await seedBackup(artifacts, 'my-shop', 900)).name,
      (await seedBackup(artifacts, 'Shop', 900)).name,
      (await artifacts.seed({ name: 'shop-2020.bak', content: 'x', createdAt: hoursBefore(900) })).name,
      (await artifacts.seed({ name: 'shop', content: 'x', createdAt: hoursBefore(900) })).name,
      (await seedBackup(artifacts, 'shop', 800, { expiresAt: hoursBefore(1) })).name,
      (await seedBackup(artifacts, 'shop', 700, { repository: 'example/other' })).name,
    ];
    const run = await prune({ 'keep-last': '1' });
    expectColour(run);
    expect(names()).toEqual(expect.arrayContaining(foreign));
    expect(names()).toHaveLength(foreign.length + 1);
    expect(listed(run, 'deleted')).toHaveLength(2);
  });

  it('reads every page of the list (thorough)', async () => {
    const series: string[] = [];
    for (let hours = 129; hours >= 0; hours--)
      series.unshift((await seedBackup(artifacts, 'shop', hours)).name);
    for (let number = 0; number < 90; number++) await artifacts.seed({ name: `log-${number}`, content: 'x' });
    const run = await prune({ 'keep-last': '5', 'keep-yearly': '0' });
    expectColour(run);
    expect(listed(run, 'kept')).toEqual(series.slice(0, 5));
    expect(listed(run, 'deleted')).toHaveLength(125);
    expect(names().filter((name) => name.startsWith('shop-'))).toHaveLength(5);
    expect(run.summary).toContain('and 30 older ones: the log has the whole plan');
    for (const name of series) expect(run.log).toContain(`  ${name}  `);
  });

  it('never leaves less than the minimum, and never deletes the newest', async () => {
    const series = await seedDays(6);
    const run = await prune({ 'keep-within': '1h', minimum: '4' });
    expectColour(run);
    expect(listed(run, 'kept')).toEqual(series.slice(0, 4));
    expectColour(await prune({ 'keep-last': '1' }));
    expect(names()).toEqual(series.slice(0, 1));
  });

  it('takes the age of a backup from the artifact service, not from its name (thorough)', async () => {
    const { name } = await seedBackup(artifacts, 'shop', 1);
    await artifacts.seed({
      name: 'shop-29991231T000000Z-01234567.bak',
      content: 'x'.repeat(100),
      createdAt: hoursBefore(50),
    });
    expectColour(await prune({ 'keep-last': '1' }));
    expect(names()).toEqual([name]);
  });

  it('keeps a backup that is uploaded meanwhile (thorough)', async () => {
    await seedDays(4);
    let meanwhile: Promise<{ name: string }> | undefined;
    const run = await prune(
      { 'keep-last': '1' },
      {
        onLine: (line) => {
          if (line.startsWith('Deleted ')) meanwhile ??= seedBackup(artifacts, 'shop', 2);
        },
      },
    );
    expectColour(run);
    expect(names()).toContain((await meanwhile)?.name);
    expect(names()).toHaveLength(2);
  });

  it('of a series that does not exist warns, and lists those that do (thorough)', async () => {
    await seedDays(2, 'blog');
    const run = await prune({ 'keep-last': '1' });
    expectColour(run);
    expect(remarksOf(run).join()).toMatch(/backup-name: there is no backup of shop.*backups of: blog\./);
    expect(run.outputs).toEqual({ kept: '[]', deleted: '[]', 'freed-bytes': '0' });
    expect(names()).toHaveLength(2);
  });

  it('without a rule, or without a name, is refused before any request', async () => {
    await seedDays(2);
    expectColour(await prune({}), /No keep rule is set/);
    expectColour(await prune({ 'backup-name': '', 'keep-last': '1' }), /backup-name is required/);
    expect(artifacts.requests).toEqual([]);
  });
});

describe('a dry run', () => {
  it('prints the plan with the rule that keeps each backup, needs no permission to delete, and deletes nothing', async () => {
    const series = await seedDays(5);
    const inputs = { 'keep-last': '1', 'keep-daily': '2', minimum: '3' };
    const run = await prune({ ...inputs, 'dry-run': 'true' }, { token: tokenThatMay('read') });
    expectColour(run);
    expect(names()).toHaveLength(5);
    expect(deletions()).toBe(0);
    const lines = run.log.split('\n').filter((line) => /^(?:keep|delete) /.test(line));
    expect(lines).toEqual([
      `keep    ${series[0] ?? ''}  1.0 kB: last, daily`,
      `keep    ${series[1] ?? ''}  1.0 kB: daily`,
      `keep    ${series[2] ?? ''}  1.0 kB: minimum`,
      `delete  ${series[3] ?? ''}  1.0 kB`,
      `delete  ${series[4] ?? ''}  1.0 kB`,
    ]);
    expect(run.log).toContain('Dry run, nothing was deleted');
    expect(run.summary).toMatch(
      /\| 1\.0 kB \| last, daily \|[^]*\| minimum \|[^]*\| \*\*would be deleted\*\* \|/,
    );

    const done = await prune(inputs);
    expectColour(done);
    expect(done.outputs).toEqual(run.outputs);
  });
});

describe('a prune that fails', () => {
  it.each([
    ['none', 'actions: write'],
    ['read', 'actions: write'],
  ] as const)(
    'because the token has actions: %s names the permission (thorough)',
    async (actions, permission) => {
      await seedDays(9);
      const run = await prune({ 'keep-last': '1' }, { token: tokenThatMay(actions) });
      expectColour(run, new RegExp(`lacks the permission to delete[^]*permissions: \\{ ${permission}`));
      expect(names()).toHaveLength(9);
      // Every other artifact would be refused as well.
      expect(deletions()).toBe(actions === 'none' ? 0 : 3);
      expect(run.summary).toContain('Nothing was deleted');
    },
  );

  it('names only the permission to read in a dry run (thorough)', async () => {
    const run = await prune({ 'keep-last': '1', 'dry-run': 'true' }, { token: tokenThatMay('none') });
    expectColour(run, /actions: read/);
  });

  it('says that the token cannot see the repository, or that there is no token (thorough)', async () => {
    const token = artifacts.tokenFor({ repositories: ['example/other'], actions: 'write' });
    expectColour(await prune({ 'keep-last': '1' }, { token }), /404[^]*actions: write/);
    expectColour(await prune({ 'keep-last': '1', 'github-token': '' }), /github-token is empty/);
  });

  it('to delete one backup deletes the others, and the step fails and names it', async () => {
    const series = await seedDays(6);
    artifacts.faults = { restDelete: { answer: { status: 422, message: 'not now' }, times: 1 } };
    const run = await prune({ 'keep-last': '2' });
    const stuck = series[5] ?? '';
    expectColour(run, new RegExp(`1 of 4 backups could not be deleted: ${stuck}[^]*422: not now`));
    expect(listed(run, 'kept')).toEqual([...series.slice(0, 2), stuck]);
    expect(listed(run, 'deleted')).toEqual(series.slice(2, 5));
    expect(run.outputs['freed-bytes']).toBe('3000');
    expect(names().toSorted()).toEqual([...series.slice(0, 2), stuck].toSorted());
    expect(run.summary).toContain('❌ **not deleted**');
    expect(run.summary).toContain('3 of 4 backups were deleted');
  });

  it('to delete every backup tries all of them, and names all (thorough)', async () => {
    const series = await seedDays(8);
    artifacts.faults = { restDelete: { answer: 422 } };
    const run = await prune({ 'keep-last': '1' });
    expectColour(run, /7 of 7 backups could not be deleted/);
    for (const name of series.slice(1)) expect(errorsOf(run)[0]).toContain(name);
    expect(deletions()).toBe(7);
    expect(run.outputs['deleted']).toBe('[]');
  });

  it('because of a rate limit waits for its end, or says when to run again (thorough)', async () => {
    await seedDays(4);
    const limit = (headers: Record<string, string>) => ({ status: 429, headers });
    artifacts.faults = { restDelete: { answer: limit({ 'retry-after': '1' }), times: 1 } };
    expectColour(await prune({ 'keep-last': '2' }));
    const late = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4102444800' };
    artifacts.faults = { restDelete: { answer: limit(late) } };
    expectColour(await prune({ 'keep-last': '1' }), /used up until 2100-01-01/);
    artifacts.faults = { rest: { answer: limit(late) } };
    expectColour(await prune({ 'keep-last': '1' }), /used up until 2100-01-01/);
    expect(names()).toHaveLength(2);
  });

  it('because it was cancelled says which backups were deleted (thorough)', async () => {
    await seedDays(5);
    artifacts.faults = { restDelete: { answer: 'hang', everyNth: 2 } };
    const signalAfter = { match: /^Deleted /, signal: 'SIGINT' as const };
    const run = await prune({ 'keep-last': '1' }, { signalAfter });
    expectColour(run, /cancelled[^]*1 of 4 backups were deleted/);
    expect(names()).toHaveLength(4);
  });
});
