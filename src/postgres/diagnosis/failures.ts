/** One message of a tool's error stream, without its prefixes. */
export interface Complaint {
  /** Whose message it is: the server's, which pg_dump and psql pass on, or that of the tool and its libpq. */
  readonly from: 'server' | 'tool';
  readonly text: string;
  /**
   * `login`: an attempt to connect, which knows no rows. `message`: the first line of what a tool says. `further`: a line below
   * that, which may be a part of a value.
   */
  readonly place: 'login' | 'message' | 'further';
  /** The server's code for it, where psql tells it; else empty. */
  readonly sqlstate: string;
  /** Where it tried to connect, as libpq writes it: `at "db.example.com" (192.0.2.1), port 5432`. */
  readonly address: string;
}

/** One failure: a message of a tool with all its lines. */
export interface Failure {
  readonly complaints: readonly Complaint[];
  /** The query that failed, if the tool prints it; else empty. For rows that pg_restore sends: `COPY "table" FROM stdin`. */
  readonly query: string;
  /** The entry of the archive that pg_restore was at: its kind and its name; else empty. */
  readonly entry: string;
  /** Whether the names in the message may come out of a row. */
  readonly isOfRow: boolean;
}

export const PROGRAM = /^(?:.*[\\/])?(?:psql|pg_dump|pg_restore)(?:\.exe)?:(?:[^:\s]+:\d+:)? /;
/** The labels of PostgreSQL's own tools (`common/logging.c`); those before 15 also said `fatal`. */
export const LABEL = /^(error|fatal|warning|detail|hint): /;
/** libpq puts two spaces after the severity of a server's message, which is in the server's language. */
export const SEVERITY = /^(\p{L}[\p{L} ]*): {2}/u;
const REMARK = /^(DETAIL|HINT|CONTEXT|QUERY|STATEMENT|LOCATION): {2}/;
/** Notices of a server, but not the one warning that says why it then ends the connection. */
const NOTICE = /^(?:WARNING|NOTICE|INFO|LOG|DEBUG): {2}(?!terminating connection)/;
/** Between two queries, libpq reports even the end of the session as a notice. */
const LAST_WORDS = /^(?:WARNING|FATAL): {2}terminating connection/;
/** pg_dump prints `Query was:`, pg_restore `Command was:`, and psql, if it echoes errors, `STATEMENT:`. */
export const QUERY = /^(?:(?:the )?(?:query|command) was: |STATEMENT: {2})/i;
/** A statement within a statement: the DROP that failed in a `DO` block. */
const INNER_QUERY = /^CONTEXT: {2}SQL statement "((?:DROP|ALTER) .*)"$/;
/** The same, where the block words the error: the server would blame what is dropped as well. */
const OWN_REFUSAL = /^CONTEXT: {2}PL\/pgSQL function inline_code_block line \d+ at RAISE$/;
/** Messages of getopt and the loader, which have no labels. */
const UNLABELLED =
  /^(?:(?:unrecognized|invalid|illegal|ambiguous) )?option |^(?:error while loading shared libraries|symbol lookup error|relocation error): /;
const SERVER_MESSAGE = /^Error message from server: /;
export const ATTEMPT =
  /^(?:(?:connection to server ((?:at|on socket) .*?) failed|could not connect to server|connection to database ".*?" failed): )+/;
/** What the tools print before the reason that libpq gives. */
const ACTIVITY =
  /^(?:query failed|could not execute query|could not (?:start|commit) database transaction|reconnection failed|COPY failed for table ".*?"|error returned by PQ\w+|(?:could not open|error reading|could not read) large object \d+): /;
/** What psql puts in front of a message when it is asked to be verbose. Classes of PostgreSQL's own (`errcodes.txt`). */
export const SQLSTATE = /^((?:0[0-9ABFLPZ]|2[0-8BDF]|3[489BDF]|4[024]|5[3-8]|72|F0|HV|P0|XX)[0-9A-Z]{3}): /;
const ENTRY = /^from TOC entry \d+; \d+ \d+ (.*)$/;
/** The rows that pg_restore was sending. */
const COPYING = /^COPY failed for table (".*?"): /;

/** Far more than a message with names has. It bounds the time that rules take for what a hostile server says. */
const LONGEST_LINE = 2000;

interface OpenFailure {
  complaints: Complaint[];
  query: string;
  innerQuery: string | undefined;
  entry: string;
  lines: string[];
}

/**
 * Extracts the failures from what psql, pg_dump or pg_restore printed, in order, without the other output of
 * `--verbose`, whatever names of tables that contains.
 */
