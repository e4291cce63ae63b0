import { UserError } from '../../errors.ts';
import { plainLine } from '../../runner/plain-text.ts';
import { type Pattern, matchesRelation, matchesSchema, readPattern } from '../../postgres/name-pattern.ts';
import { displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { identityOf } from '../../archive/toc/identity.ts';
import type { LeftOut, RestoreOptions } from './plan-request.ts';
import { SqlReader } from '../../archive/toc/sql-words.ts';
import { referencedTable } from '../../archive/toc/statement-names.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { type TocIndex, isRelation } from '../../archive/toc/toc-index.ts';

/** What the filters leave of an archive. */
export interface Selected {
  readonly entries: ReadonlySet<TocEntry>;
  readonly leftOut: readonly LeftOut[];
}

/** Entries that `pg_restore` reads in any case: they say how to read the others. */
const SESSION_KINDS: ReadonlySet<string> = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH']);

/**
 * Chooses what the filters say, with what belongs to it and what it cannot be without.
 *
 * `tables` makes `schemas` ineffective, as it does in a backup. A name without a schema is one of the schema public. A
 * partitioned table includes its partitions, whatever their names. What a chosen relation needs of types, functions,
 * extensions, schemas and sequences comes with it, unless the target has it; a relation that it needs must be chosen
 * too, or be there. A foreign key to a table that is not chosen is left out.
 *
 * @throws UserError when a pattern matches nothing, or something that is needed is neither chosen nor there.
 */
export function selectByFilters(
  index: TocIndex,
  filters: RestoreOptions['filters'],
  present: ReadonlySet<string>,
): Selected {
  const relations = index.entries.filter(isRelation);
  const chosen =
    filters.tables.length > 0
      ? filters.tables.flatMap((text) => tablesMatching(text, relations))
      : filters.schemas.flatMap((text) => schemaMatching(text, index.entries));
  const partitions = chosen.flatMap((entry) => index.partitionsOf(entry));
  const walk = new Walk(index, new Set([...chosen, ...partitions]), present);
  for (const entry of index.entries) if (SESSION_KINDS.has(entry.kind)) walk.entries.add(entry);
  return walk.selected();
}

function tablesMatching(text: string, relations: readonly TocEntry[]): TocEntry[] {
  const pattern = patternOf('tables', text);
  const named = relations.map((entry) => ({
    entry,
    relation: { schema: entry.schema, name: entry.tag, visible: entry.schema === 'public' },
  }));
  const found = named.filter(({ relation }) => matchesRelation(pattern, relation));
  if (found.length > 0) return found.map(({ entry }) => entry);
  const elsewhere = named.filter(({ relation }) => matchesRelation(pattern, { ...relation, visible: true }));
  const [other] = elsewhere.map(({ entry }) => displayName(entry));
  throw nothingMatches(
    'tables',
    text,
    other === undefined
      ? 'Check the spelling against the list of tables in the summary of the backup.'
      : `A name without a schema is one of the schema public: did you mean ${other}?`,
  );
}

/** Everything of a schema that stands for itself, and the schema. */
function schemaMatching(text: string, entries: readonly TocEntry[]): TocEntry[] {
  const pattern = patternOf('schemas', text);
  const found = entries.filter((entry) => {
    if (entry.kind === 'SCHEMA') return matchesSchema(pattern, entry.tag);
    const standsForItself = identityOf(entry) !== undefined || entry.kind === 'DEFAULT ACL';
    return standsForItself && entry.schema !== '' && matchesSchema(pattern, entry.schema);
  });
  if (found.length > 0) return found;
  throw nothingMatches('schemas', text, 'Check the spelling against the schemas that were backed up.');
}

function patternOf(input: string, text: string): Pattern {
  const pattern = readPattern(text);
  if (pattern) return pattern;
  throw new UserError(
    'restore-refused',
    `${input}: the pattern "${plainLine(text)}" is not a valid pattern.`,
    'Write names; * stands for any text, and ? for any one character. Put double quotes around a name that contains other characters.',
  );
}

function nothingMatches(input: string, text: string, hint: string): UserError {
  return new UserError(
    'not-in-backup',
    `${input}: nothing in the backup matches "${plainLine(text)}".`,
    hint,
    { silent: { message: `${input}: nothing in the backup matches one of the patterns.` } },
  );
}

/** Follows what is chosen to what comes with it. */
class Walk {
  readonly entries = new Set<TocEntry>();
  readonly #leftOut: LeftOut[] = [];
  readonly #index: TocIndex;
  readonly #chosen: ReadonlySet<TocEntry>;
  readonly #present: ReadonlySet<string>;
  readonly #queue: TocEntry[];

  constructor(index: TocIndex, chosen: ReadonlySet<TocEntry>, present: ReadonlySet<string>) {
    this.#index = index;
    this.#chosen = chosen;
    this.#present = present;
    this.#queue = [...chosen];
  }

  selected(): Selected {
    // It grows meanwhile.
    for (const entry of this.#queue) this.#take(entry);
    this.#leaveLargeObjects();
    return { entries: this.entries, leftOut: this.#leftOut };
  }

  #take(entry: TocEntry): void {
    if (this.entries.has(entry)) return;
    this.entries.add(entry);
    for (const part of this.#index.partsOf(entry)) if (this.#takesPart(part)) this.#queue.push(part);
    for (const needed of this.#index.dependenciesOf(entry)) this.#need(needed, entry);
    // pg_dump lists what an index needs, but not what the index of an exclusion constraint needs.
    if (entry.kind !== 'CONSTRAINT' || !entry.definition.includes(' EXCLUDE USING ')) return;
    const extension = this.#index.entries.find(
      ({ kind, tag }) => kind === 'EXTENSION' && tag === 'btree_gist',
    );
    if (extension) this.#need(extension, entry);
  }

  #takesPart(part: TocEntry): boolean {
    switch (part.kind) {
      case 'FK CONSTRAINT':
        return this.#takesForeignKey(part);
      case 'TABLE ATTACH':
      case 'INDEX ATTACH': {
        const tables = this.#index.dependenciesOf(part).filter(isRelation);
        const missing = tables.find((table) => !this.#chosen.has(table));
        if (missing === undefined) return true;
        if (part.kind === 'TABLE ATTACH') this.#leave(part, `${displayName(missing)} is not restored`);
        return false;
      }
      case 'TRIGGER':
        return this.#takesTrigger(part);
      case 'TABLE DATA':
        this.#refusePartOfRows(part);
        return true;
      default:
        return true;
    }
  }

  #takesForeignKey(key: TocEntry): boolean {
    const name = referencedTable(key.definition);
    const table = name && this.#index.relation(name, key.schema);
    if (table && this.#chosen.has(table)) return true;
    const other = table ? displayName(table) : (name?.name ?? 'another table');
    this.#leave(key, `it leads to ${plainLine(other)}, which is not restored`);
    return false;
  }

  /** A partition's triggers are its partitioned table's; what is said of them here is only whether they are enabled. */
  #takesTrigger(trigger: TocEntry): boolean {
    if (!trigger.definition.trimStart().startsWith('ALTER TABLE')) return true;
    const table = this.#index.relationOf(trigger);
    const parent = table && this.#index.parentOf(table);
    return parent === undefined || this.#chosen.has(parent);
  }

  /** `--load-via-partition-root` writes the rows of all partitions for the table that they are partitions of. */
  #refusePartOfRows(data: TocEntry): void {
    const filled = data.contents === undefined ? undefined : new SqlReader(data.contents).qualifiedName();
    const table = filled && this.#index.relation(filled, data.schema);
    if (table === undefined || this.#chosen.has(table)) return;
    throw new UserError(
      'restore-refused',
      `The rows of ${displayName(data)} were dumped as those of ${displayName(table)}, which is not selected.`,
      `Select ${displayName(table)} too: its partitions can only be restored together.`,
    );
  }

  #need(needed: TocEntry, by: TocEntry): void {
    const thing = this.#index.rootOf(needed);
    const relation = this.#index.relationOf(needed);
    if (relation === undefined) {
      if (!this.#isPresent(thing)) this.#queue.push(thing);
      return;
    }
    const own = this.#index.relationOf(by);
    if (relation === own || this.#chosen.has(relation) || this.#isPresent(relation)) return;
    // A partition is created as a table of its own, and attached afterwards.
    if (own !== undefined && this.#index.isPartitionOf(own, relation)) return;
    if (relation.kind === 'SEQUENCE') {
      this.#queue.push(relation);
      return;
    }
    const [what, which] = [own ?? by, displayName(relation)];
    throw new UserError(
      'restore-refused',
      `The ${displayKind(what)} ${displayName(what)} needs the ${displayKind(relation)} ${which}, which is neither selected nor in the target.`,
      `Add ${which} to "tables", or restore it first.`,
    );
  }

  #isPresent(entry: TocEntry): boolean {
    const identity = identityOf(entry);
    return identity !== undefined && this.#present.has(identity);
  }

  #leaveLargeObjects(): void {
    for (const entry of this.#index.entries) {
      if (entry.kind !== 'BLOB' && entry.kind !== 'BLOB METADATA') continue;
      this.#leave(entry, 'with "schemas" or "tables", large objects are not restored');
    }
  }

  #leave(entry: TocEntry, why: string): void {
    this.#leftOut.push({ entry, why, level: 'warning' });
  }
}
