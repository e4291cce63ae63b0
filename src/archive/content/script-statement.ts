import { decoded, endOfIdentifier, endOfQuotes, unquoted } from '../names.ts';

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

/** The value of a sequence. */
export interface SequenceValue {
  /** As `pg_dump` writes it, quoted where needed. */
  readonly name: string;
  /** A whole number of up to 64 bits, in decimal digits. */
  readonly value: string;
  /** Whether `value` was already returned by nextval: if not, it is the next one. */
  readonly called: boolean;
}

/** A statement of the script, by what it does. */
export type ScriptStatement =
  | { readonly kind: 'copy'; readonly target: CopyTarget }
  | { readonly kind: 'sequence'; readonly sequence: SequenceValue }
  | { readonly kind: 'large object'; readonly id: string }
  /** The next bytes of the large object, in hex digits. */
  | { readonly kind: 'large object data'; readonly hex: Buffer }
  /** Settings of the session and the like, which are not contents of the database. */
  | {
      readonly kind: 'session';
      readonly isSetting?: boolean;
      readonly standardStrings?: boolean;
      readonly isCommit?: boolean;
    };

/** The settings that `pg_restore` and `pg_dump` write beside the contents (`_doSetFixedOutputState` in pg_backup_archiver.c, pg_backup_custom.c). */
const SETTINGS = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'client_encoding',
  'check_function_bodies',
  'xmloption',
  'client_min_messages',
  'escape_string_warning',
  'row_security',
];
const SESSION = new RegExp(
  String.raw`^(?:(SET (?:${SETTINGS.join('|')}) = (?:\w+|'\w+');)|BEGIN;|(COMMIT;)|SELECT pg_catalog\.(?:lo_close\(0\)|lo_create\('\d+'\));)$`,
);
const STANDARD_STRINGS = /^SET standard_conforming_strings = (on|off);$/;
const LARGE_OBJECT_OPEN = /^SELECT pg_catalog\.lo_open\('(\d+)', \d+\);$/;
const LARGE_OBJECT_WRITE = /^SELECT pg_catalog\.lowrite\(0, '\\\\?x/;
const LARGE_OBJECT_END = "');";
const SEQUENCE_END = /^, (-?\d{1,19}), (true|false)\);$/;

/** No match of the expressions above is longer, except the contents of a large object. */
const HEAD_BYTES = 128;

/**
 * Reads a statement of a script that contains only data. `standardStrings` is the session's
 * `standard_conforming_strings` at this point of the script.
 *
 * @throws ScriptError for every other statement.
 */
export function readStatement(sql: Buffer, standardStrings: boolean): ScriptStatement {
  const head = sql.toString('latin1', 0, HEAD_BYTES);
  const write = LARGE_OBJECT_WRITE.exec(head)?.[0];
  if (write !== undefined) return { kind: 'large object data', hex: hexDigits(sql, write.length) };
  if (head.startsWith('COPY ')) return { kind: 'copy', target: copyTarget(sql.toString('latin1')) };
  if (head.startsWith('SELECT pg_catalog.setval(')) {
    return { kind: 'sequence', sequence: sequenceValue(sql.toString('latin1'), standardStrings) };
  }
  if (isSearchPath(sql.toString('latin1'))) return { kind: 'session' };
  if (sql.length > HEAD_BYTES) return refused();
  const id = LARGE_OBJECT_OPEN.exec(head)?.[1];
  if (id !== undefined) return { kind: 'large object', id };
  const setting = STANDARD_STRINGS.exec(head)?.[1];
  if (setting !== undefined) return { kind: 'session', isSetting: true, standardStrings: setting === 'on' };
  const [, isSetting, isCommit] = SESSION.exec(head) ?? refused();
  return { kind: 'session', isSetting: isSetting !== undefined, isCommit: isCommit !== undefined };
}

function hexDigits(sql: Buffer, from: number): Buffer {
  const end = sql.indexOf(LARGE_OBJECT_END, from, 'latin1');
  return end === sql.length - LARGE_OBJECT_END.length ? sql.subarray(from, end) : refused();
}

function sequenceValue(sql: string, standardStrings: boolean): SequenceValue {
  const from = 'SELECT pg_catalog.setval('.length;
  const to = sql[from] === "'" ? endOfQuotes(sql, from) : from;
  const [, value, called] = SEQUENCE_END.exec(sql.slice(to)) ?? [];
  if (to === from || value === undefined) return refused();
  const text = sql.slice(from + 1, to - 1).replaceAll("''", "'");
  const name = standardStrings ? text : text.replaceAll('\\\\', '\\');
  if (name === '' || endOfName(name, 0) !== name.length) return refused();
  return { name: fromLatin1(name), value, called: called === 'true' };
}

function copyTarget(sql: string): CopyTarget {
  const from = 'COPY '.length;
  const dot = endOfIdentifier(sql, from);
  const end = endOfName(sql, from);
  const columns = columnList(sql, end);
  const after = columns === undefined ? end + 1 : end + columns.length + ' ()'.length;
  if (dot === from || sql.slice(after) !== ' FROM stdin;') return refused();
  const [schema, table] =
    end === dot ? ['', sql.slice(from, end)] : [sql.slice(from, dot), sql.slice(dot + 1, end)];
  return {
    name: fromLatin1(sql.slice(from, end)),
    schema: fromLatin1(unquoted(schema)),
    table: fromLatin1(unquoted(table)),
    columns: fromLatin1(columns ?? ''),
  };
}

/** The list in ` (…)` at `at`; undefined when there is none. */
function columnList(sql: string, at: number): string | undefined {
  if (!sql.startsWith(' (', at)) return undefined;
  const from = at + 2;
  const end = endOfList(sql, from);
  return end > from && sql[end] === ')' ? sql.slice(from, end) : undefined;
}

/** Archives from before 10.3 set the schema of what follows; newer ones empty it, because they qualify every name. */
function isSearchPath(sql: string): boolean {
  const set = 'SET search_path = ';
  if (sql.startsWith(set)) return sql.slice(endOfList(sql, set.length)) === ';';
  const config = "SELECT pg_catalog.set_config('search_path', ";
  return sql.startsWith(`${config}'`) && sql.slice(endOfQuotes(sql, config.length)) === ', false);';
}

/** The index after identifiers with commas between them. */
function endOfList(sql: string, from: number): number {
  let end = endOfIdentifier(sql, from);
  while (sql.startsWith(', ', end)) {
    const next = endOfIdentifier(sql, end + 2);
    if (next === end + 2) return end;
    end = next;
  }
  return end;
}

/** The index after `table` or `schema.table`; `from` when neither begins there. */
function endOfName(sql: string, from: number): number {
  const end = endOfIdentifier(sql, from);
  if (end === from || sql[end] !== '.') return end;
  const last = endOfIdentifier(sql, end + 1);
  return last === end + 1 ? from : last;
}

function fromLatin1(text: string): string {
  return decoded(Buffer.from(text, 'latin1'));
}

/** The message quotes nothing of the statement, because it may be part of a row. */
function refused(): never {
  throw new ScriptError('its script has a statement that cannot be part of the data of an archive');
}

/** The script is not one that `pg_restore` writes from a complete archive. The message completes a sentence about the archive. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}
