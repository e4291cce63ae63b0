import { literalValue } from './sql-literals.ts';
import { sqlLexemes, sqlWords } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

const OF_DATABASE: ReadonlySet<string> = new Set(['DATABASE', 'DATABASE PROPERTIES']);
const MAY_BE_ABOUT_DATABASE: ReadonlySet<string> = new Set(['ACL', 'COMMENT', 'SECURITY LABEL']);

/** Whether an entry is about the database itself: a restore without `--create` leaves it out (`_tocEntryRequired`). */
export function isOfDatabase({ kind, tag }: Pick<TocEntry, 'kind' | 'tag'>): boolean {
  return OF_DATABASE.has(kind) || (MAY_BE_ABOUT_DATABASE.has(kind) && tag.startsWith('DATABASE '));
}

/** SQL without the name of the database that it is about: the identifier after each word DATABASE, if it is this one. */
export function withoutDatabaseName(sql: string, name: string): string {
  let [text, from, before] = ['', 0, ''];
  for (const { kind, text: word, at, end } of sqlWords(sql)) {
    if (before === 'DATABASE' && kind !== 'symbol' && word === name) {
      text += sql.slice(from, at);
      from = end;
    }
    before = kind === 'word' ? word : '';
  }
  return text + sql.slice(from);
}

/** The options of `CREATE DATABASE`, each `NAME = 'value'` or `NAME = value` (`dumpDatabase` in pg_dump.c). */
export function createOptions(definition: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  let [name, before] = ['', ''];
  for (const { kind, text, at, end } of sqlLexemes(definition, true)) {
    if (before === '=')
      options.set(name, kind === 'string' ? (literalValue(definition.slice(at, end)) ?? '') : text);
    else if (text !== '=') name = text.toUpperCase();
    before = kind === 'symbol' ? text : '';
  }
  return options;
}
