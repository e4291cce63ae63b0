import { type ErrorCode, UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import { errorLines } from './error-lines.ts';
import { type Complaint, type Failure, PROGRAM, QUERY, failuresIn, isRaised } from './failures.ts';
import { LOST_CONNECTION_RULES, NETWORK_RULES } from './network-rules.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';
import { safeMessage } from './safe-text.ts';
import { WORKER_GONE, WORKER_RULES } from './worker-rules.ts';

/** The explanation of a tool's error output. */
export interface Diagnosis {
  readonly cause: string;
  /** The same without a name of anything in a database. */
  readonly silentCause: string;
  readonly hint: string;
  /** Whether the same attempt is likely to succeed a little later. */
  readonly transient: boolean;
  /** Of the rule that explains it. */
  readonly kind?: Rule['kind'];
}

/** Names from outside have no limit of their own; an annotation has. */
const LONGEST_QUOTE = 200;
const LONGEST_CAUSE = 500;
/** More than the loader, or a shell, says when it cannot start a program. */
const LOADER_LINES = 20;
const SEE_LOGS = "See the log above, and the server's own log.";

/**
 * Explains what a tool of PostgreSQL printed on its error stream: by the last failure that a rule matches, because that
 * is the one that ended it. A lost connection, and then the end of a worker, is the explanation only if no other rule matches.
 *
 * It never contains a value of a row: rules print fixed text and names, and other messages are shown only as far
 * as `safe-text.ts` knows that they are harmless.
 */
export function diagnose(stderr: string): Diagnosis {
  if (isRaised(stderr)) return raised(stderr);
  const failures = withoutRemarks(failuresIn(stderr)).toReversed();
  return (
    first(
      failures,
      (failure) => known(failure, RULES) ?? unknownAnswer(failure) ?? known(failure, NETWORK_RULES),
    ) ??
    lastResort(failures) ?? {
      cause: shortened(lastWords(stderr), LONGEST_CAUSE),
      silentCause: 'its error message may name what is in the database and is not shown.',
      hint: SEE_LOGS,
      transient: false,
    }
  );
}

/** The cause of what a tool printed, as far as it may show. */
export function shownCause(stderr: string): string {
  const { cause, silentCause } = diagnose(stderr);
  return log.shown(cause, silentCause);
}

/** An error with the cause and the hint for what a tool printed. */
export function diagnosedError(code: ErrorCode, part: string, stderr: string): UserError {
  const { cause, silentCause, hint } = diagnose(stderr);
  return new UserError(code, `${part}: ${cause}`, hint, {
    cause: new Error(errorLines(stderr).join('\n')),
    silent: { message: `${part}: ${silentCause}` },
  });
}

function first(
  failures: readonly Failure[],
  explain: (failure: Failure) => Diagnosis | undefined,
): Diagnosis | undefined {
  for (const failure of failures) {
    const found = explain(failure);
    if (found) return found;
  }
  return undefined;
}

/** Of a worker that failed, pg_dump says only that it is gone: after what the worker said itself. */
function withoutRemarks(failures: readonly Failure[]): readonly Failure[] {
  const others = failures.filter(({ complaints }) => !complaints.some(({ text }) => WORKER_GONE.test(text)));
  return others.length > 0 ? others : failures;
}

function lastResort(failures: readonly Failure[]): Diagnosis | undefined {
  return [LOST_CONNECTION_RULES, WORKER_RULES]
    .map((rules) => first(failures, (failure) => known(failure, rules)))
    .find((found) => found !== undefined);
}

function known(failure: Failure, rules: readonly Rule[]): Diagnosis | undefined {
  for (const rule of rules) {
    for (const complaint of failure.complaints) {
      const match = matches(rule, complaint, failure);
      if (match) return explained(rule, match, failure, complaint);
    }
  }
  return undefined;
}

/** A message of a server that no rule matches: still more useful than the network errors of its other addresses. */
function unknownAnswer({ complaints, query, entry, isOfRow }: Failure): Diagnosis | undefined {
  const answer = complaints.find(({ from }) => from === 'server');
  if (!answer) return undefined;
  // Something outside of double quotes that is not ASCII.
  const isForeign = /^(?:[ !#-~]|"[^"]*")*[^ -~"]/.test(answer.text);
  const shown = answer.place === 'login' ? answer.text : safeMessage(answer.text, isOfRow);
  const code = answer.sqlstate === '' ? '' : ` (SQLSTATE ${answer.sqlstate})`;
  const says = isForeign ? 'The server reports, in its own language' : 'The server reports';
  const cause =
    shown === undefined
      ? withheld(code, entry === '' ? statementName(query) : entry)
      : `${says}: ${shortened(shown, LONGEST_QUOTE)}`;
  return {
    cause,
    silentCause: answer.place === 'login' ? cause : withheld(code, ''),
    hint: isForeign
      ? "See the server's own log. With lc_messages = 'C' on the server, this action can explain its errors."
      : SEE_LOGS,
    transient: false,
  };
}

/** Of an error that a function raised, only the code and what is known not to be a part of its text. */
function raised(stderr: string): Diagnosis {
  const code = /: {2}(P0\d{3}): /.exec(stderr)?.[1];
  const [first] = failuresIn(stderr);
  // psql prints the statement last, after all of the text.
  const statement = stderr.split(/\r?\n/).findLast((line) => PROGRAM.test(line) && isQuery(line));
  const object = first?.entry || statementName(statement?.replace(PROGRAM, '').replace(QUERY, '') ?? '');
  const state = code === undefined ? '' : ` (SQLSTATE ${code})`;
  return {
    cause: withheld(state, object),
    silentCause: withheld(state, ''),
    hint: SEE_LOGS,
    transient: false,
  };
}

function isQuery(line: string): boolean {
  return QUERY.test(line.replace(PROGRAM, ''));
}

function withheld(code: string, object: string): string {
  const at = object === '' ? '' : ` at ${shortened(object, LONGEST_QUOTE)}`;
  return `The server reports an error${code}${at}. Its text may contain values of rows and is not shown.`;
}

/** The object of a statement: the keywords at its start, and the name after them. */
function statementName(query: string): string {
  return /^[A-Z][A-Z ]* (?:"[^"]*"|[\w$]+)(?:\.(?:"[^"]*"|[\w$]+))*/.exec(query)?.[0] ?? '';
}

function matches(rule: Rule, complaint: Complaint, failure: Failure): RegExpExecArray | null {
  const { from, text, address, place } = complaint;
  const { from: who = from, address: where, query, context } = rule;
  // A line that may be a part of a value is not quoted; details are, by rules that match the whole of them.
  const quotes = /\$[\dc]/.test(rule.cause);
  if (quotes && failure.isOfRow && !rule.ofRow && place !== 'login') return null;
  if (quotes && place === 'further' && !text.startsWith('DETAIL:')) return null;
  if (who !== from || where?.test(address) === false) return null;
  const match = rule.pattern.exec(text);
  if (match && context?.test(contextOf(failure)) === false) return null;
  // Last, because a query can be long.
  return match && query?.test(failure.query) === false ? null : match;
}

/** The innermost one, which the server prints first; the others may contain values. */
function contextOf({ complaints }: Failure): string {
  return complaints.find(({ text }) => text.startsWith('CONTEXT:'))?.text ?? '';
}

function explained(rule: Rule, match: RegExpExecArray, failure: Failure, { place }: Complaint): Diagnosis {
  const { query } = failure;
  const table = /^COPY ((?:"[^"]*"|[^\s("])+)/.exec(query)?.[1];
  const filled = (named: (name: string) => string): string =>
    rule.cause.replace(/\$([\dqct])/g, (_, name: string) => named(name)).replace(/\.\.$/, '.');
  const cause = filled((name) => {
    if (name === 't') return table === undefined ? '' : `, in the table ${shortened(table, LONGEST_QUOTE)}`;
    const quoted =
      { q: groupOf(rule.query, query), c: groupOf(rule.context, contextOf(failure)) }[name] ??
      match[Number(name)];
    return shortened(quoted ?? '', LONGEST_QUOTE);
  });
  const example = failure.isOfRow && !rule.ofRow ? undefined : rule.example?.(query);
  // Who logs in to which database is no content of it.
  const silentCause = place === 'login' ? cause : filled((name) => (name === 't' ? '' : '(not shown)'));
  const { hint, transient = false, kind } = rule;
  const told = example === undefined ? cause : `${cause} ${shortened(example, LONGEST_CAUSE)}`;
  return { cause: told, silentCause, hint, transient, ...(kind ? { kind } : {}) };
}

/** The group that matches: one of them. */
function groupOf(pattern: RegExp | undefined, text: string): string | undefined {
  return pattern?.exec(text)?.slice(1).join('');
}

function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length).join('')}…`;
}

/** The last line that may be shown; of a program that is not PostgreSQL's, such as the loader, the last line. */
function lastWords(stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '');
  // A long text without a name of a program in it is a part of a statement.
  const isStatement = lines.length > LOADER_LINES || lines.some((line) => PROGRAM.test(line));
  const others = isStatement ? undefined : lines.at(-1);
  const errors = errorLines(stderr).filter((line) => !line.endsWith('a worker process died unexpectedly'));
  return errors.at(-1) ?? others ?? 'it printed no error message.';
}
