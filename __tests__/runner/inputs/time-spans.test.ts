import { describe, expect, it } from '@jest/globals';
import { calendarSpan } from '../../../src/prune/calendar-span.ts';
import { percentage, shortSpan } from '../../../src/runner/inputs/time-spans.ts';
import { errorText } from '../../support/user-error.ts';

describe('a duration', () => {
  it.each([
    ['26', 'Write the unit, too: "max-age: 26d" for days, or "max-age: 26h" for hours.'],
    ['2w', 'Write weeks as days: "max-age: 14d".'],
    ['1 week', 'Write weeks as days: "max-age: 7d".'],
    ['2 days', 'Write "max-age: 2d".'],
    ['26 hours', 'Write "max-age: 26h".'],
    ['26hrs', 'Write "max-age: 26h".'],
    ['soon', 'for example "max-age: 26h"'],
  ])('that is written as %s is refused with what to write', (value, hint) => {
    const text = errorText(() => shortSpan('max-age', value));
    expect(text).toContain(`max-age: "${value}" is not a duration.`);
    expect(text).toContain(hint);
  });

  it.each(['0h', '0d', '0d0h0m'])('of %s is refused as too short', (value) => {
    expect(errorText(() => shortSpan('max-age', value))).toContain(
      `max-age: "${value}" must be longer than zero.`,
    );
  });

  it('of a calendar is refused with what to write, too', () => {
    expect(errorText(() => calendarSpan('keep-within', '14'))).toContain('"keep-within: 14d" for days');
    expect(errorText(() => calendarSpan('keep-within', '2w'))).toContain(
      'Write weeks as days: "keep-within: 14d".',
    );
  });
});

describe('a percentage', () => {
  it.each([
    ['50', '50%'],
    ['0.5', '50%'],
    ['0.07', '7%'],
    ['150%', '50%'],
    ['500', '50%'],
    ['half', '50%'],
  ])('that is written as %s is refused with what to write, %s', (value, meant) => {
    const text = errorText(() => percentage('maximum-shrink', value));
    expect(text).toContain(`maximum-shrink: "${value}" is not a percentage from 0% to 100%.`);
    expect(text).toContain(`"maximum-shrink: ${meant}"`);
  });
});
