import { count } from '../../runner/format.ts';
import { plainLine } from '../../runner/plain-text.ts';
import type { TocEntry } from './table-of-contents.ts';

/** Names for kinds of entries; for other kinds, the kind in small letters. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ACL', 'privileges on'],
  ['BLOB', 'large object'],
  ['BLOB METADATA', 'large objects'],
  ['CHECK CONSTRAINT', 'check constraint'],
  ['COMMENT', 'comment on'],
  ['DEFAULT ACL', 'default privileges'],
  ['FK CONSTRAINT', 'foreign key'],
  ['PUBLICATION TABLE', 'table of a publication'],
  ['PUBLICATION TABLES IN SCHEMA', 'schema of a publication'],
  ['SECURITY LABEL', 'security label on'],
  ['STATISTICS', 'statistics object'],
  ['STATISTICS DATA', 'planner statistics of'],
  ['TABLE ATTACH', 'partition attachment of'],
  ['TABLE DATA', 'rows of'],
]);

/** The kind of an entry as text: `table`, `foreign key`, `comment on`. */
export function displayKind({ kind }: Pick<TocEntry, 'kind'>): string {
  return WORDS.get(kind) ?? kind.toLowerCase();
}

/** The name of an entry as text: `public.users`; for parts of a table, `public.users orders_user_fkey`. */
export function displayName({ kind, schema, tag }: Pick<TocEntry, 'kind' | 'schema' | 'tag'>): string {
  if (kind === 'USER MAPPING') return plainLine(tag.replace(/^USER MAPPING /, ''));
  if (kind === 'DEFAULT ACL') {
    const of = tag.replace(/^DEFAULT PRIVILEGES FOR /, 'for ').toLowerCase();
    return plainLine(schema === '' ? of : `${of} in ${schema}`);
  }
  if (['ACL', 'COMMENT', 'SECURITY LABEL'].includes(kind)) {
    return plainLine(schema === '' ? tag : `${tag} in ${schema}`);
  }
  return plainLine(schema === '' ? tag : `${schema}.${tag}`);
}

/** The number of each kind as text: `12 tables, 3 views and 1 sequence`. */
export function formatCounts(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const words = [...counts].map(([kind, number]) =>
    number > 1 && kind.endsWith('y')
      ? count(number, kind.slice(0, -1)).replace(/s$/, 'ies')
      : count(number, kind),
  );
  const last = words.pop() ?? 'nothing';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}
