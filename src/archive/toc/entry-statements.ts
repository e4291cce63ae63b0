import { type SqlLexeme, SqlReader, sqlLexemes } from './sql-words.ts';
import type { TocEntry } from './table-of-contents.ts';

/** The first words of the statements of an entry, by its kind (`dumpDumpableObject` and what it calls in pg_dump.c). */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  CONSTRAINT: ['ALTER TABLE', 'ALTER FOREIGN TABLE', 'ALTER DOMAIN', 'ALTER INDEX'],
  'CHECK CONSTRAINT': ['ALTER TABLE', 'ALTER FOREIGN TABLE', 'ALTER DOMAIN'],
  'FK CONSTRAINT': ['ALTER TABLE', 'ALTER FOREIGN TABLE'],
  TABLE: ['CREATE TABLE', 'CREATE UNLOGGED TABLE', 'ALTER TABLE'],
  'FOREIGN TABLE': ['CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'ALTER TABLE'],
  VIEW: ['CREATE VIEW', 'CREATE OR REPLACE VIEW', 'ALTER VIEW', 'ALTER TABLE'],
  'MATERIALIZED VIEW': ['CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER TABLE'],
  'MATERIALIZED VIEW DATA': ['REFRESH MATERIALIZED VIEW'],
  SEQUENCE: ['CREATE SEQUENCE', 'CREATE UNLOGGED SEQUENCE', 'ALTER TABLE', 'ALTER SEQUENCE'],
  'SEQUENCE OWNED BY': ['ALTER SEQUENCE'],
  'SEQUENCE SET': ['SELECT PG_CATALOG . SETVAL'],
  DEFAULT: ['ALTER TABLE', 'ALTER FOREIGN TABLE'],
  INDEX: ['CREATE INDEX', 'CREATE UNIQUE INDEX', 'ALTER INDEX', 'ALTER TABLE'],
  'INDEX ATTACH': ['ALTER INDEX'],
  'TABLE ATTACH': ['ALTER TABLE'],
  'ROW SECURITY': ['ALTER TABLE'],
  RULE: ['CREATE RULE', 'CREATE OR REPLACE RULE', 'CREATE OR REPLACE VIEW', 'ALTER TABLE'],
  TRIGGER: ['CREATE TRIGGER', 'CREATE CONSTRAINT TRIGGER', 'ALTER TABLE', 'ALTER FOREIGN TABLE'],
  'SHELL TYPE': ['CREATE TYPE'],
  'PROCEDURAL LANGUAGE': ['CREATE', 'CREATE OR REPLACE'].flatMap((create) =>
    ['LANGUAGE', 'PROCEDURAL LANGUAGE', 'TRUSTED LANGUAGE', 'TRUSTED PROCEDURAL LANGUAGE'].map(
      (what) => `${create} ${what}`,
    ),
  ),
  ACL: ['GRANT', 'REVOKE', 'SET SESSION AUTHORIZATION', 'RESET SESSION AUTHORIZATION'],
  'DEFAULT ACL': ['ALTER DEFAULT PRIVILEGES'],
  COMMENT: ['COMMENT ON'],
  'SECURITY LABEL': ['SECURITY LABEL'],
  'PUBLICATION TABLE': ['ALTER PUBLICATION'],
  'PUBLICATION TABLES IN SCHEMA': ['ALTER PUBLICATION'],
  BLOB: ['SELECT PG_CATALOG . LO_CREATE'],
  'BLOB COMMENTS': ['COMMENT ON'],
  'STATISTICS DATA': ['SELECT * FROM PG_CATALOG . PG_RESTORE_'],
};

/**
 * The entries that set how all others are read. The encodings are those that a server can have: in the others, such as
 * SJIS, a part of a character may look like a backslash.
 */
const SETTINGS: Readonly<Record<string, RegExp>> = {
  ENCODING:
    /^SET client_encoding = '(?:SQL_ASCII|UTF8|MULE_INTERNAL|EUC_\w+|LATIN\d+|WIN1\d{3}|WIN8\d\d|KOI8[RU]|ISO_8859_\d)';\n$/,
  STDSTRINGS: /^SET standard_conforming_strings = '(?:on|off)';\n$/,
  SEARCHPATH: /^SELECT pg_catalog\.set_config\('search_path', '', false\);\n$/,
};

/** No archive contains anything of the whole server. A kind that begins so would allow `ALTER SYSTEM`. */
const OF_THE_SERVER = /^(?:DATABASE(?! PROPERTIES$|$)|GROUP|ROLE|SYSTEM|TABLESPACE|USER(?! MAPPING$))\b/;

/** Kinds whose drop statement begins with the schema and the name, as all versions of `pg_dump` write it. */
const NAMED_IN_FULL: ReadonlySet<string> = new Set(['FUNCTION', 'PROCEDURE', 'AGGREGATE', 'TYPE', 'DOMAIN']);

/** How `pg_dump` marks rows that are loaded through another table, in place of a definition; nothing runs it. */
const THROUGH_ROOT = '-- load via partition root ';

