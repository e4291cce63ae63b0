import { describe, expect, it } from '@jest/globals';
import {
  booleanValue,
  commandWords,
  lines,
  patternLines,
  wholeNumber,
} from '../../../src/runner/inputs/parsers.ts';
import { errorText } from '../../support/user-error.ts';

const days = { min: 1, max: 400, counts: 'days', example: 30 };

describe('whole numbers', () => {
  it('are accepted within their range', () => {
    expect(wholeNumber('retention-days', '1', days)).toBe(1);
    expect(wholeNumber('retention-days', '400', days)).toBe(400);
  });

  it.each(['', '0', '-1', '401', '1.5', 'thirty', '3O', '0x10', '1e2', ' 7', '99999999999999999999'])(
    'cannot be %j; the error names the input, the value and the range',
    (value) => {
      const text = errorText(() => wholeNumber('retention-days', value, days));
      expect(text).toContain('retention-days');
      expect(text).toContain(JSON.stringify(value));
      expect(text).toContain('1 to 400, the number of days');
    },
  );

  it('out of range are an error with an example', () => {
    expect(errorText(() => wholeNumber('retention-days', '500', days))).toBe(
      'retention-days: "500" must be a whole number from 1 to 400, the number of days.\nWrite for example "retention-days: 30".',
    );
  });

  it.each([
    ['7d', 'Write "retention-days: 7".'],
    ['7 days', 'Write "retention-days: 7".'],
    ['7-Day', 'Write "retention-days: 7".'],
    ['007d', 'Write "retention-days: 7".'],
    ['500d', 'Write for example "retention-days: 30".'],
    ['2w', 'Write for example "retention-days: 30".'],
  ])('with a unit, such as %s, are refused, with the number that is meant if it is clear', (value, hint) => {
    expect(errorText(() => wholeNumber('retention-days', value, days))).toBe(
      `retention-days: "${value}" must be a whole number from 1 to 400, the number of days, without a unit.\n${hint}`,
    );
  });
});

describe('booleans', () => {
  it('are read as by core.getBooleanInput', () => {
    expect(['true', 'True', 'TRUE'].map((value) => booleanValue('upload', value))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['false', 'False', 'FALSE'].map((value) => booleanValue('upload', value))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each(['', 'yes', 'no', '1', 'tRUE'])('cannot be %j', (value) => {
    expect(errorText(() => booleanValue('upload', value))).toContain('upload');
  });
});

describe('lists', () => {
  it('have one entry a line, without the white space around it', () => {
    expect(lines('  public\n\n auth \r\n"Odd Name"\n')).toEqual(['public', 'auth', '"Odd Name"']);
  });

  it('are empty for an empty input', () => {
    expect(lines('')).toEqual([]);
  });

  it('of patterns have one a line, with commas only in names and regular expressions', () => {
    const value = 'shop.order*\n"Odd, ""name"""\nlog_2{1,3}\n[a,b]c\n-log\n';
    expect(patternLines('tables', value)).toEqual([
      'shop.order*',
      '"Odd, ""name"""',
      'log_2{1,3}',
      '[a,b]c',
      '-log',
    ]);
  });

  it.each([
    ['orders,customers', 'contains a comma'],
    ['orders\ncustomers, "items"', 'contains a comma'],
    ['- orders\n- customers', 'starts with a hyphen'],
  ])('of patterns are refused if a line is a list itself: %j', (value, what) => {
    const text = errorText(() => patternLines('tables', value));
    expect(text).toMatch(/^tables: /);
    expect(text).toContain(what);
    expect(text).toContain('one pattern per line');
  });
});

describe('command words', () => {
  it('keep quoted words together', () => {
    expect(commandWords('pg-dump-args', `--role "my role"\n--section='pre-data'`)).toEqual([
      '--role',
      'my role',
      '--section=pre-data',
    ]);
  });

  it('cannot have an unclosed quotation mark', () => {
    expect(errorText(() => commandWords('pg-dump-args', `--role="x`))).toContain('not closed');
    expect(errorText(() => commandWords('pg-dump-args', `--role='x" y`))).toContain('pg-dump-args');
  });
});
