import type { OpenRecord, RecordedDefinition, RecordedTable } from '../storage/record.ts';

/** What has become of a table. `rewritten`: it has as many rows, and they are others. */
export type TableChangeKind = 'gone' | 'shrunk' | 'rewritten' | 'grown' | 'new';

/** A table that differs between two backups. Plain data, as in the output `changed-tables`. */
export interface TableChange {
  readonly table: string;
  /** In rows; null: it was not there. */
  readonly before: number | null;
  /** In rows; null: it is not there. */
  readonly after: number | null;
  readonly change: TableChangeKind;
}

/** A definition that differs between two backups. */
export interface DefinitionChange {
  readonly kind: string;
  readonly name: string;
  readonly change: 'removed' | 'changed' | 'added';
}

/** Another version of the server, or of an extension. */
export interface VersionChange {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** How two backups differ. */
export interface Changes {
  /** The greatest loss first. */
  readonly tables: readonly TableChange[];
  /** What was removed first. */
  readonly definitions: readonly DefinitionChange[];
  readonly versions: readonly VersionChange[];
  /** Values of sequences, and large objects: whether any differ. */
  readonly sequences: boolean;
  readonly largeObjects: boolean;
}

/** How the content of a backup differs from that of an earlier one. Pure; linear in their length, but for sorting what differs. */
export function changesBetween(previous: OpenRecord, record: OpenRecord): Changes {
  const [before, after] = [previous.content, record.content];
  return {
    tables: tableChanges(before.tables, after.tables),
    definitions: definitionChanges(before.definitions, after.definitions),
    versions: versionChanges(previous, record),
    sequences: JSON.stringify(before.sequences) !== JSON.stringify(after.sequences),
    largeObjects: before.largeObjects.sha256 !== after.largeObjects.sha256,
  };
}

const TABLES: readonly TableChangeKind[] = ['gone', 'shrunk', 'rewritten', 'grown', 'new'];

function tableChanges(before: readonly RecordedTable[], after: readonly RecordedTable[]): TableChange[] {
  const old = new Map(before.map((table) => [table.name, table]));
  const changes: TableChange[] = [];
  for (const table of after) {
    const change = tableChange(table.name, old.get(table.name), table);
    if (change) changes.push(change);
    old.delete(table.name);
  }
  for (const { name, rows } of old.values()) {
    changes.push({ table: name, before: rows, after: null, change: 'gone' });
  }
  return inOrder(
    changes,
    TABLES,
    (a, b) => differenceOf(b) - differenceOf(a) || (a.table < b.table ? -1 : 1),
  );
}

function tableChange(
  table: string,
  before: RecordedTable | undefined,
  after: RecordedTable,
): TableChange | undefined {
  const rows = { table, before: before?.rows ?? null, after: after.rows };
  if (!before) return { ...rows, change: 'new' };
  if (after.rows !== before.rows) return { ...rows, change: after.rows < before.rows ? 'shrunk' : 'grown' };
  return after.sha256 === before.sha256 ? undefined : { ...rows, change: 'rewritten' };
}

function differenceOf({ before, after }: TableChange): number {
  return Math.abs((after ?? 0) - (before ?? 0));
}

function versionChanges(previous: OpenRecord, record: OpenRecord): VersionChange[] {
  const versionsOf = ({ serverVersion, extensions = [] }: OpenRecord): Map<string, string> =>
    new Map([
      ['PostgreSQL', serverVersion],
      ...extensions.map(({ name, version }) => [`extension ${name}`, version] as const),
    ]);
  const before = versionsOf(previous);
  return [...versionsOf(record)].flatMap(([name, after]) => {
    const was = before.get(name);
    return was === undefined || was === after ? [] : [{ name, before: was, after }];
  });
}

const DEFINITIONS: readonly DefinitionChange['change'][] = ['removed', 'changed', 'added'];

function definitionChanges(
  before: readonly RecordedDefinition[],
  after: readonly RecordedDefinition[],
): DefinitionChange[] {
  const [old, fresh] = [byObject(before), byObject(after)];
  const changes: DefinitionChange[] = [];
  for (const [key, { kind, name, digest }] of fresh) {
    const was = old.get(key);
    if (was?.digest !== digest) changes.push({ kind, name, change: was ? 'changed' : 'added' });
    old.delete(key);
  }
  for (const { kind, name } of old.values()) changes.push({ kind, name, change: 'removed' });
  return inOrder(changes, DEFINITIONS, () => 0);
}

/** By kind and name. Several can have the same, for example those of a table's columns: in a record, they are sorted by their digests. */
function byObject(definitions: readonly RecordedDefinition[]): Map<string, RecordedDefinition> {
  const objects = new Map<string, RecordedDefinition>();
  for (const definition of definitions) {
    const key = `${definition.kind} ${definition.name}`;
    const other = objects.get(key);
    objects.set(key, other ? { ...definition, digest: `${other.digest} ${definition.digest}` } : definition);
  }
  return objects;
}

/** Sorted by their kinds of change, and within each as `compare` says. */
function inOrder<T extends { readonly change: string }>(
  changes: readonly T[],
  kinds: readonly T['change'][],
  compare: (a: T, b: T) => number,
): T[] {
  const groups = Map.groupBy(changes, ({ change }) => change);
  return kinds.flatMap((kind) => (groups.get(kind) ?? []).sort(compare));
}
