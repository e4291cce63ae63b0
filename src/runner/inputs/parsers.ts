import { parseArgsStringToArgv } from 'string-argv';
import { UserError } from '../../errors.ts';

/**
 * A whole number in decimal digits.
 *
 * @throws UserError naming the input, the value and the range.
 */
export function wholeNumber(input: string, value: string, range: { min: number; max: number }): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw new UserError(
    'invalid-input',
    `${input}: ${quote(value)} must be a whole number from ${range.min} to ${range.max}.`,
    `Write a number from ${range.min} to ${range.max}, in digits.`,
  );
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
