import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type PrunePolicy, applyPolicy } from '../../src/prune/policy.ts';

interface Backup {
  readonly id: number;
  readonly takenAt: Date;
}

const HOUR = 60 * 60 * 1000;
const series = (count: number, stepMs: number, newest = '2026-11-21T03:17:00Z'): Backup[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    takenAt: new Date(new Date(newest).getTime() - id * stepMs),
  }));
const kept = (backups: readonly Backup[], policy: PrunePolicy, minimum = 1): string[] =>
  applyPolicy(backups, policy, minimum)
    .filter(({ keptBy }) => keptBy.length > 0)
    .map(({ backup }) => backup.takenAt.toISOString().slice(0, 13));

describe('a policy', () => {
  it('of the last keeps so many', () => {
    expect(kept(series(5, HOUR), { last: 2 })).toEqual(['2026-11-21T03', '2026-11-21T02']);
  });

  it('of days keeps the newest of each day that has one', () => {
    expect(kept(series(60, HOUR), { daily: 2 })).toEqual(['2026-11-21T03', '2026-11-20T23']);
  });

  it('of weeks begins them on Monday, over the end of a year too', () => {
    // 2027-01-03 is a Sunday, in the last week of 2026.
    expect(kept(series(8, 24 * HOUR, '2027-01-05T12:00:00Z'), { weekly: 2 })).toEqual([
      '2027-01-05T12',
      '2027-01-03T12',
    ]);
  });

  it('of months and years counts only those that have a backup', () => {
    const backups = ['2024-02-29', '2025-12-31', '2026-01-01', '2026-11-20'].map((day, id) => ({
      id,
      takenAt: new Date(`${day}T01:00:00Z`),
    }));
    expect(kept(backups, { monthly: 3 })).toEqual(['2026-11-20T01', '2026-01-01T01', '2025-12-31T01']);
    expect(kept(backups, { yearly: 2 })).toEqual(['2026-11-20T01', '2025-12-31T01']);
  });

  it('that has not used up its number keeps the oldest too', () => {
    const plan = applyPolicy(series(4, HOUR), { monthly: 3 }, 1);
    expect(plan.map(({ keptBy }) => keptBy)).toEqual([['monthly'], [], [], ['oldest monthly']]);
  });

  it('of a time keeps what was made within it before the newest, by the calendar', () => {
    const within = { years: 0, months: 1, days: 0, hours: 0 };
    expect(kept(series(40, 24 * HOUR, '2026-03-31T00:00:00Z'), { within })).toHaveLength(29);
    const hours = { years: 0, months: 0, days: 0, hours: 3 };
    expect(kept(series(40, HOUR), { within: hours })).toHaveLength(4);
  });

  it('of nothing keeps the newest, and as many as the minimum says', () => {
    expect(kept(series(5, HOUR), {})).toEqual(['2026-11-21T03']);
    expect(applyPolicy(series(5, HOUR), { last: 1 }, 3).map(({ keptBy }) => keptBy)).toEqual([
      ['last'],
      ['minimum'],
      ['minimum'],
      [],
      [],
    ]);
    expect(applyPolicy(series(2, HOUR), {}, 5).every(({ keptBy }) => keptBy.length > 0)).toBe(true);
    expect(applyPolicy([], { last: 3 }, 1)).toEqual([]);
  });
});

const anyPolicy = fc.record(
  Object.fromEntries(
    ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((rule) => [
      rule,
      fc.option(fc.nat(10), { nil: undefined }),
    ]),
  ),
);
const anyBackups = fc
  .array(fc.integer({ min: 0, max: 5 * 365 * 24 * 60 }), { maxLength: 60 })
  .map((minutes) =>
    minutes.map((minute, id) => ({ id, takenAt: new Date(Date.UTC(2022, 0, 1) + minute * 60_000) })),
  );
const idsKept = (backups: readonly Backup[], policy: PrunePolicy, minimum: number): Set<number> =>
  new Set(
    applyPolicy(backups, policy, minimum)
      .filter(({ keptBy }) => keptBy.length > 0)
      .map(({ backup }) => backup.id),
  );

describe('any plan', () => {
  it('keeps the newest, and never fewer than the minimum', () => {
    fc.assert(
      fc.property(anyBackups, anyPolicy, fc.nat(8), (backups, policy, minimum) => {
        const ids = idsKept(backups, policy, minimum);
        expect(ids.size).toBeGreaterThanOrEqual(Math.min(backups.length, Math.max(1, minimum)));
        const newest = Math.max(...backups.map(({ takenAt }) => takenAt.getTime()));
        if (backups.length > 0) {
          expect(backups.some(({ id, takenAt }) => ids.has(id) && takenAt.getTime() === newest)).toBe(true);
        }
      }),
      { seed: 7 },
    );
  });

  it('that keeps more never deletes more', () => {
    fc.assert(
      fc.property(
        anyBackups,
        anyPolicy,
        fc.constantFrom('last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'),
        fc.nat(5),
        (backups, policy, rule, more) => {
          const less = idsKept(backups, policy, 1);
          const larger = { ...policy, [rule]: (policy[rule] ?? 0) + more };
          const kept = idsKept(backups, larger, 1);
          expect([...less].filter((id) => !kept.has(id))).toEqual([]);
        },
      ),
      { seed: 7 },
    );
  });

  it('does not depend on the order in which the backups come', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.nat(100_000), { maxLength: 40 })
          .chain((minutes) =>
            fc.tuple(fc.constant(minutes), fc.shuffledSubarray(minutes, { minLength: minutes.length })),
          ),
        anyPolicy,
        ([minutes, shuffled], policy) => {
          const backups = (list: readonly number[]): Backup[] =>
            list.map((id) => ({ id, takenAt: new Date(Date.UTC(2026, 0, 1) + (id * HOUR) / 3) }));
          expect(applyPolicy(backups(shuffled), policy, 1)).toEqual(applyPolicy(backups(minutes), policy, 1));
        },
      ),
      { seed: 7 },
    );
  });
});

it('a year of hourly backups is planned in a small multiple of the time that it takes to write their dates', () => {
  const year = series(8760, HOUR);
  const policy = { last: 24, hourly: 72, daily: 30, weekly: 52, monthly: 12, yearly: 5 };
  const planned = fastest(() => applyPolicy(year, policy, 3));
  const written = fastest(() => year.map(({ takenAt }) => takenAt.toISOString()));
  // A few times as long; comparing each with each would take a thousand times as long.
  expect(planned / written).toBeLessThan(20);
});

/** The shortest of several durations, which a busy machine disturbs least. */
function fastest(work: () => unknown): number {
  const durations = Array.from({ length: 9 }, () => {
    const before = performance.now();
    work();
    return performance.now() - before;
  });
  return Math.min(...durations);
}
