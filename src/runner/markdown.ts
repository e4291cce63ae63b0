import { oneLine } from './plain-text.ts';

/**
 * Text from outside as plain text in Markdown: every punctuation mark becomes a character reference, so
 * that no name can be a link, a table cell, a tag, an image or a mermaid directive.
 */
export function escaped(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Text from outside as inline code. */
export function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** A table of cells that are Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(align.map((side) => (side === 'right' ? '---:' : ':---'))),
    ...rows.map((cells) => line(cells)),
  ].join('\n');
}

/** Lines of a shell as a code block. */
export function shell(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

/** Markdown that is folded under a heading. */
export function details(heading: string, markdown: string): string {
  return `<details><summary>${escaped(heading)}</summary>\n\n${markdown}\n\n</details>`;
}

/** SQL as a code block; each statement is one line that begins with a word. */
export function sqlBlock(statements: readonly string[]): string {
  return ['```sql', ...statements, '```'].join('\n');
}

/** One word of a shell command. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
