import { parseArgsStringToArgv } from 'string-argv';
import { UserError } from '../../errors.ts';

/** Which numbers an input accepts, and what they count. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** A plural: `days`, `backups`. */
  readonly counts: string;
  /** A number that many want. */
  readonly example: number;
}

/**
 * A whole number in decimal digits.
 *
 * @throws UserError naming the input, the value, what it counts and the range.
 */
export function wholeNumber(input: string, value: string, range: NumberRange): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (isWithin(number, range)) return number;
  const { min, max, counts, example } = range;
  // `7d`, `7 days`: the number that is meant.
  const [, digits = '', unit = ''] = /^(\d{1,9})[ -]?([a-z]+)$/i.exec(value) ?? [];
  const isMeant = unit !== '' && counts.startsWith(unit.toLowerCase()) && isWithin(Number(digits), range);
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} must be a whole number from ${min} to ${max}, the number of ${counts}${unit === '' ? '' : ', without a unit'}.`,
    `Write ${isMeant ? '' : 'for example '}"${input}: ${isMeant ? Number(digits) : example}".`,
  );
}

function isWithin(number: number, { min, max }: NumberRange): boolean {
  return number >= min && number <= max;
}

/**
 * A boolean in the spellings of the YAML 1.2 core schema and `core.getBooleanInput`.
 *
 * @throws UserError naming the input and the value.
 */
export function booleanValue(input: string, value: string): boolean {
  if (['true', 'True', 'TRUE'].includes(value)) return true;
  if (['false', 'False', 'FALSE'].includes(value)) return false;
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} must be true or false.`,
    `Write "${input}: true" or "${input}: false".`,
  );
}

/**
 * One of a few values.
 *
 * @throws UserError naming the input, the value and the allowed values.
 */
export function oneOf<T extends string>(input: string, value: string, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} must be ${words.map((each) => `"${each}"`).join(' or ')}.`,
    `Write ${words.map((each) => `"${input}: ${each}"`).join(' or ')}.`,
  );
}

/**
 * Patterns of psql for names, one per line.
 *
 * @throws UserError for a line that has several, as in other lists: a pattern would be no such name, and match nothing.
 */
export function patternLines(input: string, value: string): string[] {
  const found = lines(value);
  const refuse = (line: string, what: string): UserError =>
    new UserError(
      'invalid-input',
      `${input}: ${quote(line)} ${what}, and ${input} has one pattern per line.`,
      `Write "${input}: |" with each pattern on a line of its own below it. A name that contains a comma stands in double quotes.`,
    );
  for (const line of found) {
    // What is in quotes, brackets or braces belongs to a name or to a regular expression.
    const bare = line.replace(/"[^"]*"|\[[^\]]*\]|\{[^}]*\}/g, '');
    if (bare.includes(',')) throw refuse(line, 'contains a comma');
    if (/^-\s/.test(line)) throw refuse(line, 'starts with a hyphen');
  }
  return found;
}

/** One entry per line; white space around it and empty lines are ignored. */
export function lines(value: string): string[] {
  return value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * The words of a command line; quotes keep a word with spaces together.
 *
 * @throws UserError when a quote is not closed.
 */
export function commandWords(input: string, value: string): string[] {
  if (/["']/.test(value.replace(/"[^"]*"|'[^']*'/g, ''))) {
    throw new UserError(
      'invalid-input',
      `${input}: a quotation mark is not closed.`,
      `Close every " and ' in ${input}.`,
    );
  }
  return parseArgsStringToArgv(value);
}

/** A value for an error message: on one line, at most 60 characters. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
