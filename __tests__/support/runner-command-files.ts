/**
 * Reads `name=value` lines and `name<<delimiter` blocks, the format of the files behind `GITHUB_OUTPUT`,
 * `GITHUB_STATE` and `GITHUB_ENV` (actions/runner, `FileCommandManager.cs`).
 *
 * @throws Error when a line is neither, or a block's end is missing: the runner fails the step then. So do act and the
 *   runners of Gitea and Forgejo at an empty line, which GitHub's skips.
 */
export function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  // The text after the last line feed is a line of its own only when there is some.
  if (lines.at(-1) === '') lines.pop();
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc > 0 && heredoc + 2 < line.length) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, at + 1);
      if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
      pairs[line.slice(0, heredoc)] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return pairs;
}

/** Reads the file behind `GITHUB_PATH`: one folder a line. */
export function parsePaths(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}
