import { identifiers, nameKey } from '../../archive/names.ts';
import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { privilegeStatements } from '../../archive/toc/privileges.ts';
import { TocIndex } from '../../archive/toc/toc-index.ts';
import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { type PlannedPrivileges, isAboutPrivileges } from '../plan/plan-privileges.ts';
import type { ComparedDefinitions } from './compare-definitions.ts';
import { privilegeDifferences, privilegesAfter } from './privilege-state.ts';
import { type SchemaExpectation, wasThereBefore } from './schema-expectation.ts';

/** The first `pg_dump` whose entries about privileges say what kind of object they are about. */
const NAMES_KINDS_SINCE = 11;

/**
 * Why privileges cannot be compared.
 *
 * @returns undefined when they can.
 */
export function whyNotPrivileges({ contents, privileges }: SchemaExpectation): string | undefined {
  if (privileges === undefined) return 'none were restored';
  return contents.dumpMajor >= NAMES_KINDS_SINCE
    ? undefined
    : `pg_dump ${contents.dumpMajor} does not name the kinds of objects that they are about`;
}

/**
 * Compares the privileges in the target with what the plan has made of the archive's: by their effect, and not by the
 * statements, which depend on owners and versions. Those of large objects are not among them: no dump of a schema has them.
 */
export function comparePrivileges(
  expectation: SchemaExpectation,
  target: TableOfContents,
  compared: ComparedDefinitions,
): { readonly differences: readonly string[]; readonly objects: number } {
  if (whyNotPrivileges(expectation) !== undefined) return { differences: [], objects: 0 };
  const expected = new Map(
    (expectation.privileges ?? [])
      .filter(({ entry }) => isCompared(entry))
      .map((planned) => [aclKey(planned.entry), planned]),
  );
  const found = new Map(target.entries.filter(isCompared).map((entry) => [aclKey(entry), entry]));
  const comparison = new Comparison(expectation, target, compared);
  const results = [...new Set([...expected.keys(), ...found.keys()])].flatMap(
    (key) => comparison.differencesOf(expected.get(key), found.get(key)) ?? [],
  );
  return { differences: results.flat(), objects: results.length };
}

function isCompared(entry: TocEntry): boolean {
  return isAboutPrivileges(entry) && !/^(?:LARGE OBJECTS?|DATABASE) /.test(entry.tag);
}

/** Whatever quotes stand in the tag. */
function aclKey({ kind, schema, tag, owner }: TocEntry): string {
  return nameKey(kind, schema, kind === 'DEFAULT ACL' ? owner : '', ...identifiers(tag));
}

class Comparison {
  readonly #expectation: SchemaExpectation;
  readonly #target: TableOfContents;
  readonly #archiveIndex: TocIndex;
  readonly #targetIndex: TocIndex;
  readonly #restored: ReadonlySet<TocEntry>;
  readonly #owners: ReadonlyMap<TocEntry, string>;
  /** What was restored, by what was found of it. */
  readonly #origins: ReadonlyMap<TocEntry, TocEntry>;
  readonly #serverMajor: number;

  constructor(expectation: SchemaExpectation, target: TableOfContents, { found }: ComparedDefinitions) {
    this.#expectation = expectation;
    this.#target = target;
    this.#archiveIndex = new TocIndex(expectation.contents.entries);
    this.#targetIndex = new TocIndex(target.entries);
    this.#restored = new Set(expectation.restored);
    this.#owners = new Map(expectation.owned.map(({ entry, owner }) => [entry, owner]));
    this.#origins = new Map([...found].map(([origin, other]) => [other, origin]));
    this.#serverMajor = Number.parseInt(target.serverVersion, 10);
  }

  /** @returns the differences of one object, in one array; undefined where there is nothing to compare. */
  differencesOf(planned: PlannedPrivileges | undefined, found: TocEntry | undefined): string[][] | undefined {
    const entry = planned?.entry ?? found;
    const home = planned === undefined ? this.#originOf(found) : this.#archiveIndex.ownerOf(planned.entry);
    if (entry === undefined) return undefined;
    const isNew = home !== undefined && this.#restored.has(home) && !wasThereBefore(home, this.#expectation);
    const scope = isNew && home.kind !== 'EXTENSION' ? 'all' : 'stated';
    if (scope === 'stated' && (planned === undefined || !this.#isComparable(entry))) return undefined;
    const initial = scope === 'all' || entry.kind === 'DEFAULT ACL' || isSchema(entry) ? 'known' : 'unknown';
    const object = { tag: entry.tag, schema: entry.schema, serverMajor: this.#serverMajor };
    const statements = found === undefined ? [] : privilegeStatements(found.definition);
    const name = `the ${entry.kind === 'ACL' ? 'privileges on ' : ''}${describeGranted(entry)}`;
    if (statements === undefined) return [[`${name} cannot be understood`]];
    const owner = found?.owner ?? this.#ownerOfSchema(entry);
    const expected = privilegesAfter(planned?.applied ?? [], {
      ...object,
      owner: scope === 'all' ? this.#ownerOf(home, entry) : entry.owner,
      dumpMajor: this.#expectation.contents.dumpMajor,
      initial: scope === 'all' ? 'known' : 'unknown',
    });
    const actual = privilegesAfter(statements, {
      ...object,
      owner,
      dumpMajor: this.#target.dumpMajor,
      initial,
    });
    const differences = privilegeDifferences(expected, actual, { scope, initial, owner });
    return [differences.length === 0 ? [] : [`${name} differ (${differences.join(', ')})`]];
  }

  /** Objects of extensions have what their version gives them; those of the system, what the server's does. */
  #isComparable(entry: TocEntry): boolean {
    if (entry.kind === 'DEFAULT ACL' || isSchema(entry)) return true;
    const { serverVersion } = this.#expectation.contents;
    return entry.schema === 'pg_catalog' && Number.parseInt(serverVersion, 10) === this.#serverMajor;
  }

  #originOf(found: TocEntry | undefined): TocEntry | undefined {
    const home = found && this.#targetIndex.ownerOf(found);
    return home && this.#origins.get(home);
  }

  /** Of what has no owner of its own, as the sequence of an identity column, the owner of its table. */
  #ownerOf(home: TocEntry | undefined, entry: TocEntry): string {
    for (let at = home; at !== undefined; at = this.#archiveIndex.ownerOf(at)) {
      const owner = this.#owners.get(at);
      if (owner !== undefined) return owner;
    }
    return entry.owner;
  }

  /** Of a schema that was there before. */
  #ownerOfSchema({ tag, owner }: TocEntry): string {
    const schema = this.#target.entries.find(
      (entry) => entry.kind === 'SCHEMA' && `SCHEMA ${entry.tag}` === tag,
    );
    return schema?.owner ?? owner;
  }
}

function isSchema({ kind, tag }: TocEntry): boolean {
  return kind === 'ACL' && tag.startsWith('SCHEMA ');
}

/** `table public.orders`. */
function describeGranted({ kind, schema, tag, owner }: TocEntry): string {
  if (kind === 'DEFAULT ACL') {
    return `${displayKind({ kind })} of ${plainLine(owner)} ${displayName({ kind, schema, tag })}`;
  }
  const what = /^(?:[A-Z]+ )+/.exec(tag)?.[0] ?? '';
  return what.toLowerCase() + displayName({ kind: '', schema, tag: tag.slice(what.length) });
}
