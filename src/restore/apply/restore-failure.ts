import { diagnose } from '../../postgres/diagnosis/diagnosis.ts';
import { errorLines } from '../../postgres/diagnosis/error-lines.ts';
import { DEPENDENCE } from '../../postgres/diagnosis/safe-text.ts';
import { UserError } from '../../errors.ts';
import { log } from '../../runner/log.ts';

const MOST_NAMED = 10;

const ENTRY = /^pg_restore: from TOC entry \d+; \d+ \d+ (.*)$/m;

/**
 * The error of a tool that failed to restore: what went wrong, and the output of the tool as the cause, as far as it
 * may be shown.
 */
export function restoreFailure(tool: string, stderr: string, impact?: string): UserError {
  const { cause, silentCause, hint, kind } = diagnose(stderr);
  const dependents = kind === 'has-dependents' ? moreDependents(stderr) : '';
  const told = (why: string, more: string): string =>
    `${tool} failed: ${why.replace(/[^.]$/, '$&.')}${more}${impact === undefined ? '' : ` ${impact}`}`;
  const code = kind === 'lock-table-full' ? kind : 'restore-failed';
  return new UserError(code, told(cause, dependents), hint, {
    cause: new Error(safeLines(stderr).join('\n')),
    silent: { message: told(silentCause, '') },
  });
}

/** Logs the warnings of a tool that succeeded. */
export function logNotices(stderr: string): void {
  for (const line of safeLines(stderr)) log.content(line, 'The restore printed a warning');
}

function safeLines(stderr: string): string[] {
  // psql has no entries: there, such a line is a part of a text.
  const entry = stderr.startsWith('psql:') ? null : ENTRY.exec(stderr);
  const lines = errorLines(stderr);
  return entry && lines.length > 0 ? [entry[0], ...lines] : lines;
}

/** All that depends on what was to be replaced; the cause names the first. */
function moreDependents(stderr: string): string {
  const all = stderr
    .split('\n')
    .filter((line) => DEPENDENCE.test(line))
    .map((line) => line.replace(/^DETAIL: {2}/, ''));
  if (all.length < 2) return '';
  const named = all.slice(1, MOST_NAMED);
  const more = all.length > MOST_NAMED ? `; and ${all.length - MOST_NAMED} more` : '';
  return ` Also: ${named.join('; ')}${more}.`;
}
