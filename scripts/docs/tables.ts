// The tables of inputs and outputs, between comments such as `<!-- inputs:backup -->` and `<!-- /inputs:backup -->`: pure.
import { type ActionFile, type ActionName, isActionName } from './action-file.ts';

/** How the documentation describes defaults that the runner replaces. */
const DESCRIBED: Readonly<Record<string, string>> = { '${{ github.token }}': "the job's token" };

const BEGIN = /^<!-- (inputs|outputs):([\w-]+) -->$/;

/**
 * A Markdown file with its tables written again.
 *
 * @throws Error when a table is not closed, or an action is unknown.
 */
export function withTables(markdown: string, actionFile: (name: ActionName) => ActionFile): string {
  const lines = markdown.split('\n');
  const written: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    written.push(line);
    const [, kind = '', name = ''] = BEGIN.exec(line) ?? [];
    if (kind === '') continue;
    const end = lines.indexOf(`<!-- /${kind}:${name} -->`, at);
    if (end === -1) throw new Error(`${line} has no <!-- /${kind}:${name} -->.`);
    if (!isActionName(name)) throw new Error(`${line}: there is no action of that name.`);
    const action = actionFile(name);
    written.push(kind === 'inputs' ? inputsTable(action) : outputsTable(action), lines[end] ?? '');
    at = end;
  }
  return written.join('\n');
}

/** One row for each input. */
export function inputsTable({ inputs }: ActionFile): string {
  const rows = inputs.map(
    ({ name, required, byDefault, description }) =>
      `| \`${name}\` | ${required ? 'required' : defaultCell(byDefault)} | ${cell(description)} |`,
  );
  return ['| Input | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

/** One row for each output. */
export function outputsTable({ outputs }: ActionFile): string {
  const rows = outputs.map(({ name, description }) => `| \`${name}\` | ${cell(description)} |`);
  return ['| Output | Meaning |', '|---|---|', ...rows].join('\n');
}

function defaultCell(byDefault: string): string {
  return DESCRIBED[byDefault] ?? (byDefault === '' ? '' : `\`${byDefault}\``);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ');
}
