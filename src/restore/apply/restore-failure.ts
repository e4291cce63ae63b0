import { diagnose, errorLines } from '../../postgres/diagnosis/diagnosis.ts';
import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';

const MOST_NAMED = 10;

/** Values of rows: `Key (email)=(ada@example.com)`, `Failing row contains (1, Ada)`. A log may be public. */
const VALUES = /Key \(.*\)=|Failing row contains|Partition key of|^CONTEXT: |Conflicting|Existing/;
/** A value within the message itself: `invalid input syntax for type integer: "Ada"`. */
const VALUE_IN_MESSAGE = /(ERROR: {2}(?:invalid|malformed|date\/time|time zone|value)\b[^":]*?):? ".*"/;
/** The statement that failed, whole: it may hold passwords, and lines that look like errors. The tools end after it. */
const STATEMENT = /^(?:Command was: |psql:\S+ STATEMENT: {2})[^]*/m;
const ENTRY = /^pg_restore: from TOC entry \d+; \d+ \d+ (.*)$/m;
const DEPENDENT = /^(?:DETAIL: {2})?(.+ depends on .+)$/gm;

/**
 * A failure of a tool that restores, in words: what went wrong, and in which state it left the target. The words of the
 * tool are the cause, without the values of rows.
 */
export function restoreFailure(tool: string, stderr: string, aftermath: string): UserError {
  const { cause, hint, kind } = diagnose(stderr, stderr.replace(STATEMENT, ''));
  const dependents = kind === 'has-dependents' ? moreDependents(stderr) : '';
  return new UserError('restore-failed', `${tool} failed: ${cause}${dependents} ${aftermath}`, hint, {
    cause: new Error(safeLines(stderr).join('\n')),
  });
}

/** What a tool that succeeded has remarked. */
export function tellRemarks(stderr: string): void {
  for (const line of safeLines(stderr)) log.info(line);
}

function safeLines(stderr: string): string[] {
  const entry = ENTRY.exec(stderr);
  const lines = errorLines(stderr.replace(STATEMENT, ''))
    .filter((line) => !VALUES.test(line))
    .map((line) => line.replace(VALUE_IN_MESSAGE, '$1 (a value)'));
  return entry && lines.length > 0 ? [entry[0], ...lines] : lines;
}

/** All that depends on what was to be replaced; the cause names the first. */
function moreDependents(stderr: string): string {
  const all = [...stderr.matchAll(DEPENDENT)].map(([, dependency = '']) => dependency);
  if (all.length < 2) return '';
  const named = all.slice(1, MOST_NAMED);
  const more = all.length > MOST_NAMED ? `; and ${all.length - MOST_NAMED} more` : '';
  return ` Also: ${named.join('; ')}${more}.`;
}
