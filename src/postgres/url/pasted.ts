import { UserError } from '../../errors.ts';
import type { Notice } from './notice.ts';

/** A connection string without what was around it where it was copied from. */
export interface PastedUrl {
  /** Starts with `postgres://`, `postgresql://`, `prisma://` or `prisma+postgres://`. */
  readonly url: string;
  readonly notices: readonly Notice[];
}

const WRITE = 'Write postgres://USER:PASSWORD@HOST:5432/DATABASE, as your provider shows it for psql.';
const ONLY = 'Store only the connection string, from postgres:// to its end.';
const OURS = /^(?:postgres(?:ql)?|prisma(?:\+postgres(?:ql)?)?):\/\//;
const SCHEME = /^((?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*):\/\//;
/** The schemes of other drivers for a PostgreSQL URL: JDBC, SQLAlchemy, Django, Rails, PHP, Ecto. */
const DRIVER = /^(?:jdbc:)?(?:postgres(?:ql)?|postgis|pgsql|psql|ecto)(?:\+[\w.-]+)?:\/\//i;
const COMMAND = /(?:^|[\s"'`])(?:psql|pg_dump|pg_restore)(?:\.exe)?\s/;
/** White space, and what looks like none: zero-width characters, the byte order mark, and a line break that was escaped. */
const BLANKS = /^[\s\u200b\u2060\ufeff]+|(?:[\s\u200b\u2060\ufeff]|\\[nr])+$/g;
const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '‘': '’',
  '<': '>',
};

/** What stands before a URL: a prompt, a variable, a command, an option. It must be followed by a scheme, or a quotation mark. */
const BEFORE = new RegExp(
  [
    /^(?:[$>] +)?/,
    /(?!jdbc:)(?<variable>(?:(?:export|set|ENV) +)?(?:\$env:)?[A-Za-z_]\w*\s*[=:]\s*)?/,
    /(?<command>(?:psql|pg_dump|pg_restore)(?:\.exe)? +(?:(?:-d|--dbname)(?: *| *= *))?)?/,
    /(?=["'`“‘<]?(?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*:\/\/)/,
  ]
    .map(({ source }) => source)
    .join(''),
);

/**
 * Takes a connection string out of what people paste with it: white space, quotation marks, the name of a variable, a `psql`
 * command, the scheme of another driver. Only what is certainly not part of it is removed, with a notice. No error shows any part of
 * the value but a scheme.
 *
 * @throws UserError saying what to keep, where that is not certain, or what the value is instead.
 */
export function pastedUrl(input: string, value: string): PastedUrl {
  const text = value.replace(BLANKS, '');
  refuseTemplates(input, text);
  refuseSeveralLines(input, text);
  const { url, removed } = withoutWrapping(input, text);
  if (text !== value) removed.unshift('white space');
  const driver = DRIVER.test(url) && !OURS.test(url) ? (SCHEME.exec(url)?.[1] ?? '') : undefined;
  const found = driver === undefined ? url : url.replace(DRIVER, 'postgresql://');
  if (!OURS.test(found)) throw otherForm(input, found);
  const notices = [
    ...(removed.length === 0
      ? []
      : [`${input}: around the connection string, this was ignored: ${removed.join(', ')}. ${ONLY}`]),
    ...(driver === undefined
      ? []
      : [`${input}: the scheme "${driver}" is that of another driver, and was read as "postgresql".`]),
  ];
  return { url: found, notices: notices.map((said) => ({ level: 'notice', text: said })) };
}

/** @param unclear for a quotation mark that is not closed at the end. */
function withoutWrapping(
  input: string,
  text: string,
  unclear = quotationMark(input),
): { readonly url: string; readonly removed: string[] } {
  const [opening = ''] = text;
  const closing = QUOTES[opening];
  // Quotation marks around all of it, the name of a variable included.
  if (closing !== undefined) {
    const inside = text.slice(1).replace(/(?:[;,]|\s+#[^"'`”’>]*)$/, '');
    if (!inside.endsWith(closing) || inside.slice(0, -1).includes(closing)) throw unclear;
    const { url, removed } = withoutWrapping(input, inside.slice(0, -1));
    return { url, removed: ['quotation marks', ...removed] };
  }
  const { 0: before = '', groups = {} } = BEFORE.exec(text) ?? {};
  if (before === '') return { url: text, removed: [] };
  const rest = text.slice(before.length);
  const removed = [
    ...(groups['variable'] === undefined ? [] : ['the name of the variable']),
    ...(groups['command'] === undefined ? [] : ['the command']),
  ];
  if (rest[0] !== undefined && rest[0] in QUOTES) {
    const inner = withoutWrapping(input, rest, groups['command'] === undefined ? unclear : command(input));
    return { url: inner.url, removed: [...removed, ...inner.removed] };
  }
  // A command may go on after the connection string.
  if (/\s/.test(rest)) throw command(input);
  return { url: rest.replace(/;$/, ''), removed };
}

function refuseTemplates(input: string, text: string): void {
  if (text.includes('${{')) {
    throw new UserError(
      'invalid-input',
      `${input}: the value contains a reference (\${{ … }}) that nothing has replaced: GitHub does so only in the workflow file, and a provider only in its own settings.`,
      `Store the connection string itself in the secret, and write "${input}: \${{ secrets.DATABASE_URL }}" in the workflow.`,
    );
  }
  if (/^(?:\$\{?\w+\}?|%\w+%|(?:secrets|env|vars)\.\w+)$/.test(text)) {
    throw new UserError(
      'invalid-input',
      `${input}: the value is the name of a variable or a secret, not what it contains.`,
      `Store the connection string itself in the secret, and write "${input}: \${{ secrets.DATABASE_URL }}" in the workflow.`,
    );
  }
  if (/^\*+$/.test(text)) {
    throw new UserError(
      'invalid-input',
      `${input}: the value consists of asterisks, as logs and settings show a secret.`,
      'Copy the connection string from your provider, after showing its password.',
    );
  }
}

function refuseSeveralLines(input: string, text: string): void {
  const urls = text.match(/(?:postgres(?:ql)?|prisma):\/\//g)?.length ?? 0;
  if (urls > 1) {
    throw new UserError(
      'invalid-input',
      `${input}: the value contains ${urls} connection strings.`,
      'Store only one: the direct connection string, not that of a pooler.',
    );
  }
  if (!/[\r\n]/.test(text)) return;
  throw new UserError(
    'invalid-input',
    `${input}: the value has ${text.split(/\r\n|\r|\n/).length} lines, and a connection string has one.`,
    `${ONLY} Remove the line breaks in it; one in the password is usually from copying.`,
  );
}

function otherForm(input: string, text: string): UserError {
  const refusal = (message: string, hint: string): UserError =>
    new UserError('invalid-input', `${input}: ${message}`, hint);
  if (COMMAND.test(text)) return command(input);
  if (/(?:^|[\s;])(?:host|hostaddr|server|dbname|database|user(?:name| id)?|password)\s*=/i.test(text))
    return refusal('the value is a list of settings (host=… user=…), not a URL.', WRITE);
  const scheme = SCHEME.exec(text)?.[1];
  if (scheme === undefined) return refusal('the value is not a postgres:// URL.', WRITE);
  if (/^https?$/i.test(scheme)) {
    return refusal(
      'the value is the address of a web page or an API, not of a database server.',
      'Copy the connection string of the database: it starts with postgres:// or postgresql://.',
    );
  }
  return refusal(`the scheme "${scheme}" is not a PostgreSQL scheme.`, WRITE);
}

function command(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the value is a command with options, not a connection string.`,
    `If it contains a URL, store only that, from postgres:// to the end of the URL, without quotation marks. Otherwise: ${WRITE}`,
  );
}

function quotationMark(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the value starts with a quotation mark.`,
    'Store the secret without quotes around it.',
  );
}
