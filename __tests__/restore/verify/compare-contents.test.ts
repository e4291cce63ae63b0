import { describe, expect, it } from '@jest/globals';
import {
  type ExpectedContents,
  compareContents,
  differencesError,
  otherRows,
} from '../../../src/restore/verify/compare-contents.ts';
import { exactPattern, filterPattern, identifiers } from '../../../src/archive/names.ts';
import type { TableEntry } from '../../../src/archive/content/manifest.ts';

function table(name: string, changes: Partial<TableEntry> = {}): TableEntry {
  const [schema = '', relation = ''] = identifiers(name);
  const rows = { rows: 3, bytes: 30, sha256: 'aa', text: 'ascii' as const };
  return { name, schema, table: relation, columns: 'id, name', ...rows, ...changes };
}

function contents(changes: Partial<ExpectedContents> = {}): ExpectedContents {
  return {
    tables: [table('public.users'), table('public.orders')],
    sequences: [{ name: 'public.users_id_seq', value: '7', called: true }],
    largeObjects: { count: 2, bytes: 2_000_000, sha256: 'bb' },
    ...changes,
  };
}

const withUsers = (changes: Partial<TableEntry>): ExpectedContents =>
  contents({ tables: [table('public.users', changes), table('public.orders')] });

describe('the comparison of a restored database with the archive', () => {
  it('finds no difference between equal contents in another order', () => {
    const found = contents({ tables: contents().tables.toReversed() });
    expect(compareContents(contents(), found, true)).toEqual({ differences: [], doubtful: [] });
  });

  it.each([
    ['a row less', withUsers({ rows: 2 }), 'public.users has 2 rows instead of 3 rows'],
    [
      'other bytes',
      withUsers({ sha256: 'xx', bytes: 31 }),
      'public.users has 3 rows, as expected, but their contents differ',
    ],
    [
      'another column',
      withUsers({ columns: 'id, nom' }),
      'public.users has the columns (id, nom) instead of (id, name)',
    ],
    [
      'a column less',
      withUsers({ columns: 'id' }),
      'public.users has the columns (id) instead of (id, name)',
    ],
    [
      'a table less',
      contents({ tables: [table('public.orders')] }),
      'public.users is missing (3 rows expected)',
    ],

    ['no sequence', contents({ sequences: [] }), 'the sequence public.users_id_seq is missing'],
    [
      'another value',
      contents({ sequences: [{ name: 'public.users_id_seq', value: '8', called: true }] }),
      'the sequence public.users_id_seq is at 8 instead of at 7',
    ],
    [
      'a value that was not given out',
      contents({ sequences: [{ name: 'public.users_id_seq', value: '7', called: false }] }),
      'the sequence public.users_id_seq is before 7 instead of at 7',
    ],
    [
      'a large object less',
      contents({ largeObjects: { count: 1, bytes: 1_000_000, sha256: 'bb' } }),
      'there are 1 large object of 1.0 MB instead of 2 large objects of 2.0 MB',
    ],
    [
      'another large object',
      contents({ largeObjects: { count: 2, bytes: 2_000_000, sha256: 'xx' } }),
      'the 2 large objects have other contents',
    ],
  ])('reports the difference: %s', (_, found, difference) => {
    expect(compareContents(contents(), found, true)).toEqual({ differences: [difference], doubtful: [] });
  });

  it.each([
    ['the same length with another digest', { sha256: 'xx' }],
    ['columns in another order', { columns: 'name, id', sha256: 'xx' }],
    ['columns in another order, with the same digest', { columns: 'name, id' }],
  ])('leaves undecided: %s', (_, changes) => {
    const { differences, doubtful } = compareContents(contents(), withUsers(changes), true);
    expect(differences).toEqual([]);
    expect(doubtful.map(otherRows)).toEqual([
      'public.users has 3 rows, as expected, but their contents differ',
    ]);
  });

  it('treats names as equal however they are quoted', () => {
    const found = contents({
      tables: [table('"public"."users"', { columns: '"id", "name"' }), table('public."orders"')],
      sequences: [{ name: '"public"."users_id_seq"', value: '7', called: true }],
    });
    expect(compareContents(contents(), found, true)).toEqual({ differences: [], doubtful: [] });
  });

  it('distinguishes names that differ in dots and quotes', () => {
    const found = contents({ tables: [table('"public.users"'), table('public.orders')] });
    expect(compareContents(contents(), found, false).differences).toEqual([
      'public.users is missing (3 rows expected)',
    ]);
  });

  it('reports unexpected rows only where the database must contain nothing else', () => {
    const found = contents({
      tables: [...contents().tables, table('public.more', { rows: 5 }), table('public.empty', { rows: 0 })],
      sequences: [...contents().sequences, { name: 'public.other', value: '1', called: false }],
    });
    expect(compareContents(contents(), found, true).differences).toEqual([
      'public.more has 5 rows instead of none',
    ]);
    expect(compareContents(contents(), found, false).differences).toEqual([]);
  });
});

describe('the error that lists the differences of a restored database', () => {
  it('names the first ten, and counts the rest', () => {
    const differences = Array.from({ length: 12 }, (_, index) => `t${index} is missing`);
    const { message } = differencesError(differences);
    expect(message).toMatch(
      /^The restored database differs from the backup: t0 is missing; .*; t9 is missing; and 2 more\.$/,
    );
    expect(differencesError(['a']).message).toBe('The restored database differs from the backup: a.');
  });

  it('is one line, whatever characters the names contain', () => {
    expect(differencesError(['public."a\n::error::b" is missing']).message).not.toContain('\n');
  });
});

describe('the names of tables as patterns for pg_dump', () => {
  it.each([
    ['public.users', ['public', 'users']],
    ['"a ""b"" .c"."new\nline"', ['a "b" .c', 'new\nline']],
    ['id, "c, d", "e)", "UPPER"', ['id', 'c, d', 'e)', 'UPPER']],
    ['', []],
  ])('are split into their parts: %s', (text, parts) => {
    expect(identifiers(text)).toEqual(parts);
  });

  it('match nothing else', () => {
    expect(exactPattern(['Odd "x"', 'a*?.$'])).toBe('"Odd ""x"""."a*?.$"');
    expect(exactPattern(['', 't'])).toBe('"t"');
    expect(filterPattern(['a\\b', 'new\nline'])).toBe(String.raw`"a\\b"."new\nline"`);
    expect(filterPattern(['a', 'b\r'])).toBeUndefined();
  });
});
