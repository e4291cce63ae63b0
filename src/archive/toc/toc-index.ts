import { RELATION_KINDS } from './identity.ts';
import { nameKey } from '../names.ts';
import type { QualifiedName } from './sql-words.ts';
import { relationOfStatement, userMapping } from './statement-names.ts';
import type { TocEntry } from './table-of-contents.ts';

/** Kinds of entries that belong to the first thing that they depend on. */
const FOLLOW_A_DEPENDENCY: ReadonlySet<string> = new Set([
  'ACL',
  'BLOBS',
  'COMMENT',
  'INDEX ATTACH',
  'MATERIALIZED VIEW DATA',
  'ROW SECURITY',
  'SECURITY LABEL',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'STATISTICS DATA',
  'TABLE ATTACH',
  'TABLE DATA',
]);

/** Kinds of entries whose statement names the relation that they belong to. */
const FOLLOW_A_STATEMENT: ReadonlySet<string> = new Set([
  'CHECK CONSTRAINT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'INDEX',
  'POLICY',
  'RULE',
  'STATISTICS',
  'TRIGGER',
]);

/** The entries of an archive and their relations. */
export class TocIndex {
  readonly entries: readonly TocEntry[];
  readonly #byId: ReadonlyMap<number, TocEntry>;
  readonly #relations: ReadonlyMap<string, TocEntry>;
  readonly #schemas: ReadonlyMap<string, TocEntry>;
  readonly #owners = new Map<TocEntry, TocEntry | undefined>();
  readonly #parts = new Map<TocEntry, TocEntry[]>();
  readonly #relationsOf = new Map<TocEntry, TocEntry | undefined>();
  readonly #roots = new Map<TocEntry, TocEntry | undefined>();
  readonly #servers: ReadonlyMap<string, TocEntry>;
  /** The partitioned table of each partition, and the reverse. */
  readonly #parents = new Map<TocEntry, TocEntry>();
  readonly #partitions = new Map<TocEntry, TocEntry[]>();

