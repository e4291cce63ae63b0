import { describe, expect, it } from '@jest/globals';
import { schemaNames } from '../../../src/runner/inputs/schema-names.ts';

describe('the names of schemas', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['public', ['public']],
    [' public,  Extensions ', ['public', 'extensions']],
    ['"Odd, ""one""", public', ['Odd, "one"', 'public']],
    ['straße', ['straße']],
  ])('%s are read as SQL reads them', (value, names) => {
    expect(schemaNames('search-path', value)).toEqual(names);
  });

  it.each([
    ...['$user, public', 'public,', 'a b', "public'; DROP", '"open', '""'],
    ...['pg_catalog, public', '"pg_temp"', 'PG_Toast'],
  ])('%s are refused', (value) => {
    expect(() => schemaNames('search-path', value)).toThrow(
      /^search-path: ".*" is (?:not the name of a schema|a schema of PostgreSQL itself)\.$/,
    );
  });
});
