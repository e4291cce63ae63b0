import type { Database } from './database.ts';
import type { DescriptionSection } from './difficult-schema.ts';

/**
 * Compares two descriptions of `describeDatabase`.
 *
 * @returns the lines that the second lacks, after a minus, and those that it has instead, after a plus.
 */
export function differingLines(
  before: string,
  after: string,
  without: readonly DescriptionSection[],
): string[] {
  const [expected, found] = [linesOf(before, without), linesOf(after, without)];
  return [
    ...expected.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
    ...found.filter((line) => !expected.includes(line)).map((line) => `+ ${line}`),
  ];
}

function linesOf(description: string, without: readonly string[]): string[] {
  const sections = description.split(/^# /m);
  return sections
    .filter((section) => !without.includes(section.slice(0, section.indexOf('\n'))))
    .flatMap((section) => section.split('\n').filter((line) => line !== ''))
    .toSorted();
}

/** What the summary of a restore says is left out, as it is rendered. */
export function leftOutOfSummary(summary: string): string[] {
  const table = /### Left out or changed\n\n((?:\|.*\n)*)/.exec(summary)?.[1] ?? '';
  return [...table.matchAll(/^\| (?:⚠️ )?<code>(.*?)<\/code> \|/gm)].map(([, what = '']) =>
    what
      .replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  );
}

/** Whether there is nothing in a database that a new one has not: no relation, no schema, no large object. */
export async function holdsNothing(server: Database, database: string): Promise<boolean> {
  const rows = await server.query(
    `SELECT FROM pg_class WHERE oid >= 16384 UNION ALL SELECT FROM pg_namespace WHERE oid >= 16384
     UNION ALL SELECT FROM pg_largeobject_metadata`,
    { database },
  );
  return rows.length === 0;
}
