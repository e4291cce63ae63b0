import { describe, expect, it } from '@jest/globals';
import { type CheckInputs, readCheckInputs } from '../../src/check/check-inputs.ts';
import { type PruneInputs, readPruneInputs } from '../../src/prune/prune-inputs.ts';
import { withInputs } from '../support/action-inputs.ts';
import { captureOutput } from '../support/captured-output.ts';
import { errorText } from '../support/user-error.ts';

const output = captureOutput();

type Given = Readonly<Record<string, string>>;
const HOUR = 3_600_000;
const runner = { repository: 'example/shop' };
const read = <T>(folder: string, given: Given, reader: () => T): Promise<T> =>
  withInputs(folder, { 'backup-name': 'shop', ...given }, () => Promise.resolve(reader()));
const prune = (given: Given, repository = runner): Promise<PruneInputs> =>
  read('prune', given, () => readPruneInputs(repository));
const check = (given: Given): Promise<CheckInputs> => read('check', given, () => readCheckInputs(runner));
const refusal = (folder: 'prune' | 'check', given: Given, repository = runner): Promise<string> =>
  read(folder, given, () =>
    errorText(() => (folder === 'prune' ? readPruneInputs(repository) : readCheckInputs(repository))),
  );

describe('the inputs of a prune', () => {
  it('need at least one rule, and have this repository and a minimum of one as defaults', async () => {
    expect(await prune({ 'keep-daily': '7' })).toEqual({
      backupName: 'shop',
      source: { kind: 'artifact', repository: { owner: 'example', repo: 'shop' }, token: 'ghs_of_the_job' },
      policy: { daily: 7 },
      minimum: 1,
      losses: { maximumRowLoss: 0.5, isAllowed: expect.any(Function) },
      dryRun: false,
      githubToken: 'ghs_of_the_job',
    });
    expect(output.text).toContain('::add-mask::ghs_of_the_job');
  });

  it('include every rule of restic', async () => {
    const rules = { last: 1, hourly: 2, daily: 3, weekly: 4, monthly: 5, yearly: 6 };
    const given = Object.entries(rules).map(([rule, number]) => [`keep-${rule}`, String(number)] as const);
    const inputs = await prune({
      ...Object.fromEntries<string>(given),
      'keep-within': '2y5m7d3h',
      minimum: '12',
      'dry-run': 'true',
    });
    expect(inputs.policy).toEqual({ ...rules, within: { years: 2, months: 5, days: 7, hours: 3 } });
    expect(inputs).toMatchObject({ minimum: 12, dryRun: true });
  });

  it.each([
    ['1y', { years: 1, months: 0, days: 0, hours: 0 }],
    ['14d', { years: 0, months: 0, days: 14, hours: 0 }],
    ['6m12h', { years: 0, months: 6, days: 0, hours: 12 }],
  ])('accept the time span %s', async (value, within) => {
    expect((await prune({ 'keep-within': value })).policy.within).toEqual(within);
  });

  it.each([
    [{}, /No keep rule is set[^]*keep-last[^]*keep-within/],
    [{ 'keep-last': '0', 'keep-within': '0d' }, /No keep rule is set/],
    [{ 'keep-last': '3O' }, /keep-last: "3O" must be a whole number/],
    [{ 'keep-daily': '-1' }, /keep-daily: "-1"/],
    [{ 'keep-last': '1', minimum: '0' }, /minimum: "0" must be a whole number from 1/],
    [{ 'keep-last': '1', 'dry-run': 'yes' }, /dry-run: "yes" must be true or false/],
    [{ 'keep-within': '3w' }, /keep-within: "3w" is not a time span[^]*21d/],
    [{ 'keep-within': '3h2d' }, /keep-within: "3h2d"/],
    [{ 'keep-within': '-2d' }, /keep-within: "-2d"/],
    [{ 'keep-last': '1', 'backup-name': '' }, /backup-name is required[^]*name of the database/],
    [{ 'keep-last': '1', 'backup-name': 'a/b' }, /backup-name: "a\/b" contains/],
  ])('are refused: %j', async (given, expected) => {
    expect(await refusal('prune', given)).toMatch(expected);
  });

  it('need the repository', async () => {
    expect(await refusal('prune', { 'keep-last': '1' }, { repository: '' })).toContain('GITHUB_REPOSITORY');
  });
});

describe('the inputs of a check', () => {
  it('are by default 26 hours, one backup, and half the size', async () => {
    const { policy, losses, ...series } = await check({});
    expect(losses.maximumRowLoss).toBe(0.5);
    expect(losses.isAllowed('public.users')).toBe(false);
    expect(policy).toEqual({ maxAgeMs: 26 * HOUR, minimumCount: 1, maximumShrink: 0.5 });
    expect(series).toEqual({
      backupName: 'shop',
      source: { kind: 'artifact', repository: { owner: 'example', repo: 'shop' }, token: 'ghs_of_the_job' },
      githubToken: 'ghs_of_the_job',
    });
  });

  it.each([
    ['90m', 1.5],
    ['2d', 48],
    ['1d12h', 36],
    ['0d1h', 1],
  ])('accept the age %s', async (value, hours) => {
    expect((await check({ 'max-age': value })).policy.maxAgeMs).toBe(hours * HOUR);
  });

  it.each([
    ['0%', 0],
    ['12.5%', 0.125],
    ['100 %', 1],
  ])('accept the share %s', async (value, share) => {
    expect((await check({ 'maximum-shrink': value })).policy.maximumShrink).toBe(share);
  });

  it.each([
    [{ 'max-age': '26' }, /max-age: "26" is not a duration[^]*26h/],
    [{ 'max-age': '' }, /max-age: ""/],
    [{ 'max-age': '0h' }, /max-age: "0h"/],
    [{ 'max-age': '2w' }, /max-age: "2w"/],
    [{ 'minimum-count': '0' }, /minimum-count: "0"/],
    [{ 'maximum-shrink': '50' }, /maximum-shrink: "50" is not a percentage[^]*50%/],
    [{ 'maximum-shrink': '101%' }, /maximum-shrink: "101%"/],
    [{ 'maximum-shrink': '' }, /maximum-shrink: ""/],
    [{ 'backup-name': '' }, /backup-name is required/],
  ])('are refused: %j', async (given, expected) => {
    expect(await refusal('check', given)).toMatch(expected);
  });
});
