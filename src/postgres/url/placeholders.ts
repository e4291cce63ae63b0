import { UserError } from '../../errors.ts';
import type { ConnectionParameters } from './parameters.ts';

/** Words of which the placeholders in the connection strings of providers consist. */
const WORD =
  '(?:your|my|the|db|database|postgres(?:ql)?|master|admin|user|role|password|passwd|pass|pwd|secret|host|server|address|ip|port|name|project|ref|' +
  'id|region|endpoint|instance|cluster|here|insert|enter|replace|with|actual|real|new|own|hidden|redacted)';
const WORDS = `${WORD}(?:[ _-]?${WORD})*`;
const BRACKETED = new RegExp(`\\[${WORDS}\\]|<${WORDS}>|\\$?\\{\\{? ?${WORDS} ?\\}?\\}`, 'i');
/** Without brackets only what nobody has as a password, a host or a database. */
const BARE = new RegExp(`^(?:your(?:[ _-]?${WORD})+)$`, 'i');
const BARE_HOST = /^HOST(?:NAME)?$/;
const HIDDEN = /^[*•●·]{3,}$/u;
const VARIABLE = /^\$\{\w+\}$/;

const PLACEHOLDER = 'still a placeholder';
const PARTS = ['user', 'password', 'host', 'port', 'dbname'] as const;
const NAMES = {
  user: 'user name',
  password: 'password',
  host: 'host',
  port: 'port',
  dbname: 'name of the database',
};

/**
 * Refuses a URL that still contains a placeholder of the provider in brackets, such as `[YOUR-PASSWORD]`. Which one is not shown: it may
 * be a simple password that was put into the brackets.
 *
 * @throws UserError
 */
export function refuseBracketed(input: string, url: string): void {
  const decoded = url.replace(/%(5B|5D|3C|3E|7B|7D)/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (!BRACKETED.test(decoded)) return;
  throw new UserError(
    'invalid-input',
    `${input}: the connection string still contains a placeholder in brackets, such as YOUR-PASSWORD.`,
    'Replace it, with its brackets, and percent-encode special characters in the password (@ is %40). A forgotten password can be reset at the provider.',
  );
}

/**
 * Refuses a part of a connection string that is a placeholder, hidden, or a variable that nothing replaces. No part is shown.
 *
 * @throws UserError
 */
export function refusePlaceholders(input: string, parameters: ConnectionParameters): void {
  for (const part of PARTS) {
    const value = parameters[part] ?? '';
    const what = part === 'host' && BARE_HOST.test(value) ? PLACEHOLDER : kindOf(value);
    if (what === undefined) continue;
    throw new UserError(
      'invalid-input',
      `${input}: the ${NAMES[part]} in the connection string is ${what}.`,
      HIDDEN.test(value)
        ? 'Show the password at your provider, and copy the connection string again.'
        : `Store the connection string with the real ${NAMES[part]}.`,
    );
  }
}

function kindOf(value: string): string | undefined {
  if (BARE.test(value)) return PLACEHOLDER;
  if (HIDDEN.test(value)) return 'hidden by asterisks or dots';
  return VARIABLE.test(value) ? 'a variable (${…}), which nothing replaces in a secret' : undefined;
}

/** Whether a password has brackets around it, as if only the text in a placeholder had been replaced. */
export function isInBrackets(password: string): boolean {
  return /^(?:\[.*\]|<.*>|\{.*\})$/s.test(password);
}
