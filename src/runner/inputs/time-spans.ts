import { UserError } from '../../errors.ts';
import { quote } from './parsers.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * A duration: `26h`, `90m` (minutes), `2d` or `1d12h`; greater than zero.
 *
 * @returns milliseconds.
 * @throws UserError naming the input and the value.
 */
export function shortSpan(input: string, value: string): number {
  const match = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?$/.exec(value);
  const [days = 0, hours = 0, minutes = 0] = (match ?? []).slice(1).map((part) => Number(part || 0));
  const milliseconds = days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS;
  if (match && milliseconds > 0) return milliseconds;
  throw new UserError(
    'invalid-input',
    match && value !== ''
      ? `${input}: ${quote(value)} must be longer than zero.`
      : `${input}: ${quote(value)} is not a duration.`,
    spanHint(input, value) ??
      `Write ${input} as days, hours and minutes, for example "${input}: 26h", "${input}: 2d" or "${input}: 90m".`,
  );
}

/** What was meant by a number without a unit, or with one that is not a letter: `26`, `2 weeks`, `1 day`. */
export function spanHint(input: string, value: string): string | undefined {
  const match = /^(\d{1,4}) ?(?:(w)(?:eeks?)?|(d)ays?|(h)(?:ou)?rs?|)$/i.exec(value);
  const [, digits, weeks, days, hours] = match ?? [];
  const number = Number(digits ?? 0);
  if (number === 0) return undefined;
  if (weeks !== undefined) return `Write weeks as days: "${input}: ${number * 7}d".`;
  if (days !== undefined) return `Write "${input}: ${number}d".`;
  if (hours !== undefined) return `Write "${input}: ${number}h".`;
  return `Write the unit, too: "${input}: ${number}d" for days, or "${input}: ${number}h" for hours.`;
}

/**
 * A percentage: `50%`, from `0%` to `100%`.
 *
 * @returns a number from 0 to 1.
 * @throws UserError naming the input and the value.
 */
export function percentage(input: string, value: string): number {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,3})?) ?%$/.exec(value) ?? [];
  const share = digits === undefined ? Number.NaN : Number(digits) / 100;
  if (share <= 1) return share;
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} is not a percentage from 0% to 100%.`,
    `Write a number followed by %, for example "${input}: ${meantPercentage(value)}%".`,
  );
}

/** `50` and `0.5` both mean 50%. */
function meantPercentage(value: string): number {
  const number = /^\d{1,3}(?:\.\d{1,3})?$/.test(value) ? Number(value) : Number.NaN;
  const percent = number < 1 ? Number((number * 100).toFixed(1)) : number;
  return percent >= 0 && percent <= 100 ? percent : 50;
}
