import { createOptions, isOfDatabase } from './database-entries.ts';
import { type PrivilegeStatement, eachPrivilege, privilegeStatements } from './privileges.ts';
import { literalValue } from './sql-literals.ts';
import { SqlReader, sqlLexemes, sqlStatements } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

/** A property of the database itself, as an archive states it. */
export type DatabaseStatement =
  | {
      readonly form: 'setting';
      /** Whose sessions in the database it is for; undefined for those of every role. */
      readonly role: string | undefined;
      readonly name: string;
      /** One, or those of a list such as search_path. */
      readonly values: readonly string[];
    }
  | { readonly form: 'connection limit'; readonly limit: number }
  | { readonly form: 'template' }
  | { readonly form: 'tablespace'; readonly tablespace: string }
  | { readonly form: 'comment'; readonly text: string }
  | { readonly form: 'security label'; readonly provider: string; readonly text: string }
  | { readonly form: 'privilege'; readonly privilege: PrivilegeStatement }
  | { readonly form: 'owner'; readonly owner: string };

/** What an archive says of the database itself. */
export interface DatabaseStatements {
  readonly statements: readonly DatabaseStatement[];
  /** How many statements are none that `pg_dump` is known to write. They are never run. */
  readonly unknown: number;
}

const SETTING_NAME = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*$/;
const PRIVILEGES: ReadonlySet<string> = new Set(['ALL', 'CONNECT', 'CREATE', 'TEMP', 'TEMPORARY']);

/**
 * Reads what `pg_dump` writes of the database itself (`dumpDatabase`, `dumpDatabaseConfig` in pg_dump.c). Nothing of the SQL is
 * kept but names and texts: what is run later is written anew.
 */
export function databaseStatements(entries: readonly TocEntry[]): DatabaseStatements {
  const database = entries.find(({ kind }) => kind === 'DATABASE');
  if (database === undefined) return { statements: [], unknown: 0 };
  const statements: DatabaseStatement[] = [];
  let unknown = 0;
  for (const entry of entries) {
    if (!isOfDatabase(entry) || entry === database) continue;
    const read = entry.kind === 'ACL' ? readPrivileges : readStatements;
    for (const statement of read(entry.definition, database.tag)) {
      if (statement === undefined) unknown += 1;
      else statements.push(statement);
    }
  }
  const tablespace = createOptions(database.definition).get('TABLESPACE') ?? '';
  return {
    statements: [
      ...statements,
      ...(tablespace === '' ? [] : [{ form: 'tablespace' as const, tablespace }]),
      ...(database.owner === '' ? [] : [{ form: 'owner' as const, owner: database.owner }]),
    ],
    unknown,
  };
}

function readStatements(definition: string, name: string): (DatabaseStatement | undefined)[] {
  return sqlStatements(definition).map((sql) => readStatement(sql, new SqlReader(sql), name));
}

function readStatement(sql: string, reader: SqlReader, name: string): DatabaseStatement | undefined {
  const isNamed = (): boolean => reader.accept('DATABASE') && reader.identifier() === name;
  /** The strings after the word that was read last. */
  const rest = (word: string): readonly string[] | undefined =>
    stringList(sql.slice(reader.lastAt + word.length));
  if (reader.accept('COMMENT')) {
    const [text] = reader.accept('ON') && isNamed() && reader.accept('IS') ? (rest('IS') ?? []) : [];
    return text === undefined ? undefined : { form: 'comment', text };
  }
  if (reader.accept('SECURITY')) {
    const provider = reader.accept('LABEL') && reader.accept('FOR') ? reader.identifier() : '';
    const [text] = reader.accept('ON') && isNamed() && reader.accept('IS') ? (rest('IS') ?? []) : [];
    return text === undefined || provider === '' ? undefined : { form: 'security label', provider, text };
  }
  if (!reader.accept('ALTER')) return undefined;
  const role = reader.accept('ROLE') ? reader.identifier() : undefined;
  if (role === '' || (role !== undefined && !reader.accept('IN')) || !isNamed()) return undefined;
  if (reader.accept('SET')) {
    const setting = reader.identifier();
    const values = reader.accept('TO') ? rest('TO') : undefined;
    if (values === undefined || !SETTING_NAME.test(setting)) return undefined;
    return { form: 'setting', role, name: setting, values };
  }
  if (role !== undefined) return undefined;
  const words = sql.slice(reader.at);
  if (/^IS_TEMPLATE = true$/i.test(words)) return { form: 'template' };
  const [, limit] = /^CONNECTION LIMIT = (\d{1,9})$/i.exec(words) ?? [];
  return limit === undefined ? undefined : { form: 'connection limit', limit: Number(limit) };
}

/** Strings with commas between them, and nothing else. */
function stringList(sql: string): readonly string[] | undefined {
  const values: string[] = [];
  let wantsValue = true;
  for (const { kind, text, at, end } of sqlLexemes(sql, true)) {
    const value = kind === 'string' ? literalValue(sql.slice(at, end)) : undefined;
    if (wantsValue ? value === undefined : text !== ',') return undefined;
    if (value !== undefined) values.push(value);
    wantsValue = !wantsValue;
  }
  return wantsValue ? undefined : values;
}

function readPrivileges(definition: string, name: string): (DatabaseStatement | undefined)[] {
  const statements = privilegeStatements(definition);
  if (statements === undefined) return [undefined];
  return statements.map((privilege) => {
    const reader = new SqlReader(privilege.sql);
    reader.skipTo('ON');
    const isKnown =
      reader.accept('DATABASE') &&
      reader.identifier() === name &&
      (reader.accept('TO') || reader.accept('FROM')) &&
      privilege.defaultsOf === undefined &&
      eachPrivilege(privilege.privileges).every((one) => PRIVILEGES.has(one));
    return isKnown ? { form: 'privilege', privilege } : undefined;
  });
}
