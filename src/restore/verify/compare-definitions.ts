import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { TocIndex } from '../../archive/toc/toc-index.ts';
import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { isSameDefinition } from './same-definition.ts';
import { type SchemaExpectation, entryKey, wasThereBefore } from './schema-expectation.ts';
import { sharedWording } from './version-wording.ts';

/** The result of a comparison of definitions and owners. */
export interface ComparedDefinitions {
  readonly differences: readonly string[];
  /** Of those, definitions that are there with another text, where minor versions differ: they may be the same. */
  readonly reworded: readonly string[];
  /** Definitions that are there with another text, where major versions differ: no difference, and not compared. */
  readonly otherText: readonly string[];
  /** What was found of what was restored, each entry by that of the archive. */
  readonly found: ReadonlyMap<TocEntry, TocEntry>;
  readonly definitions: number;
  readonly owners: number;
}

/** Not definitions, or compared in another way: contents, privileges, large objects, and what says how to read the rest. */
const NOT_COMPARED: ReadonlySet<string> = new Set([
  ...['TABLE DATA', 'SEQUENCE SET', 'BLOBS', 'STATISTICS DATA', 'MATERIALIZED VIEW DATA'],
  ...['ACL', 'DEFAULT ACL', 'BLOB', 'BLOB METADATA', 'BLOB COMMENTS'],
  ...['ENCODING', 'STDSTRINGS', 'SEARCHPATH', 'DATABASE', 'DATABASE PROPERTIES'],
]);

/** Of what hangs on something restored, what every version has an entry for: where it is too many, it was added. */
const PARTS: ReadonlySet<string> = new Set([
  ...[
    'CHECK CONSTRAINT',
    'FK CONSTRAINT',
    'INDEX',
    'POLICY',
    'ROW SECURITY',
    'RULE',
    'STATISTICS',
    'TRIGGER',
  ],
]);

/** Whose comments pg_dump has an entry for only if they are others than a new database has; it did not look before 11. */
const OF_EVERY_DATABASE: ReadonlySet<string> = new Set(['SCHEMA public', 'EXTENSION plpgsql']);

/**
 * Why the same definition can have another text: major versions differ.
 *
 * @returns undefined when they are the same.
 */
export function differentMajors(archive: TableOfContents, target: TableOfContents): string | undefined {
  const [before, now] = [archive, target].map(({ serverVersion }) => Number.parseInt(serverVersion, 10));
  if (before !== now) return `the backup is of PostgreSQL ${before ?? ''}, and the target is ${now ?? ''}`;
  if (archive.dumpMajor === target.dumpMajor) return undefined;
  return `the backup was made by pg_dump ${archive.dumpMajor}, and the client tools are ${target.dumpMajor}`;
}

/**
 * Why the same definition can have another text: minor versions differ.
 *
 * @returns undefined when they are the same.
 */
export function differentMinors(archive: TableOfContents, target: TableOfContents): string | undefined {
  const [before, now] = [archive, target].map(
    ({ serverVersion, dumpVersion }) =>
      `PostgreSQL ${minorOf(serverVersion)} and pg_dump ${minorOf(dumpVersion)}`,
  );
  if (before === undefined || now === undefined || before === now) return undefined;
  return `the backup is of ${before}, and the target of ${now}`;
}

/** `17.2 (Debian 17.2-1.pgdg120+1)` → `17.2`. */
function minorOf(version: string): string {
  return version.split(' ', 1)[0] ?? version;
}

