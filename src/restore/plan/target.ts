import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import { nameKey } from '../../archive/names.ts';
import { missingProviders } from './label-providers.ts';
import { type TargetDatabase, targetDatabase } from './target-database.ts';
import { TARGET_COLUMNS, targetSql } from './target-query.ts';

/** A relation of the target that may be lost. */
export interface TargetRelation {
  readonly schema: string;
  readonly name: string;
  /** As the table of contents of an archive calls it. */
  readonly kind: 'TABLE' | 'VIEW' | 'MATERIALIZED VIEW' | 'FOREIGN TABLE' | 'SEQUENCE';
  readonly oid: number;
  /** The OID of the table that it is dropped with: its partitioned table, or the table that owns the sequence. */
  readonly partOf: number | undefined;
}

/** Where the catalogs have an object, as `pg_depend` refers to it. */
export interface ObjectAddress {
  /** The OID of the catalog. */
  readonly catalog: number;
  readonly oid: number;
}

/** Something in the target that is no relation. */
export interface TargetObject {
  /** `type`, `routine`, or as the table of contents of an archive calls it. */
  readonly kind: string;
  /** Empty for what is in no schema. */
  readonly schema: string;
  /** Of a routine, with the types of its arguments. */
  readonly name: string;
}

/** What the role may do with something that is there already. */
export interface TargetSchema {
  /** Whether the role owns it, or is a member of its owner. */
  readonly owned: boolean;
  /** Whether the role may create things in it. */
  readonly open: boolean;
  /** The roles that were granted CREATE; the empty text for PUBLIC. */
  readonly creators: ReadonlySet<string>;
  /** The roles that were granted USAGE, its owner among them; the empty text for PUBLIC. */
  readonly users: ReadonlySet<string>;
}

/** An extension that the server can create, or that is there. */
export interface TargetExtension {
  /** Whether it is there and the role owns it, or is a member of its owner. */
  readonly owned: boolean;
  /** The comment that it has, or that it comes with. */
  readonly comment: string;
}

/** Default privileges of one role for the objects that the user makes. */
export interface DefaultPrivileges {
  /** Empty when they are in force in every schema. */
  readonly schema: string;
  /** As `pg_default_acl.defaclobjtype` has it: `r`, `S`, `f`, `T`, `n`, `L`. */
  readonly objects: string;
  /** The empty text for PUBLIC. */
  readonly grantee: string;
}

/** Something that is dropped with an object of the target, because it is attached to it. */
export interface Attached {
  /** The object that it is attached to, by its identity (see `identityOf`). */
  readonly to: string;
  /** What it is, as in its identity: `relation`, `routine`, `SERVER`, or `large object`. */
  readonly type: string;
  readonly schema: string;
  readonly object: string;
  /** `trigger`, `comment`, `privilege` and so on, as `attachedSql` has it. */
  readonly kind: string;
  /** Its name; of a comment or label the part, of a privilege the role, of a setting what an archive would contain; empty for none, or for PUBLIC. */
  readonly name: string;
  /** Of a publication, the columns and the row filter in SQL; of a privilege, the privilege; of a comment or label, the kind of part, such as `COLUMN`; of a trigger of another table (`FROM`), that table and the trigger; of a setting of an index, what an archive would contain. */
  readonly detail: string;
}

/** The database that is restored into, before anything of it is changed. System schemas and what extensions own are left out. */
export interface TargetFacts {
  readonly major: number;
  readonly database: string;
  readonly properties: TargetDatabase;
  readonly user: string;
  readonly isSuperuser: boolean;
  /** Whether the role may create schemas in the database. */
  readonly canCreateInDatabase: boolean;
  /** Every role, and whether the user may give it things and then still use them. */
  readonly roles: ReadonlyMap<string, boolean>;
  readonly superusers: ReadonlySet<string>;
  /** The roles that may create schemas and publications in the database. */
  readonly creators: ReadonlySet<string>;
  /** The roles that may use each foreign-data wrapper. */
  readonly wrappers: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the user's new objects get by `ALTER DEFAULT PRIVILEGES`. */
  readonly defaultPrivileges: readonly DefaultPrivileges[];
  /** Every schema by its name. */
  readonly schemas: ReadonlyMap<string, TargetSchema>;
  readonly tablespaces: ReadonlySet<string>;
  /** By their names. */
  readonly extensions: ReadonlyMap<string, TargetExtension>;
  /** Of the providers of security labels that were asked for, those that the server has not loaded. */
  readonly missingProviders: ReadonlySet<string>;
  readonly relations: readonly TargetRelation[];
  /** What else the user may lose: in a schema that the role owns or may create in, or in none, and owned by the role. */
  readonly others: readonly TargetObject[];
  /** What is there, relations and schemas included, by its identity (see `identityOf`). */
  readonly identities: ReadonlySet<string>;
  /** Of what can be dropped, by its identity. */
  readonly addresses: ReadonlyMap<string, ObjectAddress>;
  /** OIDs, in decimal digits. */
  readonly largeObjects: ReadonlySet<string>;
  /** Empty where nothing may be dropped. */
  readonly attached: readonly Attached[];
}

/** What is asked of the target, beside what it always is. */
export interface TargetQuestions {
  /** Whom the user is to act as, if as another: the facts are then those of that role. */
  readonly role?: string | undefined;
  /** Whether to ask for what would be dropped with the objects that are replaced. */
  readonly attached?: boolean;
  /** Providers of security labels. */
  readonly providers?: ReadonlySet<string>;
}

/**
 * Asks the target what it is and contains, in one read-only transaction.
 *
 * @throws UserError when it cannot be asked; the signal's reason when it was aborted.
 */
