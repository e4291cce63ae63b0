import { describe, expect, it } from '@jest/globals';
import { booleanValue, commandWords, lines, wholeNumber } from '../../../src/runner/inputs/parsers.ts';
import { errorText } from '../../support/user-error.ts';

const days = { min: 1, max: 400 };

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
      expect(text).toContain('1 to 400');
    },
  );
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
