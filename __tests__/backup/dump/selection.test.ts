import { describe, expect, it } from '@jest/globals';
import { isOpaque, partitionsError, selection, unreadableError } from '../../../src/backup/dump/selection.ts';
import { readPattern } from '../../../src/postgres/name-pattern.ts';
import type { Relation } from '../../../src/postgres/preflight.ts';
import type { DumpFilters } from '../../../src/backup/dump/dump-filters.ts';

const relation = (name: string, more: Partial<Relation> = {}): Relation => ({
  schema: 'public',
  name,
  kind: 'table',
  bytes: 1,
  visible: (more.schema ?? 'public') === 'public',
  ownedBy: undefined,
  parents: [],
  unreadable: undefined,
  ...more,
});
const none: DumpFilters = {
  schemas: [],
  excludeSchemas: [],
  tables: [],
  excludeTables: [],
  excludeTableData: [],
};
const RELATIONS = [
  relation('users'),
  relation('Users'),
  relation('user_log'),
  relation('users', { schema: 'auth' }),
  relation('odd.name', { schema: 'odd schema' }),
];
const chosen = (filters: Partial<DumpFilters>, data = false) => {
  const selected = selection({ ...none, ...filters }, RELATIONS);
  return RELATIONS.filter(data ? selected.includesData : selected.includes).map(
    ({ schema, name }) => `${schema}.${name}`,
  );
};

describe('psql patterns', () => {
  it.each([
    ['users', 'users', true],
    ['USERS', 'users', true],
    ['"USERS"', 'users', false],
    ['user*', 'user_log', true],
    ['user?', 'users', true],
    ['(a|b)', 'b', true],
    ['"(a|b)"', 'b', false],
    ['"a""b"', 'a"b', true],
    ['a$', 'a$', true],
    ['user', 'users', false],
    ['log_[0-9]{4}', 'log_2024', true],
    ['???', 'a😀b', true],
    ['"😀"', '😀', true],
    ['*a'.repeat(30), `${'a'.repeat(63)}b`, false],
  ])('%s matches %s: %s', (pattern, name, matches) => {
    expect(readPattern(pattern)?.name.test(name)).toBe(matches);
  });

  it('are left to pg_dump if they use more than this action reads', () => {
    for (const text of ['(', '^a', 'a{300}', '\\m', 'a)']) expect(readPattern(text)).toBeUndefined();
  });
});

describe('a selection', () => {
  it('is everything without filters', () => {
    expect(chosen({})).toHaveLength(RELATIONS.length);
  });

  it('follows schemas and exclude-schemas', () => {
    expect(chosen({ schemas: ['auth'] })).toEqual(['auth.users']);
    expect(chosen({ excludeSchemas: ['public', '"odd schema"'] })).toEqual(['auth.users']);
  });

  it('searches an unqualified table name only in the search path, as pg_dump does', () => {
    expect(chosen({ tables: ['users'] })).toEqual(['public.users']);
    expect(chosen({ tables: ['*.users'] })).toEqual(['public.users', 'auth.users']);
    expect(chosen({ tables: ['"odd schema"."odd.name"'] })).toEqual(['odd schema.odd.name']);
  });

  it('gives tables precedence over schema filters, and exclusions over everything', () => {
    expect(chosen({ tables: ['auth.users'], schemas: ['public'] })).toEqual(['auth.users']);
    expect(chosen({ tables: ['user*'], excludeTables: ['user_*'] })).toEqual(['public.users']);
  });

  it('contains a table of which only the rows are left out', () => {
    expect(chosen({ excludeTableData: ['user_log'] })).toContain('public.user_log');
    expect(chosen({ excludeTableData: ['user_log'] }, true)).not.toContain('public.user_log');
  });

  it('contains a sequence together with the table that owns it', () => {
    const sequence = relation('users_id_seq', {
      kind: 'sequence',
      ownedBy: { schema: 'public', name: 'users' },
    });
    const all = [...RELATIONS, sequence];
    expect(selection({ ...none, tables: ['users'] }, all).includesData(sequence)).toBe(true);
    expect(selection({ ...none, tables: ['user_log'] }, all).includesData(sequence)).toBe(false);
  });

  it('lists exclusions that match nothing', () => {
    const filters = {
      ...none,
      excludeSchemas: ['nope'],
      excludeTables: ['users', 'typo*'],
      excludeTableData: ['gone'],
    };
    expect(selection(filters, RELATIONS).unmatchedExclusions).toEqual([
      ['exclude-schemas', 'nope'],
      ['exclude-tables', 'typo*'],
      ['exclude-table-data', 'gone'],
    ]);
  });
});

