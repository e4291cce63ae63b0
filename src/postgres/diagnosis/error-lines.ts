import { ATTEMPT, LABEL, PROGRAM, QUERY, SEVERITY, SQLSTATE, isOfRow, isRaised } from './failures.ts';
import { DEPENDENCE, WITHHELD, safeMessage } from './safe-text.ts';

const MOST_LINES = 20;
/** psql at a line of its script, which may contain rows. */
const AT_SCRIPT = /^(?:.*[\\/])?psql(?:\.exe)?:[^:\s]+:\d+: /;
/** What a tool prints before the server's message: its name, the activity, and the severity. */
const HEAD = /^(?:.*?: )?\p{L}[\p{L} ]*: {2}/u;
const NEWS = /^(?:ERROR|FATAL|PANIC|WARNING): {2}/;
/** Messages of psql and libpq about the connection and the script. */
const OWN_WORDS =
  /^(?:error: )?(?:connection to server was lost|server closed the connection unexpectedly|backslash commands are restricted.*|SSL .*)$/;

/** The lines with an error or a warning, without the verbose output around them, and without any value of a row. */
export function errorLines(stderr: string): string[] {
  if (isRaised(stderr)) return [`ERROR:  ${WITHHELD}`];
  const ofRow = isOfRow(stderr);
  const lines = stderr.split(/\r?\n/);
  const statement = lines.findIndex((line) => QUERY.test(withoutLabels(line)));
  return lines
    .flatMap(
      (line, index) => lineToShow(line, { ofRow, inStatement: statement !== -1 && index > statement }) ?? [],
    )
    .slice(-MOST_LINES);
}

function withoutLabels(line: string): string {
  return line.replace(PROGRAM, '').replace(LABEL, '');
}

/**
 * @param inStatement whether a statement was printed before it. Then the line can be a part of the statement: a literal with
 *   line breaks can look like any message.
 */
function lineToShow(
  line: string,
  { ofRow, inStatement }: { readonly ofRow: boolean; readonly inStatement: boolean },
): string | undefined {
  const who = PROGRAM.exec(line)?.[0];
  if (who === undefined)
    return !inStatement && (DEPENDENCE.test(line) || isHarmless(line, ofRow)) ? line : undefined;
  const said = line.slice(who.length);
  const label = LABEL.exec(said)?.[0] ?? '';
  const text = said.slice(label.length);
  if (QUERY.test(text) || (label === '' && !SEVERITY.test(text) && !OWN_WORDS.test(text))) return undefined;
  if (label === '' && SEVERITY.test(text) && !NEWS.test(text)) return undefined;
  if (ATTEMPT.test(text) && !inStatement) return line;
  const head = HEAD.exec(text)?.[0];
  // A tool's own messages contain names of tables and files; at a line of a script, that line.
  if (head === undefined) {
    const mayBeValue = inStatement || AT_SCRIPT.test(line);
    return mayBeValue && !OWN_WORDS.test(text) ? `${who}${label}${WITHHELD}` : line;
  }
  const message = text.slice(head.length);
  const code = SQLSTATE.exec(message)?.[0] ?? '';
  return `${who}${label}${head}${code}${safeMessage(message.slice(code.length), ofRow) ?? WITHHELD}`;
}

/** A line of libpq, or a server's last message, after the first line of a message: it may also be a part of a value. */
function isHarmless(line: string, ofRow: boolean): boolean {
  return ATTEMPT.test(line) || (NEWS.test(line) && safeMessage(line.replace(NEWS, ''), ofRow) !== undefined);
}
