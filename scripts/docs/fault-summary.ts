// The summary of the matrix of faults, between `<!-- fault-summary -->` and `<!-- /fault-summary -->`: pure.

const SUMMARY = /(<!-- fault-summary -->\n)[^]*?(<!-- \/fault-summary -->)/;

/** How the matrix marks the outcomes, and what the columns of the summary are called. */
const OUTCOMES = [
  ['🟢', '🟢 Correct backup'],
  ['🔴', '🔴 One clear error'],
  ['⚫', '⚫ Killed, and reported'],
] as const;

/** A Markdown file with its summary of the matrix, if it has one, counted again. */
export function withFaultSummary(markdown: string): string {
  return markdown.replace(
    SUMMARY,
    (_, begin: string, end: string) => `${begin}${summaryTable(markdown)}\n${end}`,
  );
}

function summaryTable(markdown: string): string {
  const matrix = /<!-- matrix -->\n([^]*)<!-- \/matrix -->/.exec(markdown)?.[1] ?? '';
  const groups = matrix.split(/^### /m).slice(1);
  const rows = groups.map((group) => row(group.split('\n', 1)[0] ?? '', group));
  const heads = ['What breaks', 'Faults', ...OUTCOMES.map(([, head]) => head)];
  return [`| ${heads.join(' | ')} |`, '|---|---:|---:|---:|---:|', ...rows, row('**All**', matrix)].join(
    '\n',
  );
}

function row(name: string, text: string): string {
  const counts = OUTCOMES.map(([mark]) => text.split(`| ${mark}`).length - 1);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return `| ${name} | ${[all, ...counts].join(' | ')} |`;
}
