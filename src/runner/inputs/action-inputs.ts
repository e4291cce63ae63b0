import * as core from '@actions/core';
import { booleanValue, wholeNumber } from './parsers.ts';

/** An input that says yes or no. */
export function booleanInput(name: string): boolean {
  return booleanValue(name, core.getInput(name));
}

/** An input that is a number. */
export function wholeNumberInput(name: string, range: { min: number; max: number }): number {
  return wholeNumber(name, core.getInput(name), range);
}

/** An input that may be empty; what it holds is checked otherwise. */
export function optional(
  name: string,
  check: (input: string, value: string) => string = (_, value) => value,
): string | undefined {
  const value = core.getInput(name);
  return value === '' ? undefined : check(name, value);
}
