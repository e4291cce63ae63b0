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

const check = (inputs: Record<string, string> = {}, options: RunActionOptions = {}): Promise<ActionRun> =>
  runOnSeries('check', artifacts, { inputs, ...options });
const seed = (hoursAgo: number, bytes = 1000) => seedBackup(artifacts, 'shop', hoursAgo, { bytes });

describe('a check', () => {
  it('of good backups succeeds, and lists them', async () => {
    await seed(30, 900);
    const { name } = await seed(6, 1000);
    const run = await check({ 'minimum-count': '2' });
    expectColour(run);
    expect(run.outputs).toEqual({
      newest: name,
      'age-seconds': expect.stringMatching(/^2\d{4}$/),
      count: '2',
      'total-bytes': '1900',
    });
    expect(remarksOf(run)).toEqual([]);
    expect(run.log).toMatch(/shop: 2 backups, 1\.9 kB in all, the newest 6 h \d+ min old/);
    expect(run.summary).toMatch(/^## ✅ The backups of <code>shop<\/code>/);
    expect(run.summary).toContain('bar [0.9, 1]');
    expect(run.post).toBeUndefined();
  });

  it.each([
    ['too old', [[27], [40]], {}, /the newest backup is 27 h( \d+ min)? old \(max-age allows 26 h\)/],
    ['too few', [[1]], { 'minimum-count': '2' }, /only 1 backup \(minimum-count requires 2\)/],
    [
      'too small',
      [
        [1, 400],
        [2, 1000],
      ],
      {},
      /is smaller than the previous one by 60%, from 1\.0 kB to 400 bytes \(maximum-shrink allows 50%\)/,
    ],
  ] as const)(
    'of backups that are %s fails, and lists them nevertheless (thorough)',
    async (_, backups, inputs, why) => {
      for (const [hours, bytes] of backups) await seed(hours, bytes);
      const run = await check(inputs);
      expectColour(run, why);
      expect(run.outputs['count']).toBe(String(backups.length));
      expect(run.outputs['newest']).toMatch(/^shop-/);
      expect(run.summary).toMatch(/^## ❌[^]*Nothing was changed[^]*### Backups of/);
    },
  );

  it('can fail for several reasons, in one annotation', async () => {
    await seed(72, 10_000);
    await seed(50, 100);
    const run = await check({ 'max-age': '2d', 'minimum-count': '5', 'maximum-shrink': '0%' });
    expectColour(
      run,
      /50 h( \d+ min)? old[^]*; there are only 2 backups[^]*; [^]*smaller than the previous one by 99%/,
    );
  });

  it('uses the limits that its inputs set', async () => {
    await seed(50, 100);
    await seed(72, 10_000);
    expectColour(await check({ 'max-age': '3d', 'maximum-shrink': '100%' }));
    expectColour(await check({ 'max-age': '90m', 'maximum-shrink': '100%' }), /max-age allows 1 h 30 min/);
  });

  it('without any backup fails, sets the outputs, and names the backups that exist', async () => {
    await seedBackup(artifacts, 'shop', 2, { expiresAt: hoursBefore(1) });
    await seedBackup(artifacts, 'shop-eu', 2);
    await artifacts.seed({ name: 'shop', content: 'x' });
    const run = await check();
    expectColour(run, /shop: there is no unexpired backup\.[^]*backups of: shop-eu\./);
    expect(run.outputs).toEqual({ newest: '', 'age-seconds': '', count: '0', 'total-bytes': '0' });
    expect(run.summary).toContain('There is no unexpired backup.');
  });

  it('takes the age of a backup from the artifact service, not from its name (thorough)', async () => {
    await artifacts.seed({
      name: 'shop-29991231T000000Z-01234567.bak',
      content: 'x'.repeat(100),
      createdAt: hoursBefore(50),
    });
    expectColour(await check(), /50 h( \d+ min)? old/);
  });

  it.each([0, 1, 71])('does not count an artifact of %d bytes', async (bytes) => {
    await seed(1, bytes);
    const run = await check();
    expectColour(run, /there is no unexpired backup\.[^]*Ignored 1 artifact[^]*1 too small for a backup/);
    expect(run.outputs['count']).toBe('0');
  });

  it.each([
    [
      'the newest backup is of the future',
      -9600,
      -9600,
      0,
      /published 9(599|600) h( \d+ min)? in the future/,
    ],
    [
      'the machine that made it is ahead',
      -9600,
      1,
      0,
      /the clock of the machine of the newest backup is 960[01] h/,
    ],
    ['its own runner is behind', 1, 1, 20, /the clock of this runner is (19 h 59 min|20 h)\S* behind GitHub/],
  ] as const)('fails where %s, because then the age is unknown', async (_, taken, made, github, why) => {
    await seedBackup(artifacts, 'shop', taken, { createdAt: hoursBefore(made) });
    if (github > 0) artifacts.clock = new Date(Date.now() + github * 3_600_000);
    expectColour(await check({ 'max-age': '9d' }), why);
  });

  it('counts every page of the list (thorough)', async () => {
    for (let hours = 129; hours >= 0; hours--) await seed(hours);
    const run = await check({ 'minimum-count': '130' });
    expectColour(run);
    expect(run.outputs['count']).toBe('130');
    expect(run.summary).toContain('… and 110 more.');
  });
});

describe('a check that cannot list artifacts', () => {
  it.each(['none', 'elsewhere'] as const)('names the permission: %s (thorough)', async (right) => {
    const repositories = [right === 'none' ? artifacts.repository : 'example/other'];
    const token = artifacts.tokenFor({ repositories, actions: right === 'none' ? 'none' : 'write' });
    const run = await check({}, { token });
    expectColour(run, /github-token: [^]*permissions: \{ actions: read/);
    expect(run.outputs).toEqual({});
  });

  it('needs only the permission to read (thorough)', async () => {
    await seed(1);
    const token = artifacts.tokenFor({ repositories: [artifacts.repository], actions: 'read' });
    expectColour(await check({}, { token }));
  });

  it('waits for the end of a rate limit, or says when to run again (thorough)', async () => {
    await seed(1);
    artifacts.faults = { rest: { answer: { status: 403, headers: { 'retry-after': '1' } }, times: 1 } };
    expectColour(await check());
    const late = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4102444800' };
    artifacts.faults = { rest: { answer: { status: 403, headers: late } } };
    expectColour(await check(), /used up until 2100-01-01/);
  });

  it('names what is wrong with its inputs', async () => {
    const run = await check({ 'max-age': 'yesterday' });
    expectColour(run, /max-age: "yesterday" is not a duration/);
    expect(errorsOf(run)[0]).toContain('26h');
    expect(artifacts.requests).toEqual([]);
  });
});

describe('a schedule that GitHub is about to disable (thorough)', () => {
  const daysAgo = (days: number): Date => hoursBefore(days * 24 + 1);

  it('causes a warning where the repository is public', async () => {
    await seed(1);
    artifacts.visibility = 'public';
    artifacts.pushedAt = daysAgo(50);
    const run = await check();
    expectColour(run);
    expect(remarksOf(run).join()).toMatch(
      /No one has pushed to example\/shop for 50 days.*will disable its schedules around/,
    );
    artifacts.pushedAt = daysAgo(61);
    expect(remarksOf(await check()).join()).toMatch(/may have disabled its schedules on/);
    artifacts.pushedAt = daysAgo(10);
    expect(remarksOf(await check())).toEqual([]);
  });

  it('causes no warning where the repository is private or its visibility is unknown', async () => {
    await seed(1);
    artifacts.pushedAt = daysAgo(50);
    expect(remarksOf(await check())).toEqual([]);
    artifacts.visibility = 'public';
    // The list is the first request, and the repository itself the second.
    artifacts.faults = { rest: { answer: 403, everyNth: 2 } };
    const run = await check();
    expectColour(run);
    expect(remarksOf(run)).toEqual([]);
  });
});