export async function examineTarget(
  session: PgSession,
  { role, attached = false, providers = new Set() }: TargetQuestions = {},
): Promise<TargetFacts> {
  try {
    const rows = await session.query(targetSql(role, attached), TARGET_COLUMNS);
    return targetFacts(rows, await missingProviders(session, providers));
  } catch (error) {
    if (!(error instanceof PsqlError)) throw error;
    throw diagnosedError('connection', 'The database to restore into cannot be examined', error.stderr);
  }
}

function targetFacts(rows: readonly string[][], missing: ReadonlySet<string>): TargetFacts {
  const of: RowsOf = (kind) => rows.filter(([first]) => first === kind).map((row) => row.slice(1));
  const [server] = of('server');
  if (!server) throw new PsqlError('error: the server did not describe itself', '');
  const [versionNumber, database = '', user = '', isSuperuser, canCreate] = server;
  const relations = of('relation').map(relation);
  const schemas = schemasOf(of);
  return {
    major: Math.floor(Number(versionNumber) / 10_000),
    database,
    properties: targetDatabase(of),
    user,
    isSuperuser: isSuperuser === 't',
    canCreateInDatabase: canCreate === 't',
    roles: new Map(of('role').map(([name = '', , actsAs]) => [name, actsAs === 't'])),
    superusers: new Set(of('role').flatMap(([name = '', , , isSuper]) => (isSuper === 't' ? [name] : []))),
    creators: new Set(of('role').flatMap(([name = '', , , , creates]) => (creates === 't' ? [name] : []))),
    wrappers: groups(of('wrapper')),
    defaultPrivileges: of('default privileges').map(([schema = '', objects = '', grantee = '']) => ({
      schema,
      objects,
      grantee,
    })),
    schemas,
    missingProviders: missing,
    tablespaces: new Set(of('tablespace').map(([name = '']) => name)),
    extensions: new Map(
      of('extension').map(([name = '', comment = '', owned]) => [name, { comment, owned: owned === 't' }]),
    ),
    relations,
    others: [...of('object').filter(isInOwnSchema(schemas)), ...of('loss')].map(
      ([kind = '', schema = '', name = '']) => ({ kind, schema, name }),
    ),
    identities: new Set([
      ...relations.map(({ schema, name }) => nameKey('relation', schema, name)),
      ...[...schemas.keys()].map((name) => nameKey('SCHEMA', '', name)),
      ...of('object').map(([kind = '', schema = '', name = '']) => nameKey(kind, schema, name)),
    ]),
    addresses: addressesOf(relations, of('object')),
    largeObjects: new Set(of('large objects').flatMap(([oids = '']) => oids.split(' '))),
    attached: rows.flatMap(([first = '', kind = '', schema = '', object = '', name = '', detail = '']) => {
      if (!first.startsWith(ATTACHED)) return [];
      const type = first.slice(ATTACHED.length);
      return [{ to: nameKey(type, schema, object), type, schema, object, kind, name, detail }];
    }),
  };
}

type RowsOf = (kind: string) => readonly string[][];

function schemasOf(of: RowsOf): TargetFacts['schemas'] {
  const granted = groups(
    of('granted on schema').map(([schema = '', grantee = '', privilege = '']) => [
      nameKey(schema, privilege),
      grantee,
    ]),
  );
  return new Map(
    of('schema').map(([name = '', , owned, open]) => [
      name,
      {
        owned: owned === 't',
        open: open === 't',
        creators: granted.get(nameKey(name, 'CREATE')) ?? new Set<string>(),
        users: granted.get(nameKey(name, 'USAGE')) ?? new Set<string>(),
      },
    ]),
  );
}

/** The second values of the rows by the first. */
function groups(rows: readonly (readonly string[])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = Map.groupBy(rows, ([first = '']) => first);
  return new Map(
    [...found].map(([first, group]) => [first, new Set(group.map(([, second = '']) => second))]),
  );
}

function addressesOf(
  relations: readonly TargetRelation[],
  objects: readonly string[][],
): ReadonlyMap<string, ObjectAddress> {
  return new Map([
    ...relations.map(
      ({ schema, name, oid }) =>
        [nameKey('relation', schema, name), { catalog: CATALOG_OF_RELATIONS, oid }] as const,
    ),
    // An extension has none here.
    ...objects
      .filter(([, , , , oid = '']) => oid !== '')
      .map(
        ([kind = '', schema = '', name = '', catalog, oid]) =>
          [nameKey(kind, schema, name), { catalog: Number(catalog), oid: Number(oid) }] as const,
      ),
  ]);
}

const ATTACHED = 'attached ';
/** The OID of `pg_class`, which is the same everywhere. */
const CATALOG_OF_RELATIONS = 1259;

function isInOwnSchema(schemas: TargetFacts['schemas']): (object: readonly string[]) => boolean {
  return ([kind, schema = '']) => {
    const home = schemas.get(schema);
    return kind !== 'relation of an extension' && (home?.owned === true || home?.open === true);
  };
}

const KINDS: ReadonlyMap<string, TargetRelation['kind']> = new Map([
  ['v', 'VIEW'],
  ['m', 'MATERIALIZED VIEW'],
  ['f', 'FOREIGN TABLE'],
  ['S', 'SEQUENCE'],
]);

function relation([schema = '', name = '', kind = '', oid, partOf]: string[]): TargetRelation {
  return {
    schema,
    name,
    kind: KINDS.get(kind) ?? 'TABLE',
    oid: Number(oid),
    partOf: partOf === '' ? undefined : Number(partOf),
  };
}
