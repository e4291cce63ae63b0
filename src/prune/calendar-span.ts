import { UserError } from '../errors.ts';
import { quote } from '../runner/inputs/parsers.ts';
import { spanHint } from '../runner/inputs/time-spans.ts';
import type { Period } from './policy.ts';

/**
 * A calendar time span in restic's format: `2y5m7d3h`, each part at most once, in this order.
 *
 * @throws UserError naming the input and the value.
 */
export function calendarSpan(input: string, value: string): Period {
  const match = /^(?:(\d{1,4})y)?(?:(\d{1,4})m)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?$/.exec(value);
  if (!match || value === '') {
    throw new UserError(
      'invalid-input',
      `${input}: ${quote(value)} is not a time span.`,
      spanHint(input, value) ??
        `Write ${input} as years, months, days and hours, for example "${input}: 1y6m" or "${input}: 14d".`,
    );
  }
  const [years = 0, months = 0, days = 0, hours = 0] = match.slice(1).map((part) => Number(part || 0));
  return { years, months, days, hours };
}
