/** Text on one line: control characters and line breaks of every kind become a space. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trimEnd();
}

/**
 * Text from outside (a server's message, a table's name) as one line of a log.
 *
 * The runner treats a line that starts with `::`, or contains `##[`, as a command, whatever wrote it and with
 * or without white space before it (actions/runner, `ActionCommand.TryParse` and `TryParseV2`); a carriage return
 * or another control character could start such a line, or hide the text before it.
 */
export function plainLine(text: string): string {
  return oneLine(text)
    .replace(/^(\s*):(?=:)/u, '$1\u02d0')
    .replaceAll('##[', '## [');
}