/** The statements of a function's body between BEGIN ATOMIC and END. */
const BODY = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH', 'VALUES', 'RETURN', '('];

/** Far more than a table with all its columns has, or the privileges of one. They are in memory together. */
const MOST_STATEMENTS = 1_000_000;

/** As many words as the longest beginning has. */
const WORDS_LOOKED_AT = 7;

type Statements = Pick<TocEntry, 'kind' | 'tag' | 'schema' | 'definition' | 'dropStatement'>;

/**
 * What `pg_dump` does not write for this kind of entry, as the end of "the definition of X …"; undefined when there is
 * nothing of that.
 *
 * @param standardStrings the archive's `standard_conforming_strings`.
 */
export function unexpectedStatement(entry: Statements, standardStrings = true): string | undefined {
  const { kind, definition } = entry;
  // A list of numbers.
  if (kind === 'BLOB METADATA') return /^[\d\s]*$/.test(definition) ? undefined : 'contains a statement';
  if (kind === 'TABLE DATA' && definition.startsWith(THROUGH_ROOT)) return undefined;
  if (OF_THE_SERVER.test(kind)) return 'is of a kind that no archive contains';
  const setting = Object.hasOwn(SETTINGS, kind) ? SETTINGS[kind] : undefined;
  if (setting) return setting.test(definition) ? undefined : 'is not one that the server can have';
  return unexpectedIn(kind, definition, standardStrings) ?? unexpectedDrop(entry, standardStrings);
}

function beginningsOf(kind: string): readonly string[] {
  return Object.hasOwn(BEGINNINGS, kind) ? (BEGINNINGS[kind] ?? []) : [`CREATE ${kind}`, `ALTER ${kind}`];
}

function unexpectedIn(kind: string, definition: string, standardStrings: boolean): string | undefined {
  const statements = readStatements(definition, standardStrings);
  if (typeof statements === 'string') return statements;
  const mayHaveBody = kind === 'FUNCTION' || kind === 'PROCEDURE';
  let inBody = false;
  for (const statement of statements) {
    if (inBody && statement.start === 'END') inBody = false;
    else if (!beginsLike(statement, inBody ? BODY : beginningsOf(kind))) return anotherKind(statement);
    else inBody ||= mayHaveBody && statement.opensBody;
  }
  return inBody ? 'contains a body without an end' : undefined;
}

/** `pg_restore` takes from a drop statement what it gives to an owner, and a restore may run it. */
function unexpectedDrop(
  { kind, tag, schema, dropStatement }: Statements,
  standardStrings: boolean,
): string | undefined {
  const statements = readStatements(dropStatement, standardStrings);
  if (typeof statements === 'string') return statements;
  const [first, second] = statements;
  if (first === undefined) return undefined;
  if (second !== undefined) return anotherKind(second);
  const drop = `DROP ${kind === 'SHELL TYPE' ? 'TYPE' : kind}`;
  if (!beginsLike(first, [drop])) {
    // A view that is created in two steps is replaced by its first.
    const others = ['ALTER', 'SELECT PG_CATALOG . LO_UNLINK', 'CREATE OR REPLACE VIEW'];
    return beginsLike(first, others) ? undefined : anotherKind(first);
  }
  // A base type and its functions depend on each other.
  const isCascade = first.lastWord === 'CASCADE' && !drop.endsWith('TYPE');
  if (first.hasComma || isCascade) return 'comes with a statement that drops more';
  if (!NAMED_IN_FULL.has(kind)) return undefined;
  const reader = new SqlReader(dropStatement);
  for (const word of drop.split(' ')) reader.accept(word);
  const dropped = reader.qualifiedName();
  const isItself = dropped.schema === schema && `${tag}(`.startsWith(`${dropped.name}(`);
  return isItself ? undefined : 'comes with a statement that drops another';
}

function anotherKind({ start }: Statement): string {
  return `contains a statement of another kind (${start.slice(0, 40)} …)`;
}

/** Whole words, but for a beginning that ends in an underscore: the names of functions go on. */
function beginsLike({ start }: Statement, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) =>
    beginning.endsWith('_') ? start.startsWith(beginning) : `${start} `.startsWith(`${beginning} `),
  );
}

interface Statement {
  /** Its first words and symbols, in capital letters, with spaces between them. */
  readonly start: string;
  readonly lastWord: string;
  /** Whether it has a comma outside parentheses. */
  readonly hasComma: boolean;
  /** Whether it has BEGIN ATOMIC outside parentheses. */
  readonly opensBody: boolean;
}

/**
 * Splits SQL at its semicolons, except in parentheses (a rule's actions).
 *
 * @returns instead of the statements, what is wrong with all of it: PostgreSQL might read it in another way, or read on
 *   into the next entry.
 */
function readStatements(sql: string, standardStrings: boolean): readonly Statement[] | string {
  const statements: Statement[] = [];
  let words: string[] = [];
  let [depth, lastWord, hasComma, opensBody, hasComment] = [0, '', false, false, false];
  for (const lexeme of sqlLexemes(sql, standardStrings)) {
    if (!lexeme.closed) return 'contains a quote or a comment that does not end';
    hasComment ||= lexeme.kind === 'comment';
    if (lexeme.text === '') continue;
    const word = capital(lexeme);
    if (word === '\\') return 'contains a command for psql (a backslash outside a string)';
    if (word === ';' && depth <= 0) {
      if (words.length > 0) statements.push({ start: words.join(' '), lastWord, hasComma, opensBody });
      if (statements.length > MOST_STATEMENTS) return 'contains too many statements';
      [words, lastWord, hasComma, opensBody] = [[], '', false, false];
      continue;
    }
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (depth <= 0) {
      hasComma ||= word === ',';
      if (word === 'ATOMIC' && lastWord === 'BEGIN') opensBody = true;
      // A body without a statement.
      else if (word === 'END' && lastWord === 'ATOMIC') opensBody = false;
    }
    lastWord = word;
    if (words.length < WORDS_LOOKED_AT) words.push(word);
  }
  if (words.length > 0) return 'contains a statement that does not end';
  return hasComment && statements.length > 0 ? 'contains a comment beside a statement' : statements;
}

function capital({ kind, text }: SqlLexeme): string {
  return kind === 'quoted' ? `"${text}"` : text.toUpperCase();
}
