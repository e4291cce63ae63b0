import { SqlReader, isPlainStatement, sqlStatements, sqlWords } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

/** One GRANT or REVOKE of an archive. */
export interface PrivilegeStatement {
  /** The statement itself, without a semicolon. */
  readonly sql: string;
  readonly action: 'GRANT' | 'REVOKE';
  /** The privileges as written: `SELECT,UPDATE(name)`, `ALL`. */
  readonly privileges: string;
  /** Undefined for PUBLIC. */
  readonly grantee: string | undefined;
  /** The role that grants or revokes, if it is not the owner. */
  readonly grantor: string | undefined;
  /** The role of `ALTER DEFAULT PRIVILEGES`: the privileges apply to objects that it creates later. */
  readonly defaultsOf: string | undefined;
}

/**
 * The statements of an entry about privileges, as `buildACLCommands` and `buildDefaultACLCommands` write them (dumputils.c).
 *
 * @returns undefined when one of them is another statement: it must be neither run nor ignored.
 */
export function privilegeStatements(definition: string): readonly PrivilegeStatement[] | undefined {
  const statements: PrivilegeStatement[] = [];
  let grantor: string | undefined;
  for (const sql of sqlStatements(definition)) {
    if (!isPlainStatement(sql)) return undefined;
    const reader = new SqlReader(sql);
    if (reader.accept('SET')) {
      grantor = authorization(reader);
      if (grantor === undefined) return undefined;
    } else if (reader.accept('RESET')) {
      if (!reader.accept('SESSION') || !reader.accept('AUTHORIZATION') || !reader.atEnd) return undefined;
      grantor = undefined;
    } else {
      const statement = read(sql, reader, grantor);
      if (statement === undefined) return undefined;
      statements.push(statement);
    }
  }
  return statements;
}

/**
 * The statement for one large object, if one entry is for many (`IssueACLPerBlob` in pg_backup_archiver.c): the archive
 * contains the statement for the first.
 */
export function forLargeObject(statement: PrivilegeStatement, oid: string): PrivilegeStatement {
  // The number comes before any role's name.
  return { ...statement, sql: statement.sql.replace(/ ON LARGE OBJECT \d+ /, ` ON LARGE OBJECT ${oid} `) };
}

/** `SELECT,UPDATE("a,b")` → each of them. */
export function eachPrivilege(privileges: string): string[] {
  const found: string[] = [];
  let [start, depth] = [0, 0];
  for (const { kind, text, at, end } of sqlWords(privileges)) {
    if (kind !== 'symbol') continue;
    depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    if (text !== ',' || depth > 0) continue;
    found.push(privileges.slice(start, at).trim());
    start = end;
  }
  return [...found, privileges.slice(start).trim()];
}

/** Whether an entry contains the privileges on many large objects. */
export function isAboutLargeObjects({ kind, tag }: Pick<TocEntry, 'kind' | 'tag'>): boolean {
  return kind === 'ACL' && tag.startsWith('LARGE OBJECTS ');
}

/** `SESSION AUTHORIZATION role`, after SET. */
function authorization(reader: SqlReader): string | undefined {
  if (!reader.accept('SESSION') || !reader.accept('AUTHORIZATION')) return undefined;
  const role = reader.identifier();
  return reader.atEnd && role !== '' ? role : undefined;
}

function read(sql: string, reader: SqlReader, grantor: string | undefined): PrivilegeStatement | undefined {
  let defaultsOf: string | undefined;
  if (reader.accept('ALTER')) {
    if (!reader.accept('DEFAULT') || !reader.accept('PRIVILEGES') || !reader.accept('FOR')) return undefined;
    if (!reader.accept('ROLE')) return undefined;
    defaultsOf = reader.identifier();
    if (reader.accept('IN') && (!reader.accept('SCHEMA') || reader.identifier() === '')) return undefined;
  }
  const action = reader.accept('GRANT') ? 'GRANT' : reader.accept('REVOKE') ? 'REVOKE' : undefined;
  if (action === undefined) return undefined;
  const from = reader.at;
  if (reader.skipTo('ON') === undefined) return undefined;
  const privileges = sql.slice(from, reader.lastAt).trim();
  if (reader.skipTo(action === 'GRANT' ? 'TO' : 'FROM') === undefined) return undefined;
  reader.accept('GROUP');
  const grantee = reader.accept('PUBLIC') ? undefined : reader.identifier();
  if (grantee === '') return undefined;
  if (reader.accept('WITH') && !(action === 'GRANT' && reader.accept('GRANT') && reader.accept('OPTION'))) {
    return undefined;
  }
  return reader.atEnd ? { sql, action, privileges, grantee, grantor, defaultsOf } : undefined;
}
