import type { TocEntry } from '../../archive/toc/table-of-contents.ts';

/** A definition in the words that all major versions share, as far as they are known to differ. */
export type Wording = (entry: Pick<TocEntry, 'kind' | 'definition'>) => string;

/** One difference of wording between major versions, and how the text looks without it. */
interface KnownDifference {
  readonly kinds: ReadonlySet<string>;
  readonly without: (definition: string, schemas: ReadonlySet<string>) => string;
}

const VIEWS = new Set(['VIEW', 'MATERIALIZED VIEW']);
const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_]\w*)`;
const QUALIFIED = new RegExp(String.raw`(?<![\w".$])(${NAME})\.(?=${NAME})`, 'g');

/**
 * What the servers of two major versions write differently in the same definition, measured from 13 to 18. What is not
 * among them is compared byte for byte, and named as not compared where it differs.
 */
const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  // 14 gave range types a multirange, whose name pg_dump writes.
  {
    kinds: new Set(['TYPE']),
    without: (text) =>
      text.replace(new RegExp(String.raw`,\n\s*multirange_type_name = ${NAME}(?:\.${NAME})?`), ''),
  },
  // 14 writes the mode of every argument of a procedure.
  { kinds: new Set(['PROCEDURE']), without: (text) => text.replaceAll(/([(,] ?)IN /g, '$1') },
  // 16 no longer writes the table before a column where there is only one.
  { kinds: VIEWS, without: withoutOnlyQualifier },
];

/**
 * @param schemas the names of schemas in the archive; what stands before a dot and is not one of them is a table of a query.
 */
export function sharedWording(schemas: ReadonlySet<string>): Wording {
  return ({ kind, definition }) =>
    KNOWN_DIFFERENCES.filter(({ kinds }) => kinds.has(kind)).reduce(
      (text, { without }) => without(text, schemas),
      definition,
    );
}

/** Where several tables are named, it matters which. */
function withoutOnlyQualifier(text: string, schemas: ReadonlySet<string>): string {
  const isSchema = (name: string): boolean =>
    schemas.has(name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'));
  const named = new Set(
    [...text.matchAll(QUALIFIED)].map(([, name = '']) => name).filter((name) => !isSchema(name)),
  );
  const [only] = named;
  if (only === undefined || named.size > 1) return text;
  return text.replaceAll(QUALIFIED, (whole, name) => (name === only ? '' : whole));
}
