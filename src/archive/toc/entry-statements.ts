import { type SqlWord, sqlWords } from './sql-words.ts';

/** The first words of the statements of an entry, by its kind (`dumpDumpableObject` and what it calls in pg_dump.c). */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  ENCODING: ['SET'],
  STDSTRINGS: ['SET'],
  SEARCHPATH: ['SELECT PG_CATALOG . SET_CONFIG'],
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

/** A view that is created in two steps is replaced by its first step. */
const DROP_BEGINNINGS = ['DROP', 'ALTER', 'SELECT PG_CATALOG . LO_UNLINK', 'CREATE OR REPLACE VIEW'];

/** The longest beginning has so many words. */
const WORDS_LOOKED_AT = 7;

/** A statement that `pg_dump` does not write for this kind of entry, as the end of "the definition of X …"; undefined when there is none. */
export function unexpectedStatement(entry: {
  readonly kind: string;
  readonly definition: string;
  readonly dropStatement: string;
}): string | undefined {
  const { kind, definition, dropStatement } = entry;
  // A list of numbers.
  if (kind === 'BLOB METADATA') return /^[\d\s]*$/.test(definition) ? undefined : 'contains a statement';
  return unexpectedIn(definition, beginningsOf(kind)) ?? unexpectedIn(dropStatement, DROP_BEGINNINGS);
}

function beginningsOf(kind: string): readonly string[] {
  return Object.hasOwn(BEGINNINGS, kind) ? (BEGINNINGS[kind] ?? []) : [`CREATE ${kind}`, `ALTER ${kind}`];
}

function unexpectedIn(sql: string, beginnings: readonly string[]): string | undefined {
  for (const { words, hasCommand } of statements(sql)) {
    if (hasCommand) return 'contains a command for psql (a backslash outside a string)';
    const start = words.join(' ');
    if (!beginnings.some((beginning) => isBeginning(beginning, start))) {
      return `contains a statement of another kind (${start.slice(0, 40)} …)`;
    }
  }
  return undefined;
}

/** Compares whole words; a beginning that ends in an underscore is the prefix of a function's name. */
function isBeginning(beginning: string, start: string): boolean {
  return beginning.endsWith('_') ? start.startsWith(beginning) : `${start} `.startsWith(`${beginning} `);
}

interface Statement {
  /** Its first words and symbols, in capital letters. */
  readonly words: readonly string[];
  /** Whether it contains a command of psql. */
  readonly hasCommand: boolean;
}

/** Splits SQL at its semicolons, except in parentheses (a rule's actions) and in the body of BEGIN ATOMIC … END. */
function* statements(sql: string): Generator<Statement, undefined> {
  if (isSimple(sql)) {
    const words = firstWords(sql);
    if (words.length > 0) yield { words, hasCommand: false };
    return;
  }
  let words: string[] = [];
  let hasCommand = false;
  let depth = 0;
  let bodyDepth = 0;
  let previous = '';
  for (const found of sqlWords(sql)) {
    const word = capital(found);
    if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    // Nothing else opens or closes a block in such a body: it has no nested BEGIN, and END is a reserved word.
    else if (word === 'ATOMIC' && previous === 'BEGIN') bodyDepth += 1;
    else if (word === 'CASE' && bodyDepth > 0) bodyDepth += 1;
    else if (word === 'END' && bodyDepth > 0) bodyDepth -= 1;
    else if (word === '\\') hasCommand = true;
    previous = word;
    if (word !== ';' || depth > 0 || bodyDepth > 0) {
      if (words.length < WORDS_LOOKED_AT) words.push(word);
      continue;
    }
    if (words.length > 0) yield { words, hasCommand };
    words = [];
    hasCommand = false;
  }
  if (words.length > 0) yield { words, hasCommand };
}

/** Whether it can only be one statement: most are, and then the rest need not be read. */
function isSimple(sql: string): boolean {
  const semicolon = sql.indexOf(';');
  return !sql.includes('\\') && (semicolon === -1 || semicolon === sql.trimEnd().length - 1);
}

function firstWords(sql: string): string[] {
  const words: string[] = [];
  for (const word of sqlWords(sql)) {
    words.push(capital(word));
    if (words.length === WORDS_LOOKED_AT) break;
  }
  return words;
}

function capital({ kind, text }: SqlWord): string {
  return kind === 'quoted' ? `"${text}"` : text.toUpperCase();
}
