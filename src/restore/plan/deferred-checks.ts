import { encodingOf } from '../../archive/toc/archive-facts.ts';
import { tableChecks } from '../../archive/toc/table-checks.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { TocIndex } from '../../archive/toc/toc-index.ts';

/**
 * The tables with a CHECK constraint that calls a function, or uses an operator, of the archive: it may read a table whose rows
 * come later, or differ. Pure.
 *
 * `pg_dump` makes such a constraint with the table. A table depends on what its constraints depend on.
 */
export function tablesOfDeferredChecks(entries: readonly TocEntry[], index: TocIndex): readonly TocEntry[] {
  const isUtf8 = encodingOf(index) === 'UTF8';
  return entries.filter((entry) => {
    if (entry.kind !== 'TABLE') return false;
    // In other encodings it is not known what the names are on the server.
    if (!isUtf8 && /[^\0-\x7f]/.test(entry.schema + entry.tag)) return false;
    const needed = index.dependenciesOf(entry);
    const functions = needed.filter(({ kind }) => kind === 'FUNCTION').map(({ tag }) => tag);
    const operators = needed.filter(({ kind }) => kind === 'OPERATOR').map(({ tag }) => tag);
    if (functions.length + operators.length === 0) return false;
    return tableChecks(entry.definition).some(
      ({ words, at, end }) =>
        words.some(({ text }) => functions.some((tag) => tag.startsWith(`${text}(`))) ||
        operators.some((tag) => entry.definition.slice(at, end).includes(tag)),
    );
  });
}
