import { Marked } from 'marked';
import type { Database } from './database.ts';
import type { ActionRun } from './runner.ts';
import { parseCommand } from './runner-commands.ts';

/** Stands in every hostile text, so that what acts on it can be told from what shows it. */
export const MARK = 'INJECTED';

/** Every way to begin a workflow command, ends of lines of every kind, escapes of a terminal, Markdown, HTML, a diagram. */
export const HOSTILE_LINES = [
  `x`,
  `::error::${MARK}`,
  `::set-output name=rows::${MARK}`,
  `  ::add-mask::${MARK}`,
  `::save-state name=work-folder::/${MARK}`,
  `::stop-commands::${MARK}`,
  `##[error]${MARK}`,
  `\u001b[2K\u001b]8;;https://evil.example/${MARK}\u0007`,
  `\`\`\`mermaid`,
  `graph TD; ${MARK}`,
  `\`\`\``,
  `# ${MARK} <img src=x onerror=${MARK}> [a](https://evil.example/${MARK}) | b |`,
] as const;

/** The same behind each kind of line end; names in PostgreSQL are cut at 63 bytes, messages are not. */
export const HOSTILE_MESSAGE = ['\n', '\r', '\r\n', '\u2028', '\u0085', '\v']
  .map((end) => HOSTILE_LINES.join(end))
  .join('\n');

/** Names for objects, each of 63 bytes at most. */
export const HOSTILE_NAMES = [
  `x\n::error::${MARK}`,
  `x\r::set-output name=rows::${MARK}`,
  `::add-mask::${MARK}`,
  `x\u2028::stop-commands::${MARK}`,
  `##[error]${MARK}`,
  `<img src=x onerror=${MARK}>|[a](https://evil.example)`,
  `\`\`\`mermaid\ngraph TD; ${MARK}\n\`\`\``,
  `\u001b[2K\r::warning::${MARK}`,
] as const;

/** `name` as SQL writes it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Makes a database in which everything that has a name has a hostile one.
 *
 * @returns its URL.
 */
export async function makeHostileDatabase(server: Database, name: string): Promise<string> {
  const url = await server.createDatabase(name);
  const objects = HOSTILE_NAMES.map((hostile) => {
    const own = quoted(hostile);
    return `
      CREATE SCHEMA ${own};
      CREATE TYPE types.${own} AS ENUM (${literal(hostile)});
      CREATE TABLE ${own}.${own} (${own} serial PRIMARY KEY, "value" text DEFAULT ${literal(HOSTILE_MESSAGE)});
      INSERT INTO ${own}.${own} ("value") VALUES (${literal(HOSTILE_MESSAGE)}), (${literal(hostile)});
      COMMENT ON TABLE ${own}.${own} IS ${literal(HOSTILE_MESSAGE)};
      CREATE VIEW ${own}.${quoted(`v${hostile}`.slice(0, 40))} AS SELECT * FROM ${own}.${own};
      CREATE FUNCTION ${own}.${own}() RETURNS text LANGUAGE sql RETURN ${literal(HOSTILE_MESSAGE)};
      CREATE PUBLICATION ${own} FOR TABLE ${own}.${own};`;
  });
  await server.sql(['CREATE SCHEMA types;', ...objects].join('\n'), name);
  return url;
}

const OWN_COMMAND = /^::(?:(?:error|warning|notice) title=Postgres Backup::|debug::|group::|endgroup::)/;
const LINE_ENDS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/** What a run shows that it should not, if all of these texts are hostile: a sentence each. */
export function injectionsIn(run: ActionRun): string[] {
  const phases = run.post ? [run, run.post] : [run];
  return [...phases.flatMap(injectedCommands), ...markdownFaults(run.summary)];
}

type Phase = Pick<
  ActionRun,
  'rawStdout' | 'rawStderr' | 'masks' | 'state' | 'env' | 'annotations' | 'outputs'
>;

function injectedCommands(phase: Phase): string[] {
  const lines = `${phase.rawStdout}\n${phase.rawStderr}`.split(LINE_ENDS);
  const foreign = lines.filter((line) => {
    const command = parseCommand(line);
    if (command === undefined) return false;
    return !OWN_COMMAND.test(line) && !(command.name === 'add-mask' && isOwnMask(command.data));
  });
  const names = [...Object.keys(phase.state), ...Object.keys(phase.env)];
  return [
    ...foreign.map((line) => `a command: ${JSON.stringify(line)}`),
    ...lines
      .filter((line) => line.includes('\u001b') || line.includes('\u0007'))
      .map((line) => `an escape: ${JSON.stringify(line)}`),
    ...phase.masks.filter((mask) => !isOwnMask(mask)).map((mask) => `a mask: ${JSON.stringify(mask)}`),
    ...names.filter((name) => !OWN_STATE.has(name)).map((name) => `a variable: ${name}`),
    ...Object.entries(phase.state)
      .filter(([name, value]) => (NAMES_ARTIFACT.has(name) ? /[\r\n]/ : MARK_PATTERN).test(value))
      .map(([name]) => `the state: ${name}`),
    ...phase.annotations
      .filter(({ title }) => title !== 'Postgres Backup')
      .map(({ message }) => `an annotation: ${JSON.stringify(message)}`),
  ];
}

/** What the post step is told. */
const OWN_STATE: ReadonlySet<string> = new Set([
  'work-folder',
  'job',
  'location',
  'ended',
  'unverified-artifact',
  'scratch-database',
  'staged-copy',
  'staged-copy-folder',
]);
/** An artifact's name may hold that of the database, as far as artifacts allow it. */
const NAMES_ARTIFACT: ReadonlySet<string> = new Set(['location', 'unverified-artifact']);
const MARK_PATTERN = new RegExp(MARK);

/** A connection string may hold the hostile name of a database, percent-encoded. */
function isOwnMask(mask: string): boolean {
  return !mask.includes(MARK) || /^postgres:\/\/\S*$/.test(mask);
}

/** The summary as it is shown may have the hostile text in it, but nothing of it as an element. */
function markdownFaults(summary: string): string[] {
  const html = new Marked({ gfm: true }).parse(summary, { async: false });
  const elements = [...html.matchAll(/<(\/?[a-z][^>]*)>/gi)].map(([, element = '']) => element);
  const allowed =
    /^(?:\/?(?:h[1-6]|p|table|thead|tbody|tr|strong|blockquote|pre|code|th|td|br)|\/a|(?:th|td) align="(?:left|right)"|code class="language-sh"|a href="https:\/\/github\.com\/[^"]*")$/;
  const headings = [...html.matchAll(/<h[1-6]>(.*?)<\/h/gs)].map(([, text = '']) => text);
  return [
    ...elements.filter((element) => !allowed.test(element)).map((element) => `an element: <${element}>`),
    ...headings
      .filter((text) => text.includes(MARK) && !text.includes('<code>'))
      .map((text) => `a heading: ${text}`),
  ];
}
