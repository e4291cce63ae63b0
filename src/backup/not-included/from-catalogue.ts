import { nameKey } from '../../archive/names.ts';
import { largeObjectIdsOf } from '../../archive/toc/archive-facts.ts';
import { displayKind } from '../../archive/toc/entry-names.ts';
import type { TableOfContents, TocEntry } from '../../archive/toc/table-of-contents.ts';
import type { Manifest } from '../../archive/content/manifest.ts';
import { count } from '../../runner/format.ts';
import { isOpaque, leavesOutRows } from '../dump/selection.ts';
import type { DumpFilters } from '../dump/dump-filters.ts';
import type { CatalogueFacts, CatalogueName } from './catalogue-facts.ts';
import type { NotIncluded } from './not-included.ts';

/** What a dump was asked for, what it found, and what it has made. */
export interface DumpedCatalogue {
  readonly facts: CatalogueFacts;
  readonly contents: Pick<TableOfContents, 'entries'>;
  readonly manifest: Pick<Manifest, 'tables'>;
  readonly filters: DumpFilters;
  /** `pg-dump-args`. */
  readonly dumpArguments: readonly string[];
  /** Whether the server is a standby. */
  readonly inRecovery: boolean;
  /** Whether catalogue and dump are of one state of the database. */
  readonly sameSnapshot: boolean;
  /** The tables whose rows the filters select, by {@link nameKey}. */
  readonly selected: ReadonlySet<string>;
}

/** Options that leave out large objects, as `pg_dump` names them. */
const WITHOUT_LARGE_OBJECTS = /^(?:-B|--no-(?:large-objects|blobs))$/;
/** Options that leave out what is in no schema. */
const WITHOUT_OBJECTS =
  /^(?:-a|--data-only|--section=|--no-schema|--statistics-only|--no-publications|--no-subscriptions)/;

/** What the catalogue names and the archive does not contain, or contains without its contents. */
export function leftOutOfCatalogue(dumped: DumpedCatalogue): NotIncluded[] {
  const archive = new ArchiveNames(dumped.contents.entries);
  return [
    ...ofExtensions(dumped),
    ...largeObjects(dumped),
    ...withoutRows(dumped, archive),
    ...ofTheDatabase(dumped, archive),
    ...madeAnew(dumped, archive),
    ...ofTheServer(dumped),
  ];
}

/** What an archive defines. */
class ArchiveNames {
  readonly entries: readonly TocEntry[];
  readonly #keys: ReadonlySet<string>;

  constructor(entries: readonly TocEntry[]) {
    this.entries = entries;
    this.#keys = new Set(entries.map(({ kind, schema, tag }) => nameKey(kind, schema, tag)));
  }

  has(kind: string, { schema, name }: CatalogueName): boolean {
    return this.#keys.has(nameKey(kind, schema, name));
  }
}

/** An item, unless there is no name for it. */
function item(
  level: NotIncluded['level'],
  what: string,
  names: readonly string[],
  why: string,
  hint?: string,
): NotIncluded[] {
  return names.length === 0 ? [] : [{ what, names, why, level, ...(hint === undefined ? {} : { hint }) }];
}

function shown({ schema, name }: CatalogueName): string {
  return schema === '' ? name : `${schema}.${name}`;
}

function ofExtensions({ facts, manifest }: DumpedCatalogue): NotIncluded[] {
  const dumpedRows = new Map(
    manifest.tables.map(({ schema, table, rows }) => [nameKey(schema, table), rows]),
  );
  const missing = facts.extensionTables.filter(({ isConfiguration, rows }) => !isConfiguration && rows !== 0);
  const partial = facts.extensionTables.flatMap((table) => {
    const inArchive = dumpedRows.get(nameKey(table.schema, table.name));
    const left = (table.rows ?? 0) - (inArchive ?? 0);
    return table.isConfiguration && table.condition !== '' && inArchive !== undefined && left > 0
      ? [`${shown(table)} (${count(left, 'row')})`]
      : [];
  });
  return [
    ...item(
      'warning',
      'tables of extensions',
      missing.map((table) => `${shown(table)} (${table.extension})`),
      'pg_dump expects CREATE EXTENSION to make them, and their extension does not mark them as configuration (pg_extension_config_dump)',
      'If a table was added to the extension by ALTER EXTENSION … ADD TABLE, take it out: ALTER EXTENSION … DROP TABLE. Otherwise save its rows in another way.',
    ),
    ...item(
      'info',
      'some rows of configuration tables of extensions',
      partial,
      'their extension marks only other rows as configuration',
    ),
    ...item(
      'info',
      'definitions and owners of members of extensions',
      facts.membersOfOthers.map((member) => `${shown(member)} (${member.extension})`),
      'CREATE EXTENSION makes the members of an extension, with its own owner; these have another',
    ),
  ];
}

function largeObjects({ facts, contents, dumpArguments, filters }: DumpedCatalogue): NotIncluded[] {
  const missing = facts.largeObjects - largeObjectIdsOf(contents).size;
  if (missing <= 0) return [];
  const names = [count(missing, 'large object')];
  if (dumpArguments.some((word) => WITHOUT_LARGE_OBJECTS.test(word))) {
    return item('info', 'large objects', names, 'pg-dump-args');
  }
  const input = ['schemas', 'tables'].filter((_, index) => [filters.schemas, filters.tables][index]?.length);
  const why =
    input.length > 0 ? `pg_dump leaves them out with ${input.join(' and ')}` : 'pg_dump left them out';
  return item('warning', 'large objects', names, why, 'Add them with pg-dump-args: --large-objects.');
}