  constructor(entries: readonly TocEntry[]) {
    this.entries = entries;
    this.#byId = new Map(entries.map((entry) => [entry.dumpId, entry]));
    const relations = entries.filter(isRelation);
    this.#relations = new Map(relations.map((entry) => [nameKey('', entry.schema, entry.tag), entry]));
    this.#schemas = new Map(
      entries.filter(({ kind }) => kind === 'SCHEMA').map((entry) => [entry.tag, entry]),
    );
    this.#servers = new Map(
      entries.filter(({ kind }) => kind === 'SERVER').map((entry) => [entry.tag, entry]),
    );
    for (const entry of entries) this.#register(entry);
  }

  /** The relation of a name; a name without a schema is of `schema`, as in archives older than 10.3. */
  relation({ schema, name }: QualifiedName, schemaOfEntry = ''): TocEntry | undefined {
    return this.#relations.get(nameKey('', schema === '' ? schemaOfEntry : schema, name));
  }

  /** What an entry depends on, as far as the archive contains it, with its schema. */
  dependenciesOf(entry: TocEntry): TocEntry[] {
    const found = entry.dependencies.flatMap((id) => this.#byId.get(id) ?? []);
    const schema = this.#schemas.get(entry.schema);
    return schema === undefined || found.includes(schema) ? found : [schema, ...found];
  }

  /** The entry that an entry is a part of: it is restored with it or not at all. Undefined for an entry of its own. */
  ownerOf(entry: TocEntry): TocEntry | undefined {
    return this.#owners.get(entry);
  }

  /** The relation that an entry is, or belongs to. */
  relationOf(entry: TocEntry): TocEntry | undefined {
    return this.#firstAmongOwners(this.#relationsOf, entry, (at) => (isRelation(at) ? at : undefined));
  }

  /** The outermost entry that an entry is a part of; itself when it is a part of nothing. */
  rootOf(entry: TocEntry): TocEntry {
    return (
      this.#firstAmongOwners(this.#roots, entry, (at) => (this.ownerOf(at) === undefined ? at : undefined)) ??
      entry
    );
  }

  /** The parts of an entry: the reverse of {@link ownerOf}. */
  partsOf(entry: TocEntry): readonly TocEntry[] {
    return this.#parts.get(entry) ?? [];
  }

  /** A partitioned table's partitions, and theirs. */
  partitionsOf(table: TocEntry): TocEntry[] {
    const found = new Set<TocEntry>(this.#partitions.get(table));
    // Iterating over a set includes what is added meanwhile.
    for (const partition of found) for (const own of this.#partitions.get(partition) ?? []) found.add(own);
    return [...found];
  }

  /** The partitioned table that a table is a partition of. */
  parentOf(partition: TocEntry): TocEntry | undefined {
    return this.#parents.get(partition);
  }

  isPartitionOf(partition: TocEntry, table: TocEntry): boolean {
    const seen = new Set<TocEntry>();
    for (
      let at = this.#parents.get(partition);
      at !== undefined && !seen.has(at);
      at = this.#parents.get(at)
    ) {
      if (at === table) return true;
      seen.add(at);
    }
    return false;
  }

  /** The first match among an entry and its owners. The result is kept for all of them, so that no path is searched twice. */
  #firstAmongOwners(
    known: Map<TocEntry, TocEntry | undefined>,
    entry: TocEntry,
    find: (at: TocEntry) => TocEntry | undefined,
  ): TocEntry | undefined {
    const path = new Set<TocEntry>();
    let found: TocEntry | undefined;
    for (let at: TocEntry | undefined = entry; at !== undefined && !path.has(at); at = this.ownerOf(at)) {
      path.add(at);
      found = known.get(at) ?? find(at);
      if (found !== undefined || known.has(at)) break;
    }
    for (const passed of path) known.set(passed, found);
    return found;
  }

  #register(entry: TocEntry): void {
    const owner = this.#findOwner(entry);
    if (owner !== undefined && owner !== entry) {
      this.#owners.set(entry, owner);
      append(this.#parts, owner, entry);
    }
    if (entry.kind !== 'TABLE ATTACH') return;
    const partition = this.relation({ schema: entry.schema, name: entry.tag });
    const table = this.#dependencies(entry).find((other) => isRelation(other) && other !== partition);
    if (!partition || !table) return;
    this.#parents.set(partition, table);
    append(this.#partitions, table, partition);
  }

  #findOwner(entry: TocEntry): TocEntry | undefined {
    const dependencies = this.#dependencies(entry);
    const { kind } = entry;
    if (FOLLOW_A_STATEMENT.has(kind)) {
      const named = relationOfStatement(entry.definition);
      const relation = named && this.relation(named, entry.schema);
      // A constraint of a domain follows it as an entry of its own where it needs a function that needs the domain.
      const domain = dependencies.find((other) => other.kind === 'DOMAIN' && isPartOf(entry, other));
      return relation ?? domain ?? dependencies.find(isRelation) ?? dependencies[0];
    }
    // A sequence that depends on a table belongs to a serial or identity column.
    if (kind === 'SEQUENCE') return dependencies.find((dependency) => dependency.kind.endsWith('TABLE'));
    if (kind === 'USER MAPPING') {
      const { server } = userMapping(entry.definition);
      return this.#servers.get(server);
    }
    return FOLLOW_A_DEPENDENCY.has(kind) ? dependencies[0] : undefined;
  }

  #dependencies(entry: TocEntry): TocEntry[] {
    return entry.dependencies.flatMap((id) => this.#byId.get(id) ?? []);
  }
}

export function isRelation({ kind }: TocEntry): boolean {
  return RELATION_KINDS.has(kind);
}

/** By its tag, which begins with the name of the other. */
function isPartOf({ schema, tag }: TocEntry, other: TocEntry): boolean {
  return schema === other.schema && tag.startsWith(`${other.tag} `);
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
