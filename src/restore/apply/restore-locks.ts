import { largeObjectsOf } from '../../archive/toc/identity.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** Tables with rows out of line have a table of their own for these, and that has an index. */
const WITH_TOAST: ReadonlySet<string> = new Set(['TABLE', 'MATERIALIZED VIEW']);

/** How many locks one transaction that creates these has in the end, at most. */
export function locksOf(entries: readonly TocEntry[]): number {
  return entries.reduce(
    (sum, entry) => sum + (WITH_TOAST.has(entry.kind) ? 3 : Math.max(1, largeObjectsOf(entry).length)),
    0,
  );
}
