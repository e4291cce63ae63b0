import { plainLine } from '../../runner/plain-text.ts';
import { qualified, quotedIdentifier } from '../../postgres/sql-text.ts';
import { formatCounts, displayKind, displayName } from '../../archive/toc/entry-names.ts';
import { largeObjectsOf } from '../../archive/toc/identity.ts';
import { isForAll, wrapperOfServer } from '../../archive/toc/statement-names.ts';
import { isPlainStatement } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { UserError } from '../../errors.ts';
import { type Omission, groupedBy } from './omission.ts';
import type { PlanRequest } from './plan-request.ts';

/** Who an object belongs to after the restore. */
export interface OwnedEntry {
  readonly entry: TocEntry;
  readonly owner: string;
  /** Why it is another than the archive's; undefined when it is that one. */
  readonly why: string | undefined;
}

/** Kinds whose name is all that `ALTER … OWNER TO` needs (`_getObjectDescription` in pg_backup_archiver.c). */
const NAMED_KINDS: ReadonlySet<string> = new Set([
  ...['COLLATION', 'CONVERSION', 'DOMAIN', 'FOREIGN TABLE', 'MATERIALIZED VIEW', 'SEQUENCE', 'STATISTICS'],
  ...['TABLE', 'TEXT SEARCH DICTIONARY', 'TEXT SEARCH CONFIGURATION', 'TYPE', 'VIEW', 'PROCEDURAL LANGUAGE'],
  ...['SCHEMA', 'EVENT TRIGGER', 'FOREIGN DATA WRAPPER', 'SERVER', 'PUBLICATION'],
]);

/** Kinds that the statement which drops them describes: with the types of their arguments, or their access method. */
const DESCRIBED_KINDS: ReadonlySet<string> = new Set([
  ...['AGGREGATE', 'FUNCTION', 'PROCEDURE', 'OPERATOR', 'OPERATOR CLASS', 'OPERATOR FAMILY'],
]);

/** Kinds that only a superuser may own. */
const SUPERUSERS_OWN: ReadonlySet<string> = new Set(['EVENT TRIGGER', 'FOREIGN DATA WRAPPER']);

/**
 * What has an owner of its own, as `pg_restore` decides it: "anything without a DROP command is not a separately ownable
 * object".
 */
export function isOwned({ kind, owner, dropStatement }: TocEntry): boolean {
  if (owner === '' || dropStatement === '') return false;
  return NAMED_KINDS.has(kind) || DESCRIBED_KINDS.has(kind) || kind === 'BLOB' || kind === 'BLOB METADATA';
}

/** Decides whom each object will belong to. */
export function planOwners(entries: readonly TocEntry[], request: PlanRequest): OwnedEntry[] {
  return entries.filter(isOwned).map((entry) => {
    const why = whyNotItsOwner(entry, request);
    return { entry, owner: why === undefined ? entry.owner : request.target.user, why };
  });
}

/** Why an object cannot belong to whom it belonged to; undefined when it can. */
export function whyNotItsOwner(
  entry: TocEntry,
  { target, options, contents }: PlanRequest,
): string | undefined {
  const { kind, schema, owner, definition } = entry;
  const user = plainLine(target.user);
  if (owner === target.user) return undefined;
  if (options.noOwner) return 'no-owner is true';
  if (!target.roles.has(owner)) return 'the role does not exist on the server';
  if (target.roles.get(owner) !== true) return `${user} may not act for the role`;
  if (SUPERUSERS_OWN.has(kind) && !target.superusers.has(owner)) {
    return `only a superuser may own such ${kind === 'EVENT TRIGGER' ? 'a trigger' : 'a wrapper'}`;
  }
  if (kind === 'PUBLICATION' && !target.superusers.has(owner) && isOfSuperuser(entry, contents)) {
    return 'only a superuser may own a publication for all tables or for a schema';
  }
  if (target.isSuperuser) return undefined;
  if (kind === 'PUBLICATION' && !target.creators.has(owner)) {
    return 'the role has no CREATE privilege on the database';
  }
  const wrapper = kind === 'SERVER' ? wrapperOfServer(definition) : '';
  if (kind === 'SERVER' && target.wrappers.get(wrapper)?.has(owner) !== true) {
    return `the role has no USAGE privilege on the foreign-data wrapper ${plainLine(wrapper)}`;
  }
  // In a schema of its own the user can let anyone in for the moment that it takes.
  const home = target.schemas.get(schema);
  if (home === undefined || home.owned || home.creators.has('') || home.creators.has(owner)) return undefined;
  return `the role has no CREATE privilege on the schema ${plainLine(schema)}`;
}

