import { describe, expect, it } from '@jest/globals';
import { aboutSpelling, misspelled } from '../../../src/runner/inputs/spelling.ts';

describe('a misspelled input', () => {
  it.each([
    'CONNECTION_STRING',
    'CONECTION-STRING',
    'CONNECTION-STRINGS',
    'CONNECTION STRING'.replace(' ', '_'),
  ])('is found among the variables that the runner sets: %s', (name) => {
    expect(misspelled('connection-string', { [`INPUT_${name}`]: 'x' })).toBe(name.toLowerCase());
  });

  it.each([
    ['the input itself', { 'INPUT_CONNECTION-STRING': 'x' }],
    ['an input without a value', { INPUT_CONNECTION_STRING: ' ' }],
    ['another input', { 'INPUT_VERIFY-CONNECTION-STRING': 'x', INPUT_STORAGE: 'artifact' }],
    ['a variable that is no input', { CONNECTION_STRING: 'x' }],
  ])('is not %s', (_, env) => {
    expect(misspelled('connection-string', env)).toBeUndefined();
  });

  it('is also one of any name whose value can only be meant', () => {
    const env = { INPUT_URL: 'postgres://h/d', INPUT_OTHER: 'x' };
    expect(misspelled('connection-string', env, (_, value) => value.startsWith('postgres:'))).toBe('url');
  });

  it('is named in the sentence about an empty input; without one, the sentence says to check the spelling', () => {
    expect(aboutSpelling('age-identity', { 'INPUT_AGE-IDENTITIES': 'SECRET' })).toBe(
      'The step sets the input "age-identities", which does not exist (GitHub only warns about that): write "age-identity" instead.',
    );
    expect(aboutSpelling('age-identity', {})).toMatch(
      /^Check the spelling of "age-identity" in the workflow/,
    );
  });
});
