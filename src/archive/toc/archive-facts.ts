import { largeObjectsOf } from './identity.ts';
import type { TableOfContents } from './table-of-contents.ts';

const CLIENT_ENCODING = /^SET client_encoding = '(.*)';/;

/** The encoding that the archive's text is in, as PostgreSQL names it; undefined when the archive does not name it. */
export function encodingOf({ entries }: Pick<TableOfContents, 'entries'>): string | undefined {
  const encoding = entries.find(({ kind }) => kind === 'ENCODING')?.definition ?? '';
  return CLIENT_ENCODING.exec(encoding)?.[1];
}

/** The numbers of the archive's large objects. */
export function largeObjectIdsOf({ entries }: Pick<TableOfContents, 'entries'>): ReadonlySet<string> {
  return new Set(entries.flatMap(largeObjectsOf));
}