export function failuresIn(stderr: string): Failure[] {
  const failures: OpenFailure[] = [];
  let inside: 'failure' | 'query' | undefined;
  let entry = '';
  for (const line of stderr.split(/\r?\n/)) {
    const isMessage = PROGRAM.test(line);
    const said = line.replace(PROGRAM, '');
    const label = isMessage ? LABEL.exec(said)?.[1] : undefined;
    const text = label === undefined ? said : said.slice(label.length + 2);
    if (isMessage) {
      entry = ENTRY.exec(text)?.[1] ?? entry;
      inside = place(line, label, text);
      if (inside === 'failure' && (failures.length === 0 || begins(label, text))) {
        failures.push({ complaints: [], query: copying(text), innerQuery: undefined, entry, lines: [] });
      }
    } else if (inside === 'failure' && QUERY.test(text)) inside = 'query';
    const failure = failures.at(-1);
    if (!failure || text.trim() === '') continue;
    if (inside === 'query') failure.query += `${failure.query === '' ? '' : '\n'}${text.replace(QUERY, '')}`;
    else if (inside === 'failure') {
      failure.innerQuery ??= OWN_REFUSAL.test(text) ? 'DROP' : INNER_QUERY.exec(text)?.[1];
      failure.complaints.push(complaint(text.slice(0, LONGEST_LINE), isMessage));
      failure.lines.push(text);
    }
  }
  return failures.map(({ innerQuery, lines, complaints, query, entry }) => {
    const ofRow = isOfRow([...lines, `STATEMENT:  ${query}`].join('\n'));
    return { complaints, query: (ofRow ? undefined : innerQuery) ?? query, entry, isOfRow: ofRow };
  });
}

/**
 * Whether the names in an error may be values of rows: a value of COPY was read as a name (`regclass`), a function or a view
 * works on rows, or a function executed a statement that it had put together. The `DO` blocks are this action's own. What the
 * text of a function names itself is no value: then the server prints that text, as it cannot be parsed.
 */
export function isOfRow(said: string): boolean {
  if (
    /^(?:CONTEXT: {2})?PL\/pgSQL function (?!inline_code_block).* at (?:EXECUTE|FOR over EXECUTE|OPEN)/m.test(
      said,
    )
  )
    return true;
  const isInFunction = /^CONTEXT: {2}(?:PL\/pgSQL|SQL) function (?!inline_code_block)/m.test(said);
  if (isInFunction) return !/^QUERY: {2}/m.test(said);
  return (
    /^(?:CONTEXT: {2})?COPY .*, line \d+/m.test(said) ||
    /(?:Command was|STATEMENT): +REFRESH MATERIALIZED VIEW/.test(said)
  );
}

/**
 * Whether a function of the database has worded the error itself (RAISE, ASSERT, and whatever the functions of other languages
 * do). Such a text can be like any message of the server, with a value where that has a name, and have any number of lines.
 * Only the statements of PL/pgSQL are not translated.
 */
export function isRaised(stderr: string): boolean {
  const isStatement = (line: string): boolean =>
    line.includes('PL/pgSQL') && / (?:RAISE|ASSERT)$/.test(line.trimEnd()) && !OWN_REFUSAL.test(line);
  return (
    /^(?:\p{L}+: {2})?PL\/(?!pgSQL)\w+|: {2}P000[14]: /mu.test(stderr) || stderr.split('\n').some(isStatement)
  );
}

/** The query for rows that could not be restored: pg_restore prints only the table. */
function copying(text: string): string {
  const table = COPYING.exec(text)?.[1];
  return table === undefined ? '' : `COPY ${table} FROM stdin`;
}

/** What a message and the lines after it belong to. */
function place(line: string, label: string | undefined, text: string): 'failure' | 'query' | undefined {
  if (QUERY.test(text)) return 'query';
  if (label === 'error' || label === 'fatal' || label === 'detail') return 'failure';
  if (label !== undefined) return undefined;
  // psql prints the error of a statement, and libpq that of the connection, without a label.
  const isReason = line.startsWith('psql:') ? !NOTICE.test(text) : LAST_WORDS.test(text);
  return isReason || UNLABELLED.test(text) ? 'failure' : undefined;
}

/** pg_dump before 15 labels as separate errors what later versions label as details. */
function begins(label: string | undefined, text: string): boolean {
  return label !== 'detail' && !/^Error message from server: |^aborting because of/.test(text);
}

function complaint(line: string, isMessage: boolean): Complaint {
  const reason = line.replace(SERVER_MESSAGE, '').replace(ACTIVITY, '');
  const attempt = ATTEMPT.exec(reason);
  const text = reason.slice(attempt?.[0].length ?? 0).replace(ACTIVITY, '');
  const isServers = SEVERITY.test(text) && !REMARK.test(text);
  const said = isServers ? text.replace(SEVERITY, '') : text.trim();
  return {
    from: isServers ? 'server' : 'tool',
    text: isServers ? said.replace(SQLSTATE, '') : said,
    place: attempt ? 'login' : isMessage ? 'message' : 'further',
    sqlstate: (isServers ? SQLSTATE.exec(said)?.[1] : undefined) ?? '',
    address: attempt?.[1] ?? '',
  };
}
