import { type ErrorCode, UserError } from '../../errors.ts';
import { type Complaint, type Failure, failuresIn } from './failures.ts';
import { LOST_CONNECTION_RULES } from './network-rules.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';

/** What a tool's error stream means. */
export interface Diagnosis {
  readonly cause: string;
  readonly hint: string;
  /** Whether the same attempt may well succeed a little later. */
  readonly transient: boolean;
  /** Of the rule that explains it. */
  readonly kind?: Rule['kind'];
}

/** Names from outside have no limit of their own; an annotation has. */
const LONGEST_QUOTE = 200;
const LONGEST_CAUSE = 500;

/**
 * Explains what a tool of PostgreSQL printed on its error stream: by the last failure that a rule knows, because that
 * is the one it ended with. That the connection was lost explains a failure only if nothing else does.
 *
 * @param quotable what of it may be quoted where no rule knows the failure.
 */
export function diagnose(stderr: string, quotable = stderr): Diagnosis {
  const failures = failuresIn(stderr).reverse();
  const found = firstMatch(failures, RULES) ?? firstMatch(failures, LOST_CONNECTION_RULES);
  return (
    found ?? {
      cause: shortened(lastErrorLine(quotable), LONGEST_CAUSE),
      hint: "Look at the log above, and at the server's own log.",
      transient: false,
    }
  );
}

/** An error with the cause and the hint of what a tool printed. */
export function diagnosedError(code: ErrorCode, part: string, stderr: string): UserError {
  const { cause, hint } = diagnose(stderr);
  return new UserError(code, `${part}: ${cause}`, hint, {
    cause: new Error(errorLines(stderr).join('\n')),
  });
}

/** The lines that tell of an error or a warning, without the verbose story around them. */
export function errorLines(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => /\b(error|fatal|panic|warning|detail|hint)\b:|^connection to server /i.test(line))
    .slice(-20);
}

function firstMatch(failures: readonly Failure[], rules: readonly Rule[]): Diagnosis | undefined {
  for (const failure of failures) {
    for (const rule of rules) {
      for (const complaint of failure.complaints) {
        const match = matches(rule, complaint, failure);
        if (match) return explained(rule, match, failure);
      }
    }
  }
  return undefined;
}

function matches(rule: Rule, { from, text, address }: Complaint, failure: Failure): RegExpExecArray | null {
  const { from: who = from, address: where, query } = rule;
  if (who !== from || where?.test(address) === false || query?.test(failure.query) === false) return null;
  return rule.pattern.exec(text);
}

function explained(rule: Rule, match: RegExpExecArray, { query }: Failure): Diagnosis {
  const table = /^COPY ((?:"[^"]*"|[^\s("])+)/.exec(query)?.[1];
  const cause = rule.cause.replace(/\$([\dqt])/g, (_, name: string) => {
    if (name === 't') return table === undefined ? '' : `, in the table ${shortened(table, LONGEST_QUOTE)}`;
    const quoted = name === 'q' ? rule.query?.exec(query)?.[1] : match[Number(name)];
    return shortened(quoted ?? '', LONGEST_QUOTE);
  });
  const { hint, transient = false, kind } = rule;
  return { cause: cause.replace(/\.\.$/, '.'), hint, transient, ...(kind ? { kind } : {}) };
}

function shortened(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length).join('')}…`;
}

function lastErrorLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.findLast((line) => /\b(error|fatal|panic)\b:/i.test(line)) ??
    lines.at(-1) ??
    'it printed no reason.'
  );
}
