/** The table that a COPY statement of the script fills. */
export interface CopyTarget {
  /** As `pg_dump` writes it, quoted where needed: `public.users`, `"Odd ""name"`. */
  readonly name: string;
  /** The parts of the name without quotes; the schema is empty when the script names none. */
  readonly schema: string;
  readonly table: string;
  /** The list between the parentheses, as `pg_dump` writes it; empty for a table without columns. */
  readonly columns: string;
}

/** Where a sequence stands. */
export interface SequenceValue {
  /** As `pg_dump` writes it, quoted where needed. */
  readonly name: string;
  /** A whole number of up to 64 bits, in decimal digits. */
  readonly value: string;
  /** Whether `value` has been given out: if not, it is the next one. */
  readonly called: boolean;
}

/** What a statement of the script does, as far as the manifest cares. */
export type ScriptStatement =
  | { readonly kind: 'copy'; readonly target: CopyTarget }
  | { readonly kind: 'sequence'; readonly sequence: SequenceValue }
  | { readonly kind: 'large object'; readonly id: string }
  /** The next bytes of the large object, in hex digits. */
  | { readonly kind: 'large object data'; readonly hex: Buffer }
  /** Settings of the session and the like, which do not come from the database. */
  | { readonly kind: 'session'; readonly standardStrings?: boolean }
  | { readonly kind: 'schema' };

/**
 * What `pg_restore` adds of its own accord, differently from version to version (`_doSetFixedOutputState` in
 * pg_backup_archiver.c), and the statistics that version 18 writes. What it takes from the archive counts as
 * schema: the encoding of the client, the search path, tablespaces and access methods.
 */
const SESSION_SETTINGS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'check_function_bodies',
  'xmloption',
  'client_min_messages',
  'escape_string_warning',
  'row_security',
];
const SESSION = new RegExp(
  String.raw`^(?:SET (?:${SESSION_SETTINGS.join('|')}) = |BEGIN;|COMMIT;|SELECT pg_catalog\.lo_close\(|SELECT \* FROM pg_catalog\.pg_restore_\w+_stats\()`,
);
const LARGE_OBJECT_OPEN = /^SELECT pg_catalog\.lo_open\('(\d+)', \d+\);$/;
const LARGE_OBJECT_WRITE = /^SELECT pg_catalog\.lowrite\(0, '\\\\?x/;
const SEQUENCE = /^SELECT pg_catalog\.setval\('(.*)', (-?\d+), (true|false)\);$/s;
const STANDARD_STRINGS = /^SET standard_conforming_strings = (on|off);$/;

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[^\s".,();]+)`;
const COPY = new RegExp(
  String.raw`^COPY ((?:(${IDENTIFIER})\.)?(${IDENTIFIER})) (?:\((${IDENTIFIER}(?:, ${IDENTIFIER})*)\))? ?FROM stdin;$`,
);

const QUOTE = 0x27;
/** As many bytes as the longest beginning above needs. */
const HEAD_BYTES = 64;

/**
 * Tells what a statement of `pg_restore`'s script does. `standardStrings` is the session's
 * `standard_conforming_strings` at this point of the script.
 *
 * @throws ScriptError when it is of a known kind, but not written as `pg_dump` writes it.
 */
export function readStatement(sql: Buffer, standardStrings: boolean): ScriptStatement {
  const head = sql.toString('latin1', 0, HEAD_BYTES);
  if (head.startsWith('COPY ')) return { kind: 'copy', target: copyTarget(sql) };
  if (head.startsWith('SET standard_conforming_strings')) {
    const [, setting] = STANDARD_STRINGS.exec(head) ?? unexpected(head);
    return { kind: 'session', standardStrings: setting === 'on' };
  }
  if (SESSION.test(head)) return { kind: 'session' };
  if (!head.startsWith('SELECT pg_catalog.')) return { kind: 'schema' };
  const [opened, id] = LARGE_OBJECT_OPEN.exec(head) ?? [];
  if (opened !== undefined && id !== undefined) return { kind: 'large object', id };
  const [write] = LARGE_OBJECT_WRITE.exec(head) ?? [];
  if (write !== undefined) {
    return { kind: 'large object data', hex: sql.subarray(write.length, sql.indexOf(QUOTE, write.length)) };
  }
  if (head.startsWith('SELECT pg_catalog.setval(')) {
    return { kind: 'sequence', sequence: sequenceValue(sql, standardStrings) };
  }
  return { kind: 'schema' };
}

function sequenceValue(sql: Buffer, standardStrings: boolean): SequenceValue {
  const [, literal = '', value = '', called] =
    SEQUENCE.exec(sql.toString('latin1')) ?? unexpected(excerpt(sql));
  const name = literal.replaceAll("''", "'");
  return {
    name: decoded(standardStrings ? name : name.replaceAll('\\\\', '\\')),
    value,
    called: called === 'true',
  };
}

function copyTarget(sql: Buffer): CopyTarget {
  const [, name = '', schema = '', table = '', columns = ''] =
    COPY.exec(sql.toString('latin1')) ?? unexpected(excerpt(sql));
  return {
    name: decoded(name),
    schema: decoded(unquoted(schema)),
    table: decoded(unquoted(table)),
    columns: decoded(columns),
  };
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/**
 * Text whose characters stand for bytes, read as what it is: UTF-8, or else, in a database of another
 * encoding, left as it is, so that different names stay different.
 */
export function decoded(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : latin1;
}

function excerpt(sql: Buffer): string {
  return sql.toString('utf8', 0, HEAD_BYTES);
}

function unexpected(start: string): never {
  throw new ScriptError(`it holds a statement that pg_dump does not write: ${start.slice(0, HEAD_BYTES)}`);
}

/** The script is not one that `pg_restore` writes from a whole archive. The message completes a sentence about the archive. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}
