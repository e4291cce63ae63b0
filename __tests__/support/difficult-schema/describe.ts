import type { Database, Row } from '../database.ts';
import { CATALOG_FACTS, ROW_HOLDERS, SEQUENCES } from './catalog-facts.ts';

/** A part of the description, which a comparison can leave out. */
export type DescriptionSection = keyof typeof CATALOG_FACTS | 'rows' | 'sequences';

/**
 * Says what is in a database, in lines that are the same for a faithful copy on the same or another server of another
 * version: every object with its definition, owners, privileges, comments, sequence values, and a digest of the rows of
 * each table and of each large object. It has nothing in common with the manifest of a backup.
 *
 * @param options.without what the copy need not have, such as `owners` after a restore with `--no-owner`.
 */
export async function describeDatabase(
  server: Database,
  database: string,
  { without = [] }: { readonly without?: readonly DescriptionSection[] } = {},
): Promise<string> {
  const wanted = (section: string): boolean => !without.some((left) => left === section);
  const ask = (query: string): Promise<Row[]> => server.sql(`SET search_path = ''; ${query}`, database);
  const sections: string[] = [];
  const add = (section: string, facts: readonly string[]): void => {
    sections.push(`# ${section}`, ...facts.toSorted());
  };
  for (const [section, query] of Object.entries(CATALOG_FACTS)) {
    if (wanted(section))
      add(
        section,
        (await ask(`SELECT fact FROM (${query}) q (fact)`)).map(({ fact }) => onOneLine(fact)),
      );
  }
  if (wanted('sequences'))
    add(
      'sequences',
      (await ask(sequencesQuery(await ask(SEQUENCES)))).map(({ fact }) => onOneLine(fact)),
    );
  if (wanted('rows'))
    add(
      'rows',
      (await ask(rowsQuery(await ask(ROW_HOLDERS)))).map(({ fact }) => onOneLine(fact)),
    );
  return `${sections.join('\n')}\n`;
}

function onOneLine(fact: unknown): string {
  return String(fact).replaceAll('\n', String.raw`\n`);
}

function sequencesQuery(sequences: readonly Row[]): string {
  return union(
    sequences.map(
      ({ name, facts }) =>
        `SELECT concat_ws(' ', ${literal(name)}, last_value, is_called, ${literal(facts)}) AS fact FROM ${String(name)}`,
    ),
  );
}

/** How many rows, and a digest of them all in an order of their own: that of the heap need not be the same. */
function rowsQuery(tables: readonly Row[]): string {
  return union(
    tables.map(
      ({ source, columns }) =>
        `SELECT concat_ws(' ', ${literal(source)}, count(*), md5(string_agg(row, E'\\n' ORDER BY row COLLATE "C"))) AS fact ` +
        `FROM (SELECT ROW(${String(columns)})::text AS row FROM ${String(source)}) q`,
    ),
  );
}

function union(queries: readonly string[]): string {
  return queries.length > 0 ? queries.join(' UNION ALL ') : 'SELECT WHERE false';
}

function literal(text: unknown): string {
  return `'${String(text).replaceAll("'", "''")}'`;
}
