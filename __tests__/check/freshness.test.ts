import { describe, expect, it } from '@jest/globals';
import {
  type FreshnessPolicy,
  type JudgedBackup,
  ageOf,
  complaintsAbout,
} from '../../src/check/freshness.ts';
import { inactivity } from '../../src/check/inactivity.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = new Date('2026-11-21T12:00:00Z');
const policy: FreshnessPolicy = { maxAgeMs: 26 * HOUR, minimumCount: 1, maximumShrink: 0.5 };
const made = (hoursAgo: number, size = 1000): JudgedBackup => {
  const time = new Date(NOW.getTime() - hoursAgo * HOUR);
  return { takenAt: time, createdAt: time, size };
};
const kinds = (backups: readonly JudgedBackup[], changes: Partial<FreshnessPolicy> = {}): string[] =>
  complaintsAbout(backups, { ...policy, ...changes }, { now: NOW, github: NOW }).map(({ kind }) => kind);

describe('a series of backups', () => {
  it('is good when its newest is young and large enough, and there are enough', () => {
    expect(kinds([made(1), made(25)], { minimumCount: 2 })).toEqual([]);
  });

  it('without any backup is never good, and nothing else is said of it', () => {
    expect(kinds([], { maxAgeMs: Infinity, maximumShrink: 1 })).toEqual(['none']);
  });

  it.each([
    [25.9, []],
    [26, []],
    [26.1, ['too-old']],
  ])('with a newest of %d hours', (hours, complaints) => {
    expect(kinds([made(hours)])).toEqual(complaints);
  });

  it.each([
    [500, 0.5, []],
    [499, 0.5, ['shrunk']],
    [0, 0.5, ['shrunk']],
    [999, 0, ['shrunk']],
    [1000, 0, []],
    [5000, 0, []],
    [0, 1, []],
  ])('whose newest has %d of 1000 bytes, with a limit of %d', (size, maximumShrink, complaints) => {
    expect(kinds([made(1, size), made(2, 1000), made(3, 9000)], { maximumShrink })).toEqual(complaints);
  });

  it('whose one before was empty has not shrunk', () => {
    expect(kinds([made(1, 0), made(2, 0)], { maximumShrink: 0 })).toEqual([]);
  });

  it.each([
    ['as GitHub has it', made(1), NOW, []],
    ['where GitHub does not say the time', made(1), undefined, []],
    ['half an hour off', { ...made(1), takenAt: made(0.6).takenAt }, made(0.5).createdAt, []],
    [
      'of a machine that was ahead',
      { ...made(5), takenAt: made(3.9).takenAt },
      NOW,
      ['the machine of the newest backup'],
    ],
    ['whose dump took ten hours', { ...made(1), takenAt: made(11).takenAt }, NOW, []],
    ['of the future', made(-9600), undefined, ['future']],
    ['of a runner that is behind', made(30), new Date(NOW.getTime() + 20 * HOUR), ['this runner', 'too-old']],
    ['of a runner that is ahead', made(1), made(1.1).createdAt, ['this runner']],
  ] as const)('%s', (_, newest, github, expected) => {
    const complaints = complaintsAbout([newest], { ...policy, maxAgeMs: 20 * HOUR }, { now: NOW, github });
    expect(complaints.map((found) => (found.kind === 'clock' ? found.clock : found.kind))).toEqual(expected);
  });

  it('can be wrong in every way at once', () => {
    expect(kinds([made(30, 1), made(40)], { minimumCount: 3 })).toEqual(['too-old', 'too-few', 'shrunk']);
  });
});

describe('the age of a backup', () => {
  const at = (takenHoursAgo: number, madeHoursAgo: number): number =>
    ageOf({ takenAt: made(takenHoursAgo).takenAt, createdAt: made(madeHoursAgo).createdAt }, NOW) / HOUR;

  it('counts from the start of its dump', () => {
    expect(at(5, 3)).toBe(5);
  });

  it('is not fooled by the clock of a machine that is ahead', () => {
    expect(at(-500, 3)).toBe(3);
    expect(at(-1, -1)).toBe(0);
  });
});

describe('a public repository', () => {
  const after = (days: number) => inactivity(new Date(NOW.getTime() - days * DAY), NOW);

  it('is warned of two weeks before its schedules are switched off', () => {
    expect([0, 30, 45.9].map(after)).toEqual([undefined, undefined, undefined]);
    expect(after(46)).toEqual({ days: 46, switchedOffAt: new Date(NOW.getTime() + 14 * DAY) });
    expect(after(70.5)?.days).toBe(70);
  });
});
