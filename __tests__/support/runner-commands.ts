/** A line by which a step speaks to the runner. */
export interface WorkflowCommand {
  /** In lower case. */
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

const COMMANDS: ReadonlySet<string> = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]);

/**
 * Reads a line as the runner does (actions/runner, `ActionCommand.cs`): `::name key=value,…::data` after any
 * white space, or `##[name key=value;…]data` anywhere in the line. Unknown names are no commands.
 *
 * @param stopToken the word that ends a pause begun by `::stop-commands::`; it counts as a command then.
 */
export function parseCommand(line: string, stopToken?: string): WorkflowCommand | undefined {
  const known = (name: string): boolean => COMMANDS.has(name) || name === stopToken?.toLowerCase();
  return parseSecondForm(line, known) ?? parseFirstForm(line, known);
}

function parseSecondForm(line: string, known: (name: string) => boolean): WorkflowCommand | undefined {
  const message = line.trimStart();
  const end = message.indexOf('::', 2);
  if (!message.startsWith('::') || end < 0) return undefined;
  return command(message.slice(2, end), message.slice(end + 2), known, {
    separator: ',',
    property: { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' },
    data: { '%0D': '\r', '%0A': '\n', '%25': '%' },
  });
}

function parseFirstForm(line: string, known: (name: string) => boolean): WorkflowCommand | undefined {
  const start = line.indexOf('##[');
  const end = line.indexOf(']', start);
  if (start < 0 || end < 0) return undefined;
  const escapes = { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']', '%25': '%' };
  return command(line.slice(start + 3, end), line.slice(end + 1), known, {
    separator: ';',
    property: escapes,
    data: escapes,
  });
}

interface Syntax {
  readonly separator: string;
  /** In the order in which the runner replaces them. */
  readonly property: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

function command(
  info: string,
  data: string,
  known: (name: string) => boolean,
  syntax: Syntax,
): WorkflowCommand | undefined {
  const space = info.indexOf(' ');
  const name = (space < 0 ? info : info.slice(0, space)).toLowerCase();
  if (!known(name)) return undefined;
  const properties: Record<string, string> = {};
  for (const pair of space < 0
    ? []
    : info
        .slice(space + 1)
        .trim()
        .split(syntax.separator)) {
    const [, key, value] = /^=*([^=]+)=+(.+)$/s.exec(pair) ?? [];
    if (key !== undefined && value !== undefined)
      properties[key.toLowerCase()] = unescaped(value, syntax.property);
  }
  return { name, properties, data: unescaped(data, syntax.data) };
}

function unescaped(text: string, escapes: Readonly<Record<string, string>>): string {
  return Object.entries(escapes).reduce(
    (result, [code, character]) => result.replaceAll(code, character),
    text,
  );
}
