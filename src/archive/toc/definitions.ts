import { createHash } from 'node:crypto';
import type { Definition } from '../content/manifest.ts';
import { isOfDatabase, withoutDatabaseName } from './database-entries.ts';
import { sqlStatements } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

/** Contents, and the planner's statistics. */
const NO_DEFINITIONS: ReadonlySet<string> = new Set([
  'TABLE DATA',
  'SEQUENCE SET',
  'BLOBS',
  'STATISTICS DATA',
]);

/** The definitions of an archive; sorted, so that its order does not matter. */
export function definitionsOf(entries: readonly TocEntry[]): Definition[] {
  const database = entries.find(({ kind }) => kind === 'DATABASE')?.tag ?? '';
  return entries
    .filter(({ kind }) => !NO_DEFINITIONS.has(kind))
    .map((entry) => (isOfDatabase(entry) ? ofDatabase(entry, database) : definition(entry)))
    .sort(
      (left, right) =>
        compare(left.kind, right.kind) ||
        compare(left.name, right.name) ||
        compare(left.sha256, right.sha256),
    );
}

function definition({ kind, schema, tag, sha256 }: TocEntry): Definition {
  return { kind, name: schema === '' ? tag : `${schema}.${tag}`, sha256 };
}

/**
 * A property of the database itself, without its name: under another name it is the same content. The statements are sorted,
 * because `pg_dump` reads the settings of roles in any order (`dumpDatabaseConfig` in pg_dump.c).
 */
function ofDatabase({ kind, owner, tablespace, definition: sql }: TocEntry, database: string): Definition {
  const statements = sqlStatements(withoutDatabaseName(sql, database)).sort(compare);
  const hash = createHash('sha256');
  for (const text of [kind, owner, tablespace, ...statements]) hash.update(text).update('\0');
  return { kind, name: 'DATABASE', sha256: hash.digest('hex') };
}

/** By code units, so that the order does not depend on the machine's language. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
