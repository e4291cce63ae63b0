import * as core from '@actions/core';
import { type NumberRange, booleanValue, wholeNumber } from './parsers.ts';

/** A boolean input. */
export function booleanInput(name: string): boolean {
  return booleanValue(name, core.getInput(name));
}

/** A numeric input. */
export function wholeNumberInput(name: string, range: NumberRange): number {
  return wholeNumber(name, core.getInput(name), range);
}

/** With how many connections a dump or a restore works: more than 64 are more than a server has to spare. */
export function jobsInput(): number {
  return wholeNumberInput('jobs', { min: 1, max: 64, counts: 'connections', example: 4 });
}

/** An input that may be empty; any other value is checked. */
export function optional(
  name: string,
  check: (input: string, value: string) => string = (_, value) => value,
): string | undefined {
  const value = core.getInput(name);
  return value === '' ? undefined : check(name, value);
}