/** Tables that are defined in the archive, or should be, and have no rows there. */
function withoutRows(dumped: DumpedCatalogue, archive: ArchiveNames): NotIncluded[] {
  const { facts, inRecovery, dumpArguments, sameSnapshot, selected } = dumped;
  const isLost = (relation: CatalogueName): boolean =>
    archive.has('TABLE', relation) && !archive.has('TABLE DATA', relation);
  const unlogged = facts.tables.filter((table) => inRecovery && table.unlogged && isLost(table));
  const isExplained = !sameSnapshot || isOpaque(dumpArguments) || dumpArguments.some(leavesOutRows);
  const others = facts.tables.filter(
    (table) =>
      !isExplained &&
      !(inRecovery && table.unlogged) &&
      selected.has(nameKey(table.schema, table.name)) &&
      !archive.has('TABLE DATA', table),
  );
  return [
    ...item(
      'warning',
      'rows of unlogged tables',
      unlogged.map(shown),
      'the server is a standby, which has none of them',
      'Back up the primary, or make the tables logged: ALTER TABLE … SET LOGGED.',
    ),
    ...item('warning', 'rows of tables', others.map(shown), 'pg_dump has not dumped them'),
    ...item(
      'info',
      'rows of foreign tables',
      facts.foreignTables
        .filter((table) => archive.has('FOREIGN TABLE', table) && !archive.has('TABLE DATA', table))
        .map(shown),
      'they are on another server',
    ),
  ];
}

/** What is in no schema, and what the system's schemas have beside the system's own. */
function ofTheDatabase(dumped: DumpedCatalogue, archive: ArchiveNames): NotIncluded[] {
  const { facts, filters, dumpArguments } = dumped;
  const missing = facts.objects.filter(({ kind, name }) => !archive.has(kind, { schema: '', name }));
  const isFiltered = filters.schemas.length > 0 || filters.tables.length > 0;
  const [subscriptions, others] = [
    missing.filter(({ kind }) => kind === 'SUBSCRIPTION'),
    missing.filter(({ kind }) => kind !== 'SUBSCRIPTION'),
  ];
  const isChosen =
    isFiltered || isOpaque(dumpArguments) || dumpArguments.some((word) => WITHOUT_OBJECTS.test(word));
  const because = isFiltered
    ? 'they are in no schema, and schemas and tables select only what is in one'
    : isChosen
      ? 'pg-dump-args'
      : 'pg_dump has not dumped them';
  return [
    ...item(
      isChosen ? 'info' : 'warning',
      'subscriptions',
      subscriptions.map(({ name }) => name),
      isChosen ? because : 'only a superuser can dump them',
      isChosen ? undefined : 'Create them again after a restore, or back up as a superuser.',
    ),
    ...item(
      isChosen ? 'info' : 'warning',
      'objects of the whole database',
      others.map(({ kind, name }) => `${displayKind({ kind })} ${name}`),
      because,
    ),
    ...item(
      'warning',
      'options of user mappings',
      facts.hiddenMappings
        .filter(({ user, server }) => archive.entries.some(isMapping(user, server)))
        .map(({ user, server }) => `${user === '' ? 'public' : user} on ${server}`),
      'the user may not see them',
      'Back up as a superuser, or set the options again after a restore.',
    ),
    ...item(
      'warning',
      'objects in schemas of the system',
      facts.inSystemSchemas.map(shown),
      'pg_dump takes everything there for a part of PostgreSQL',
      'Move them, or a copy, to a schema of your own.',
    ),
  ];
}

function isMapping(user: string, server: string): (entry: TocEntry) => boolean {
  return ({ kind, tag }) =>
    kind === 'USER MAPPING' && tag === `USER MAPPING ${user === '' ? 'public' : user} SERVER ${server}`;
}

/** What is in the archive as a definition only, and gets its values from the restore. */
function madeAnew({ facts }: DumpedCatalogue, archive: ArchiveNames): NotIncluded[] {
  return [
    ...item(
      'info',
      'invalid indexes',
      facts.invalidIndexes
        .filter(({ schema, table }) =>
          ['TABLE', 'MATERIALIZED VIEW'].some((kind) => archive.has(kind, { schema, name: table })),
        )
        .map(shown),
      'pg_dump leaves out indexes whose creation has failed or is not finished',
      'Drop them, or build them again: REINDEX INDEX.',
    ),
    ...item(
      'info',
      'contents of materialized views',
      archive.entries.flatMap(({ kind, schema, tag }) =>
        kind === 'MATERIALIZED VIEW DATA' ? [shown({ schema, name: tag })] : [],
      ),
      'a restore computes them anew (REFRESH), so a stale view is up to date then',
    ),
    ...item(
      'info',
      'values of generated columns',
      facts.generatedColumns
        .filter((column) => archive.has('TABLE', column))
        .map((column) => `${shown(column)}.${column.column}`),
      'a restore computes them anew',
    ),
  ];
}

function ofTheServer({ facts }: DumpedCatalogue): NotIncluded[] {
  return item(
    'info',
    'replication slots',
    facts.replicationSlots,
    'they belong to the server, and say how far others have read its log',
  );
}
