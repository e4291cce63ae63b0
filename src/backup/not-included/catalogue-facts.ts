import { qualified } from '../../postgres/sql-text.ts';
import type { Snapshot } from '../../postgres/snapshot.ts';
import { FACT_COLUMNS, catalogueQuery } from './catalogue-query.ts';

/** A name in the catalogue; the schema is empty where there is none. */
export interface CatalogueName {
  readonly schema: string;
  readonly name: string;
}

/** A table that is a member of an extension and has pages. */
export interface ExtensionTable extends CatalogueName {
  readonly extension: string;
  /** Whether its rows are dumped. */
  readonly isConfiguration: boolean;
  /** Which of its rows are dumped: `WHERE …`; empty for all. */
  readonly condition: string;
  /** One at most where it is no configuration; undefined where they could not be counted. */
  readonly rows: number | undefined;
}

/** What the catalogue says about things that may not come with a dump. */
export interface CatalogueFacts {
  readonly tables: readonly (CatalogueName & { readonly unlogged: boolean })[];
  readonly foreignTables: readonly CatalogueName[];
  readonly extensionTables: readonly ExtensionTable[];
  /** Members of extensions that do not belong to whom the other members belong. */
  readonly membersOfOthers: readonly (CatalogueName & { readonly extension: string })[];
  readonly invalidIndexes: readonly (CatalogueName & { readonly table: string })[];
  readonly generatedColumns: readonly (CatalogueName & { readonly column: string })[];
  readonly largeObjects: number;
  /** In no schema; of a kind as `pg_dump` calls it. */
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
  /** User mappings whose options the role may not see. */
  readonly hiddenMappings: readonly { readonly user: string; readonly server: string }[];
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly replicationSlots: readonly string[];
  readonly inSystemSchemas: readonly CatalogueName[];
}

/**
 * Asks the catalogue.
 *
 * @param major of the server.
 * @throws as `PgSession.query`.
 */
export async function askCatalogue(snapshot: Snapshot, major: number): Promise<CatalogueFacts> {
  const rows = await snapshot.query(catalogueQuery(major), FACT_COLUMNS);
  const extensionTables: ExtensionTable[] = [];
  for (const [schema, name, extension, isConfiguration, condition] of factsOf(rows, 'extension table')) {
    const table = { schema, name, extension, condition, isConfiguration: isConfiguration === 't' };
    extensionTables.push({ ...table, rows: await rowsOf(snapshot, table) });
  }
  return { ...readFacts(rows), extensionTables };
}

/** Of a table with pages, which can all the same be empty; undefined when that cannot be said soon. */
async function rowsOf(
  snapshot: Snapshot,
  { schema, name, isConfiguration }: Omit<ExtensionTable, 'rows'>,
): Promise<number | undefined> {
  const some = `SELECT FROM ONLY ${qualified(schema, name)}${isConfiguration ? '' : ' LIMIT 1'}`;
  const limited = (limit: string): string => `SET LOCAL statement_timeout = '${limit}';`;
  const sql = `${limited('20s')}\nSELECT pg_catalog.count(*) FROM (${some}) some_rows;\n${limited('0')}`;
  try {
    const [[rows] = []] = await snapshot.query(sql, 1);
    return rows === undefined ? undefined : Number(rows);
  } catch {
    // It is named then, as if it had rows.
    return undefined;
  }
}

function readFacts(rows: readonly string[][]): Omit<CatalogueFacts, 'extensionTables'> {
  const names = (fact: string): CatalogueName[] =>
    factsOf(rows, fact).map(([schema, name]) => ({ schema, name }));
  const relations = factsOf(rows, 'relation');
  const ofKind = (wanted: string): (CatalogueName & { readonly unlogged: boolean })[] =>
    relations
      .filter(([, , kind]) => kind === wanted)
      .map(([schema, name, , persistence]) => ({ schema, name, unlogged: persistence === 'u' }));
  return {
    tables: ofKind('r'),
    foreignTables: ofKind('f'),
    membersOfOthers: factsOf(rows, 'member of another').map(([schema, name, extension]) => ({
      ...{ schema, name, extension },
    })),
    invalidIndexes: factsOf(rows, 'invalid index').map(([schema, name, table]) => ({ schema, name, table })),
    generatedColumns: factsOf(rows, 'generated column').map(([schema, name, column]) => ({
      ...{ schema, name, column },
    })),
    largeObjects: Number(factsOf(rows, 'large objects')[0]?.[1] ?? 0),
    objects: factsOf(rows, 'object').map(([, name, kind]) => ({ kind, name })),
    hiddenMappings: factsOf(rows, 'hidden mapping').map(([, user, server]) => ({ user, server })),
    extensions: factsOf(rows, 'extension').map(([, name, version]) => ({ name, version })),
    replicationSlots: factsOf(rows, 'replication slot').map(([, name]) => name),
    inSystemSchemas: names('in system schema'),
  };
}

type Details = [schema: string, name: string, first: string, second: string, third: string];

function factsOf(rows: readonly string[][], wanted: string): Details[] {
  return rows
    .filter(([fact]) => fact === wanted)
    .map(([, schema = '', name = '', first = '', second = '', third = '']) => [
      schema,
      name,
      first,
      second,
      third,
    ]);
}