/** Of whom PostgreSQL demands that the owner of the publication is a superuser (`AlterPublicationOwner_internal`). */
function isOfSuperuser(
  { tag, definition }: TocEntry,
  { entries }: Pick<PlanRequest['contents'], 'entries'>,
): boolean {
  return (
    isForAll(definition) ||
    entries.some((part) => part.kind === 'PUBLICATION TABLES IN SCHEMA' && part.tag.startsWith(`${tag} `))
  );
}

/** The owners that cannot be kept, each once. */
export function changedOwners(owned: readonly OwnedEntry[], { options }: PlanRequest): Omission[] {
  if (options.noOwner) return [];
  const changed = owned.filter(({ why }) => why !== undefined);
  return groupedBy(changed, ({ entry, why }) => `${entry.owner}\0${why ?? ''}`).flatMap((group) => {
    const [first] = group;
    if (first?.why === undefined) return [];
    const kinds = group.flatMap(({ entry }) => kindsOf(entry));
    const counts = formatCounts(kinds);
    const verb = kinds.length === 1 ? 'belongs' : 'belong';
    return [
      {
        what: 'owner',
        names: [first.entry.owner],
        why: `${first.why}; ${counts} ${verb} to ${plainLine(first.owner)} instead`,
        level: 'info' as const,
      },
    ];
  });
}

/**
 * The statements that give everything away that the restoring role does not keep.
 *
 * A table takes its sequences along, and they cannot be given away without it: sequences come last. A role that is no
 * superuser may only give to a role that may create in the schema: where that is missing, it is granted for as long.
 *
 * @throws UserError when the archive describes an object in a way that is none.
 */
export function ownerStatements(owned: readonly OwnedEntry[], { target }: PlanRequest): string[] {
  const given = owned.filter(({ owner }) => owner !== target.user);
  const last = (kind: string): boolean => kind === 'SEQUENCE';
  const sorted = [
    ...given.filter(({ entry }) => !last(entry.kind)),
    ...given.filter(({ entry }) => last(entry.kind)),
  ];
  const alter = sorted.flatMap(({ entry, owner }) =>
    objectsOf(entry).map((object) => `ALTER ${object} OWNER TO ${quotedIdentifier(owner)}`),
  );
  if (target.isSuperuser) return alter;
  const schemaOwners = new Map(
    owned.flatMap(({ entry, owner }) => (entry.kind === 'SCHEMA' ? [[entry.tag, owner] as const] : [])),
  );
  const guests = given.filter(({ entry: { schema }, owner }) => {
    const home = target.schemas.get(schema);
    if (schema === '' || schemaOwners.get(schema) === owner) return false;
    return home === undefined || (home.owned && !home.creators.has(owner));
  });
  const letIn = groupedBy(guests, ({ entry, owner }) => `${entry.schema}\0${owner}`).flatMap(([first]) =>
    first === undefined
      ? []
      : [{ schema: quotedIdentifier(first.entry.schema), role: quotedIdentifier(first.owner) }],
  );
  return [
    ...letIn.map(({ schema, role }) => `GRANT CREATE ON SCHEMA ${schema} TO ${role}`),
    ...alter,
    ...letIn.map(({ schema, role }) => `REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`),
  ];
}

/** One for each object: an entry may stand for many large objects. */
function kindsOf(entry: TocEntry): string[] {
  if (!entry.kind.startsWith('BLOB')) return [displayKind(entry)];
  return largeObjectsOf(entry).map(() => 'large object');
}

/** How SQL names an object, or each of the large objects that an entry stands for. */
function objectsOf(entry: TocEntry): string[] {
  const { kind, schema, tag, dropStatement } = entry;
  if (kind === 'BLOB' || kind === 'BLOB METADATA') {
    return largeObjectsOf(entry).map((oid) => `LARGE OBJECT ${oid}`);
  }
  if (NAMED_KINDS.has(kind)) return [`${kind} ${qualified(schema, tag)}`];
  return [describedBy(entry, dropStatement)];
}

/** `FUNCTION public.f(integer)` of the statement that drops it. */
export function describedBy(entry: Pick<TocEntry, 'kind' | 'schema' | 'tag'>, dropStatement: string): string {
  const statement = dropStatement.trim().replace(/;$/, '');
  if (statement.startsWith(`DROP ${entry.kind} `) && isPlainStatement(statement)) return statement.slice(5);
  throw new UserError(
    'restore-refused',
    `The archive describes the ${displayKind(entry)} ${displayName(entry)} by a statement that pg_dump does not write.`,
    'Restore another backup, and find out who changed this one.',
    { silent: { message: 'The backup has a statement that pg_dump does not write.' } },
  );
}
