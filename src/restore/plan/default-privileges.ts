import { qualified, quotedIdentifier } from '../../postgres/sql-text.ts';
import { largeObjectsOf } from '../../archive/toc/identity.ts';
import { SqlReader, isPlainStatement } from '../../archive/toc/sql-words.ts';
import type { TocEntry } from '../../archive/toc/table-of-contents.ts';
import { describedBy } from './plan-owners.ts';
import type { TargetFacts } from './target.ts';

/** How `pg_default_acl` calls a kind of object, how GRANT does, and what PUBLIC has of it from the beginning. */
interface GrantedKind {
  readonly objects: string;
  readonly keyword: string;
  readonly ofPublic?: string;
}

const KINDS: ReadonlyMap<string, GrantedKind> = new Map([
  ['TABLE', { objects: 'r', keyword: 'TABLE' }],
  ['VIEW', { objects: 'r', keyword: 'TABLE' }],
  ['MATERIALIZED VIEW', { objects: 'r', keyword: 'TABLE' }],
  ['FOREIGN TABLE', { objects: 'r', keyword: 'TABLE' }],
  ['SEQUENCE', { objects: 'S', keyword: 'SEQUENCE' }],
  ['FUNCTION', { objects: 'f', keyword: 'FUNCTION', ofPublic: 'EXECUTE' }],
  ['PROCEDURE', { objects: 'f', keyword: 'PROCEDURE', ofPublic: 'EXECUTE' }],
  ['AGGREGATE', { objects: 'f', keyword: 'FUNCTION', ofPublic: 'EXECUTE' }],
  ['TYPE', { objects: 'T', keyword: 'TYPE', ofPublic: 'USAGE' }],
  ['DOMAIN', { objects: 'T', keyword: 'TYPE', ofPublic: 'USAGE' }],
  ['SCHEMA', { objects: 'n', keyword: 'SCHEMA' }],
  ['BLOB', { objects: 'L', keyword: 'LARGE OBJECT' }],
  ['BLOB METADATA', { objects: 'L', keyword: 'LARGE OBJECT' }],
]);

/** To whom the target's default privileges give something of a new object, the user aside; the empty text for PUBLIC. @returns undefined where there are none. */
export function granteesByDefault(
  { kind, schema, definition }: TocEntry,
  { defaultPrivileges, user }: Pick<TargetFacts, 'defaultPrivileges' | 'user'>,
): readonly string[] | undefined {
  const granted = KINDS.get(kind);
  // An entry of a comment alone is of a schema that is there already.
  if (granted === undefined || definition.startsWith('--')) return undefined;
  const inForce = defaultPrivileges.filter(
    (given) => given.objects === granted.objects && (given.schema === '' || given.schema === schema),
  );
  if (inForce.length === 0) return undefined;
  return [...new Set(inForce.map(({ grantee }) => grantee))].filter((role) => role !== user);
}

/**
 * Takes back what the target's default privileges have given the new objects, for an archive means the privileges that
 * PostgreSQL itself gives a new object, and says only how others differ from them.
 */
export function undoDefaultPrivileges(
  entries: readonly TocEntry[],
  target: Pick<TargetFacts, 'defaultPrivileges' | 'user'>,
): string[] {
  if (target.defaultPrivileges.length === 0) return [];
  return entries.flatMap((entry) => {
    const kind = KINDS.get(entry.kind);
    const roles = granteesByDefault(entry, target);
    if (kind === undefined || roles === undefined) return [];
    return namesOf(entry).flatMap((name) => {
      const object = `${kind.keyword} ${name}`;
      return [
        ...roles.map(
          (role) => `REVOKE ALL ON ${object} FROM ${role === '' ? 'PUBLIC' : quotedIdentifier(role)}`,
        ),
        `GRANT ALL ON ${object} TO ${quotedIdentifier(target.user)}`,
        ...(kind.ofPublic === undefined ? [] : [`GRANT ${kind.ofPublic} ON ${object} TO PUBLIC`]),
      ];
    });
  });
}

function namesOf(entry: TocEntry): string[] {
  const { kind, schema, tag, dropStatement } = entry;
  if (kind.startsWith('BLOB')) return largeObjectsOf(entry);
  if (kind === 'AGGREGATE') {
    // Dropped as f(a ORDER BY b), and granted as f(a, b).
    const { name } = new SqlReader(dropStatement.slice('DROP AGGREGATE '.length)).qualifiedName();
    const types = tag.slice(name.length).replace(/^\(\*\)$/, '()');
    return tag.startsWith(name) && isPlainStatement(types) ? [qualified(schema, name) + types] : [];
  }
  if (kind !== 'FUNCTION' && kind !== 'PROCEDURE') return [qualified(schema, tag)];
  return [describedBy(entry, dropStatement).slice(kind.length + 1)];
}