describe('a table that the role cannot read', () => {
  const secret = relation('secret', { unreadable: 'no SELECT' });

  it('is named in one error that says what to grant', () => {
    const error = unreadableError('backup', selection(none, [secret]), [secret]);
    expect(error?.message).toContain('public.secret (no SELECT)');
    expect(error?.message).toContain('backup');
    expect(error?.hint).toContain('pg_read_all_data');
  });

  it('causes no error if it is left out', () => {
    expect(
      unreadableError('u', selection({ ...none, excludeTables: ['secret'] }, [secret]), [secret]),
    ).toBeUndefined();
    expect(
      unreadableError('u', selection({ ...none, excludeTableData: ['secret'] }, [secret]), [secret]),
    ).toBeUndefined();
  });

  it('is named in the error among at most twenty', () => {
    const many = Array.from({ length: 25 }, (_, index) => relation(`t${index}`, { unreadable: 'no SELECT' }));
    const message = unreadableError('u', selection(none, many), many)?.message ?? '';
    expect(message).toContain('25 of the tables');
    expect(message).toContain('and 5 more');
    expect(message).not.toContain('t20');
  });

  it('is left to pg_dump if additional arguments change the selection', () => {
    expect(
      ['--filter=f', '--enable-row-security', '--schema-only', '-s', '-Os', '--role=r', '-epostgis'].map(
        (word) => isOpaque([word]),
      ),
    ).toEqual(Array<boolean>(7).fill(true));
    expect(isOpaque(['--no-owner', '-O', '--no-publications'])).toBe(false);
  });
});

describe('partitions, and what inherits', () => {
  const child = (name: string, parent: string, more: Partial<Relation> = {}): Relation =>
    relation(name, { parents: [{ schema: 'public', name: parent }], ...more });
  const FAMILY = [
    relation('events', { kind: 'partitioned table' }),
    child('events_2024', 'events', { kind: 'partitioned table' }),
    child('events_2024_01', 'events_2024'),
    child('events_2025', 'events', { schema: 'parts' }),
    relation('animals'),
    child('dogs', 'animals', { schema: 'parts' }),
  ];
  const select = (filters: Partial<DumpFilters>) => selection({ ...none, ...filters }, FAMILY);
  const names = (filters: Partial<DumpFilters>, data = false): string[] => {
    const selected = select(filters);
    return FAMILY.filter(data ? selected.includesData : selected.includes).map(({ name }) => name);
  };
  const refused = (filters: Partial<DumpFilters>, major: number) =>
    partitionsError(select(filters), FAMILY, major);
  const allEvents = ['events', 'events_2024', 'events_2024_01', 'events_2025'];

  it('come with the table that is named', () => {
    expect(names({ tables: ['events'] })).toEqual(allEvents);
    expect(names({ tables: ['events_2024'] })).toEqual(['events_2024', 'events_2024_01']);
    expect(names({ tables: ['animals'] })).toEqual(['animals', 'dogs']);
    expect(names({ tables: ['events'], excludeTables: ['events_2024'] })).toEqual(['events', 'events_2025']);
  });

  it('go with the table that is excluded, or whose rows are', () => {
    expect(names({ excludeTables: ['events'] })).toEqual(['animals', 'dogs']);
    expect(names({ excludeTableData: ['events'] }, true)).toEqual(['animals', 'dogs']);
    expect(names({ excludeTableData: ['events'] })).toHaveLength(FAMILY.length);
  });

  it.each<[string, Partial<DumpFilters>]>([
    ['tables', { tables: ['events'] }],
    ['exclude-tables', { excludeTables: ['events'] }],
    ['exclude-table-data', { excludeTableData: ['events'] }],
  ])('need tools that can do that: %s', (_, filters) => {
    expect(refused(filters, 16)).toBeUndefined();
    expect(refused(filters, 15)?.message).toMatch(/public\.events_2024,.*parts\.events_2025/);
    const [patterns = []] = Object.values(filters);
    const all = Object.fromEntries(
      Object.keys(filters).map((input) => [input, [...patterns, 'events_*', 'parts.*']]),
    );
    expect(refused(all, 15)).toBeUndefined();
  });

  it('cannot be missing because schemas does not select them, unless they are excluded', () => {
    const error = refused({ schemas: ['public'] }, 17);
    expect(error?.message).toBe(
      'schemas selects a partitioned table, but not all of its partitions: parts.events_2025 would be missing, with all of their rows.',
    );
    expect(error?.silent?.message).not.toContain('events');
    expect(refused({ schemas: ['public', 'parts'] }, 17)).toBeUndefined();
    expect(refused({ schemas: ['public'], excludeTables: ['parts.*'] }, 17)).toBeUndefined();
    expect(refused({ excludeSchemas: ['parts'] }, 17)).toBeUndefined();
  });
});
