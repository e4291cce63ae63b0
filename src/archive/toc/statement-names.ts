import { quotedIdentifier } from '../../postgres/sql-text.ts';
import { literalValue } from './sql-literals.ts';
import { type QualifiedName, SqlReader } from './sql-words.ts';

/** The keyword before the relation's name, by the kind of object; empty for the relation itself. */
const DIVIDERS: ReadonlyMap<string, string> = new Map([
  ['INDEX', 'ON'],
  ['TRIGGER', 'ON'],
  ['POLICY', 'ON'],
  ['RULE', 'TO'],
  ['STATISTICS', 'FROM'],
  ['VIEW', ''],
]);

/**
 * The relation that a constraint, default, index, trigger, rule, policy or statistics object belongs to. The table of
 * contents does not name it: it lists everything that the entry depends on.
 *
 * @returns undefined when the statement is about something else, such as a domain.
 */
export function relationOfStatement(sql: string): QualifiedName | undefined {
  const reader = new SqlReader(sql);
  if (reader.accept('ALTER')) {
    reader.accept('FOREIGN');
    return reader.accept('TABLE') ? relation(reader) : undefined;
  }
  if (!reader.accept('CREATE')) return undefined;
  const kind = reader.skipTo(...DIVIDERS.keys());
  const divider = kind === undefined ? undefined : DIVIDERS.get(kind);
  return divider === undefined ? undefined : relationAfter(reader, divider);
}

/** The table that a foreign key references. */
export function referencedTable(sql: string): QualifiedName | undefined {
  const reader = new SqlReader(sql);
  return relationAfter(reader, 'REFERENCES');
}

/** The schema that the tag of a comment or of privileges names, such as `SCHEMA public`. */
export function schemaOfTag(tag: string): string | undefined {
  const reader = new SqlReader(tag);
  return reader.accept('SCHEMA') ? reader.identifier() : undefined;
}

/** The text of `COMMENT ON … IS`, as `pg_dump` writes it; undefined for another statement. */
export function commentOf(sql: string): string | undefined {
  const reader = new SqlReader(sql);
  if (!reader.accept('COMMENT') || reader.skipTo('IS') === undefined) return undefined;
  const text = sql.slice(reader.lastAt + 'IS'.length).trim();
  return text.endsWith(';') ? literalValue(text.slice(0, -1)) : undefined;
}

/** The role and the server of a user mapping; the role is empty for PUBLIC. */
export function userMapping(sql: string): { readonly role: string; readonly server: string } {
  const reader = new SqlReader(sql);
  reader.skipTo('FOR');
  const role = reader.accept('PUBLIC') ? '' : reader.identifier();
  reader.skipTo('SERVER');
  return { role, server: reader.identifier() };
}

/** Whether a type is made of functions that read and write it, or is yet to be made so: not of other types or of labels. */
export function isBaseType(sql: string): boolean {
  const reader = new SqlReader(sql);
  if (!reader.accept('CREATE') || !reader.accept('TYPE')) return false;
  reader.qualifiedName();
  return !reader.accept('AS');
}

/** Whether a function's code is in a library or in the server itself. */
export function isMachineCode(sql: string): boolean {
  const [beforeCode = ''] = sql.split('\n    AS ', 1);
  return /^ {4}LANGUAGE (?:c|internal)\b/m.test(beforeCode);
}

/** Whether a publication is one for all tables or sequences. */
export function isForAll(sql: string): boolean {
  const reader = new SqlReader(sql);
  reader.accept('CREATE');
  reader.accept('PUBLICATION');
  reader.identifier();
  return reader.accept('FOR') && reader.accept('ALL');
}

/** The foreign-data wrapper of a server. */
export function wrapperOfServer(sql: string): string {
  const reader = new SqlReader(sql);
  reader.skipTo('WRAPPER');
  return reader.identifier();
}

/** The roles that a policy is for; none when it is for everyone. */
export function rolesOfPolicy(sql: string): readonly string[] {
  return roleList(sql)?.roles ?? [];
}

/** The statement of a policy for these roles instead of its own. */
export function policyForRoles(sql: string, roles: readonly string[]): string {
  const list = roleList(sql);
  if (list === undefined) return sql;
  const { length } = sql.slice(0, list.end).trimEnd();
  return sql.slice(0, list.at) + roles.map(quotedIdentifier).join(', ') + sql.slice(length);
}

function roleList(
  sql: string,
): { readonly roles: readonly string[]; readonly at: number; readonly end: number } | undefined {
  const reader = new SqlReader(sql);
  reader.skipTo('ON');
  reader.qualifiedName();
  if (reader.skipTo('TO', 'USING', 'WITH') !== 'TO') return undefined;
  const { at } = reader;
  const names = roles(reader);
  return { roles: names, at, end: reader.at };
}

function relationAfter(reader: SqlReader, divider: string): QualifiedName | undefined {
  return divider === '' || reader.skipTo(divider) !== undefined ? relation(reader) : undefined;
}

function relation(reader: SqlReader): QualifiedName {
  if (reader.accept('IF')) reader.accept('EXISTS');
  reader.accept('ONLY');
  return reader.qualifiedName();
}

function roles(reader: SqlReader): string[] {
  const names: string[] = [];
  do {
    reader.accept('GROUP');
    if (!reader.accept('PUBLIC')) names.push(reader.identifier());
  } while (reader.accept(','));
  return names.filter((name) => name !== '');
}
