import { describe, expect, it } from '@jest/globals';
import { changesBetween } from '../../src/history/changes.ts';
import type { OpenRecord, RecordedContent } from '../../src/storage/record.ts';
import { openRecordFor } from '../support/seeded-record.ts';

const NAME = 'shop-20261127T041518Z-3f9c21aa.bak';
const of = (
  tables: Readonly<Record<string, number>>,
  changes: Partial<RecordedContent> = {},
  facts: Partial<OpenRecord> = {},
): OpenRecord => {
  const record = openRecordFor(NAME, Buffer.from('x'), tables);
  return { ...record, content: { ...record.content, ...changes }, ...facts };
};

describe('the changes between two backups', () => {
  it('of tables are named with their rows, the greatest loss first', () => {
    const before = of({ a: 1, gone: 2, shrunk: 30, more: 900, grown: 3, same: 5 });
    const after = of({ a: 1, shrunk: 20, more: 100, grown: 4, new: 7, same: 5 });
    const { tables } = changesBetween(before, after);
    expect(tables.map(({ table, change }) => `${table} ${change}`)).toEqual([
      ...['gone gone', 'more shrunk', 'shrunk shrunk', 'grown grown', 'new new'],
    ]);
    expect(tables[0]).toEqual({ table: 'gone', before: 2, after: null, change: 'gone' });
    expect(tables.at(-1)).toEqual({ table: 'new', before: null, after: 7, change: 'new' });
  });

  it('of a table with as many other rows are a rewriting', () => {
    const before = of({ a: 1 });
    const tables = before.content.tables.map((table) => ({ ...table, sha256: 'f'.repeat(64) }));
    const after = of({ a: 1 }, { tables });
    expect(changesBetween(before, after).tables).toEqual([
      { table: 'a', before: 1, after: 1, change: 'rewritten' },
    ]);
  });

  it('of definitions are named by kind and name, however many have the same', () => {
    const definition = (name: string, digest: string) => ({ kind: 'COMMENT', name, digest });
    const definitions = [
      definition('a', '1'),
      definition('a', '2'),
      definition('b', '3'),
      definition('c', '4'),
    ];
    const before = of({}, { definitions });
    const after = of(
      {},
      {
        definitions: [definition('a', '1'), definition('a', '2'), definition('b', '9'), definition('d', '5')],
      },
    );
    expect(changesBetween(before, after).definitions).toEqual([
      { kind: 'COMMENT', name: 'c', change: 'removed' },
      { kind: 'COMMENT', name: 'b', change: 'changed' },
      { kind: 'COMMENT', name: 'd', change: 'added' },
    ]);
  });

  it('of versions are those of the server and of extensions that both have', () => {
    const extension = (version: string) => [{ name: 'citext', version }];
    const before = of({}, {}, { extensions: [...extension('1.5'), { name: 'gone', version: '1' }] });
    const after = of({}, {}, { extensions: extension('1.6'), serverVersion: '17.11' });
    expect(changesBetween(before, after).versions).toEqual([
      { name: 'PostgreSQL', before: '17.10', after: '17.11' },
      { name: 'extension citext', before: '1.5', after: '1.6' },
    ]);
    expect(changesBetween(of({}), after).versions).toHaveLength(1);
  });

  it('of sequences and large objects are noticed, and nothing where nothing differs', () => {
    const before = of({ a: 1 });
    expect(changesBetween(before, of({ a: 1 }))).toEqual({
      tables: [],
      definitions: [],
      versions: [],
      sequences: false,
      largeObjects: false,
    });
    const sequences = [{ name: 'public.s', value: '3', called: true }];
    expect(changesBetween(before, of({ a: 1 }, { sequences })).sequences).toBe(true);
    const largeObjects = { count: 1, bytes: 1, sha256: 'e'.repeat(64) };
    expect(changesBetween(before, of({ a: 1 }, { largeObjects })).largeObjects).toBe(true);
  });
});
