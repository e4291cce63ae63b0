import { type SqlWord, sqlWords } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

/** A CHECK constraint inside a CREATE TABLE. */
export interface TableCheck {
  readonly name: string;
  /** The indexes in the definition of its start, and after its end. */
  readonly at: number;
  readonly end: number;
  /** What its expression consists of, without strings. */
  readonly words: readonly SqlWord[];
}

/** The CHECK constraints in the definition of a table, as `pg_dump` writes it (`dumpTableSchema` in pg_dump.c). */
export function tableChecks(definition: string): readonly TableCheck[] {
  const words = [...sqlWords(definition)];
  const checks: TableCheck[] = [];
  let depth = 0;
  for (const [index, word] of words.entries()) {
    const [name, keyword, open] = words.slice(index + 1, index + 4);
    depth += depthOf(word);
    if (depth !== 1 || !isKeyword(word, 'CONSTRAINT') || !name || !open || !isKeyword(keyword, 'CHECK'))
      continue;
    const first = index + 3;
    const last = closing(words, first);
    const close = words[last];
    if (close === undefined) continue;
    const [no, inherit] = words.slice(last + 1, last + 3);
    const end = isKeyword(no, 'NO') && isKeyword(inherit, 'INHERIT') ? inherit.end : close.end;
    checks.push({ name: name.text, at: word.at, end, words: words.slice(first + 1, last) });
  }
  return checks;
}

/** The definition of a table without a CHECK constraint, as `pg_dump` writes it where it is added later. */
export function withoutCheck(definition: string, { at, end }: TableCheck): string {
  const before = definition.slice(0, at).trimEnd();
  const after = definition.slice(end);
  if (before.endsWith(',')) return before.slice(0, -1) + after;
  return before + (after.startsWith(',') ? after.slice(1) : after);
}

/** What `pg_dump` writes for a CHECK constraint that is NOT VALID (`dumpConstraint`): an entry of its own. */
export function notValidCheck(table: TocEntry, { name, at, end }: TableCheck): TocEntry {
  const header = table.definition.slice(0, table.definition.indexOf('(')).trimEnd();
  const relation = header.slice(header.indexOf('TABLE ') + 'TABLE '.length);
  return {
    ...table,
    kind: 'CHECK CONSTRAINT',
    section: 'post-data',
    tag: `${table.tag} ${name}`,
    tablespace: '',
    accessMethod: '',
    definition: `ALTER TABLE ${relation}\n    ADD ${table.definition.slice(at, end)} NOT VALID;\n`,
    dropStatement: '',
  };
}

/** The index of the word that closes a parenthesis. */
function closing(words: readonly SqlWord[], open: number): number {
  let depth = 0;
  for (let index = open; index < words.length; index += 1) {
    depth += depthOf(words[index]);
    if (depth === 0) return index;
  }
  return words.length;
}

function depthOf(word: SqlWord | undefined): number {
  if (word?.kind !== 'symbol') return 0;
  return word.text === '(' ? 1 : word.text === ')' ? -1 : 0;
}

function isKeyword(word: SqlWord | undefined, keyword: string): word is SqlWord {
  return word?.kind === 'word' && word.text === keyword;
}