/** Compares what was restored with the table of contents of the target, object by object. */
export function compareDefinitions(
  expectation: SchemaExpectation,
  target: TableOfContents,
): ComparedDefinitions {
  const acrossMajors = differentMajors(expectation.contents, target) !== undefined;
  const mayBeReworded = differentMinors(expectation.contents, target) !== undefined;
  const unmatched = Map.groupBy(target.entries, entryKey);
  const found = new Map<TocEntry, TocEntry>();
  const missing: TocEntry[] = [];
  const other: TocEntry[] = [];
  const take = (entry: TocEntry, isIt: (candidate: TocEntry) => boolean): boolean => {
    const candidates = unmatched.get(entryKey(entry)) ?? [];
    const at = candidates.findIndex(isIt);
    const [taken] = at === -1 ? [] : candidates.splice(at, 1);
    if (taken !== undefined) found.set(entry, taken);
    return taken !== undefined;
  };
  const expected = expectation.restored.filter(
    (entry) =>
      isCompared(entry) &&
      !wasThereBefore(entry, expectation) &&
      !(expectation.contents.dumpMajor < 11 && isOfEveryDatabase(entry)),
  );
  const same = sameDefinition(expectation, acrossMajors);
  // Some kinds share a name: operators' comments, for one.
  const others = expected.filter((entry) => !take(entry, (candidate) => same(entry, candidate)));
  for (const entry of others) (take(entry, () => true) ? other : missing).push(entry);
  const texts = other.map(describeEntry);
  const reworded = mayBeReworded && !acrossMajors ? texts : [];
  const owners = compareOwners(expectation, found);
  return {
    differences: [
      ...missing.map((entry) => `${describeEntry(entry)} is missing`),
      ...(mayBeReworded ? [] : texts.map((text) => `${text} has another definition`)),
      ...surplusParts(found, target, acrossMajors),
      ...reworded.map((text) => `${text} has a definition of another text`),
      ...owners.differences,
    ],
    reworded: reworded.map((text) => `${text} has a definition of another text`),
    otherText: acrossMajors ? texts : [],
    found,
    definitions: expected.length - (acrossMajors ? texts.length : 0),
    owners: owners.count,
  };
}

function isOfEveryDatabase({ kind, tag }: TocEntry): boolean {
  return kind === 'COMMENT' && OF_EVERY_DATABASE.has(tag);
}

/** How an error names an entry. */
export function describeEntry(entry: TocEntry): string {
  return `the ${displayKind(entry)} ${displayName(entry)}`;
}

function isCompared({ kind, tag }: TocEntry): boolean {
  return !NOT_COMPARED.has(kind) && !/^(?:DATABASE|LARGE OBJECT) /.test(tag);
}

function sameDefinition(
  { contents, restated, restoreArguments, withoutTablespaces }: SchemaExpectation,
  acrossMajors: boolean,
): (one: TocEntry, other: TocEntry) => boolean {
  const schemas = contents.entries.map(({ schema }) => schema);
  const wording = acrossMajors
    ? sharedWording(new Set(['pg_catalog', 'information_schema', ...schemas]))
    : undefined;
  const anyTablespace = withoutTablespaces || restoreArguments.includes('--no-tablespaces');
  const anyMethod = restoreArguments.includes('--no-table-access-method');
  return (one, other) =>
    (anyTablespace || one.tablespace === other.tablespace) &&
    (anyMethod || one.accessMethod === other.accessMethod) &&
    // Whoever may not see the options of a mapping dumps it without them.
    (one.kind === 'USER MAPPING' ||
      isSameDefinition({ ...one, definition: restated.get(one) ?? one.definition }, other, wording));
}

/** What hangs on something restored, and that the archive does not have: a trigger, an index, a policy. */
function surplusParts(
  found: ReadonlyMap<TocEntry, TocEntry>,
  { entries }: TableOfContents,
  acrossMajors: boolean,
): string[] {
  const matched = new Set(found.values());
  const index = new TocIndex(entries);
  return entries.flatMap((entry) => {
    const home = index.ownerOf(entry);
    if (home === undefined || !matched.has(home) || matched.has(entry) || !isCompared(entry)) return [];
    if (acrossMajors && !PARTS.has(entry.kind)) return [];
    // An extension brings its own comment along.
    return home.kind === 'EXTENSION' ? [] : [`${describeEntry(entry)} is not in the backup`];
  });
}

function compareOwners(
  { owned, schemasBefore }: SchemaExpectation,
  found: ReadonlyMap<TocEntry, TocEntry>,
): { readonly differences: readonly string[]; readonly count: number } {
  const compared = owned.flatMap(({ entry, owner }) => {
    const other = found.get(entry);
    return other === undefined || wasThereBefore(entry, { schemasBefore }) ? [] : [{ entry, owner, other }];
  });
  const differences = compared.flatMap(({ entry, owner, other }) =>
    other.owner === owner
      ? []
      : [`${describeEntry(entry)} belongs to ${plainLine(other.owner)} instead of ${plainLine(owner)}`],
  );
  return { differences, count: compared.length };
}
