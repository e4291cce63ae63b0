import type { Definition } from '../content/manifest.ts';
import type { TocEntry } from './table-of-contents.ts';

/** Properties of the database itself: a restore without `--create` leaves them out (`_tocEntryRequired`). */
const OF_DATABASE: ReadonlySet<string> = new Set(['DATABASE', 'DATABASE PROPERTIES']);
const MAY_BE_ABOUT_DATABASE: ReadonlySet<string> = new Set(['ACL', 'COMMENT', 'SECURITY LABEL']);

/** Contents, and the planner's statistics. */
const NO_DEFINITIONS: ReadonlySet<string> = new Set([
  'TABLE DATA',
  'SEQUENCE SET',
  'BLOBS',
  'STATISTICS DATA',
]);

/** The definitions of an archive, without the properties of the database itself; sorted, so that its order does not matter. */
export function definitionsOf(entries: readonly TocEntry[]): Definition[] {
  return entries
    .filter((entry) => !NO_DEFINITIONS.has(entry.kind) && !isOfDatabase(entry))
    .map(({ kind, schema, tag, sha256 }) => ({
      kind,
      name: schema === '' ? tag : `${schema}.${tag}`,
      sha256,
    }))
    .sort(
      (left, right) =>
        compare(left.kind, right.kind) ||
        compare(left.name, right.name) ||
        compare(left.sha256, right.sha256),
    );
}

function isOfDatabase({ kind, tag }: TocEntry): boolean {
  return OF_DATABASE.has(kind) || (MAY_BE_ABOUT_DATABASE.has(kind) && tag.startsWith('DATABASE '));
}

/** By code units, so that the order does not depend on the machine's language. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
