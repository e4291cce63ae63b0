import { type TableOfContents, readTableOfContents } from '../../../src/archive/toc/table-of-contents.ts';

/** The table of contents of an archive, which nobody cancels. */
export function tocOf(archive: string): Promise<TableOfContents> {
  return readTableOfContents(archive, new AbortController().signal);
}
