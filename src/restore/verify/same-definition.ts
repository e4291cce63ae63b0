import { sqlWords } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { Wording } from './version-wording.ts';

/** `::character varying(10)[]`; a type's name is what `format_type` writes. */
const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_]\w*)`;
const CAST = new RegExp(
  String.raw`::${NAME}(?:\.${NAME})?(?: varying| precision)?(?:\([\d,]+\))?(?: with(?:out)? time zone)?(?:\[\])*`,
  'g',
);
/** PostgreSQL 18 names them by itself, and another name where that is taken: it depends on what was created before. */
const NOT_NULL_NAME = / CONSTRAINT (?:"(?:[^"]|"")+"|[^\s"]+) NOT NULL\b/g;

/**
 * Whether two definitions say the same, as far as the same version of PostgreSQL writes them, or two versions whose
 * differences `wording` takes out. A restore may change:
 *
 * - casts and parentheses in expressions: `s IN ('a', 'b')` of a varchar is `s::text = ANY ((ARRAY['a'::varchar, …])::text[])`,
 *   and, restored, `s::text = ANY (ARRAY['a'::varchar::text, …])`;
 * - the quotes of names that need none (`--quote-all-identifiers`);
 * - of a table, the order of its columns, which a child table does not keep (PostgreSQL's own test of upgrades accepts
 *   that), and the names of its NOT NULL constraints.
 *
 * Strings, and so the bodies of functions, must be identical byte for byte.
 */
export function isSameDefinition(one: TocEntry, other: TocEntry, wording?: Wording): boolean {
  if (one.definition === other.definition || canonical(one) === canonical(other)) return true;
  if (wording === undefined) return false;
  const shared = (entry: TocEntry): string => canonical({ ...entry, definition: wording(entry) });
  return shared(one) === shared(other);
}

function canonical({ kind, definition }: TocEntry): string {
  const isTable = kind.endsWith('TABLE');
  const lines = withoutStrings(definition)
    .replaceAll(NOT_NULL_NAME, isTable ? ' NOT NULL' : '$&')
    .replaceAll(CAST, '')
    .replaceAll(/"([a-z_][a-z0-9_$]*)"/g, '$1')
    .split('\n')
    .map((line) => line.replaceAll(/[()\s]/g, ''));
  return isTable
    ? lines
        .map((line) => line.replace(/,$/, ''))
        .toSorted()
        .join('\n')
    : lines.join('');
}

/** The text with its strings and comments in hex digits, where nothing looks like SQL. */
function withoutStrings(sql: string): string {
  const parts: string[] = [];
  const add = (between: string): void => {
    const text = between.trim();
    parts.push(text === '' ? between : `'${Buffer.from(text).toString('hex')}'`);
  };
  let before = 0;
  for (const { at, end } of sqlWords(sql)) {
    if (at > before) add(sql.slice(before, at));
    parts.push(sql.slice(at, end));
    before = end;
  }
  add(sql.slice(before));
  return parts.join('');
}
