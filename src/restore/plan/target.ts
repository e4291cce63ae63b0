import { diagnosedError } from '../../postgres/diagnosis/diagnosis.ts';
import { PsqlError } from '../../postgres/psql.ts';
import type { PgSession } from '../../postgres/session.ts';
import { key } from '../../archive/toc/identity.ts';
import { TARGET_COLUMNS, TARGET_SQL } from './target-query.ts';

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

/** What the role may do with something that is there already. */
export interface TargetSchema {
  /** Whether the role owns it, or is a member of its owner. */
  readonly owned: boolean;
  /** Whether the role may create things in it. */
  readonly open: boolean;
}

/** The database that is restored into, before anything of it is changed. System schemas and what extensions own are left out. */
export interface TargetFacts {
  readonly major: number;
  readonly database: string;
  readonly user: string;
  readonly isSuperuser: boolean;
  /** Whether the role may create schemas in the database. */
  readonly canCreateInDatabase: boolean;
  /** Every role, and whether the user may act as it. */
  readonly roles: ReadonlyMap<string, boolean>;
  /** Every schema by its name. */
  readonly schemas: ReadonlyMap<string, TargetSchema>;
  readonly tablespaces: ReadonlySet<string>;
  readonly relations: readonly TargetRelation[];
  /** What is there, relations and schemas included, by its identity (see `identityOf`). */
  readonly identities: ReadonlySet<string>;
  /** OIDs, in decimal digits. */
  readonly largeObjects: ReadonlySet<string>;
}

/**
 * Asks the target what it is and holds, in one read-only transaction.
 *
 * @throws UserError when it cannot be asked; the signal's reason when it was aborted.
 */
export async function examineTarget(session: PgSession): Promise<TargetFacts> {
  try {
    return targetFacts(await session.query(TARGET_SQL, TARGET_COLUMNS));
  } catch (error) {
    if (!(error instanceof PsqlError)) throw error;
    throw diagnosedError('The database to restore into cannot be examined', error.stderr);
  }
}

function targetFacts(rows: readonly string[][]): TargetFacts {
  const of = (kind: string): string[][] =>
    rows.filter(([first]) => first === kind).map((row) => row.slice(1));
  const [server] = of('server');
  if (!server) throw new PsqlError('error: the server did not describe itself', '');
  const [versionNumber, database = '', user = '', isSuperuser, canCreate] = server;
  const relations = of('relation').map(relation);
  const schemas = new Map(
    of('schema').map(([name = '', , owned, open]) => [name, { owned: owned === 't', open: open === 't' }]),
  );
  return {
    major: Math.floor(Number(versionNumber) / 10_000),
    database,
    user,
    isSuperuser: isSuperuser === 't',
    canCreateInDatabase: canCreate === 't',
    roles: new Map(of('role').map(([name = '', , actsAs]) => [name, actsAs === 't'])),
    schemas,
    tablespaces: new Set(of('tablespace').map(([name = '']) => name)),
    relations,
    identities: new Set([
      ...relations.map(({ schema, name }) => key('relation', schema, name)),
      ...[...schemas.keys()].map((name) => key('SCHEMA', '', name)),
      ...of('object').map(([kind = '', schema = '', name = '']) => key(kind, schema, name)),
    ]),
    largeObjects: new Set(of('large objects').flatMap(([oids = '']) => oids.split(' '))),
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
