/** Text on one line: control characters and line breaks of every kind become a space. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trimEnd();
}

/**
 * Text from outside (a server's message, a table's name) made fit for one line of a log.
 *
 * The runner takes a line that begins with `::`, or holds `##[`, for a command, whatever wrote it and with
 * white space in front or not (actions/runner, `ActionCommand.TryParse` and `TryParseV2`); a carriage return
 * or another control character could begin such a line, or hide what stands before it.
 */
export function plainLine(text: string): string {
  return oneLine(text)
    .replace(/^(\s*):(?=:)/u, '$1\u02d0')
    .replaceAll('##[', '## [');
}
