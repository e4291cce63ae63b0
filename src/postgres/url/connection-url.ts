import { UserError } from '../../errors.ts';
import { type ForeignParameter, isForeignParameter } from './foreign-parameters.ts';
import { type ConnectionParameters, type ParameterName, isParameterName } from './parameters.ts';

/** The content of a URL: libpq's own parameters, the name of a connection service, and parameters of other drivers. */
export interface ParsedUrl {
  readonly parameters: ConnectionParameters;
  readonly service: string | undefined;
  readonly foreign: readonly ForeignParameter[];
}

const SCHEME = /^postgres(?:ql)?:\/\//;

/**
 * Parses a PostgreSQL URL exactly as libpq does (`conninfo_uri_parse_options` in fe-connect.c), so that the parameters
 * have the same meaning as the URL.
 *
 * It differs only where libpq would use a part of the password as a host, port or database name, and print it:
 * those are refused. No error shows any part of the URL but a scheme, a parameter's name or a numeric port.
 *
 * @param url the connection string, with nothing around it.
 * @throws UserError when it is not a URL that libpq would accept.
 */
export function parseConnectionUrl(input: string, url: string): ParsedUrl {
  const { credentials, rest } = splitCredentials(url.replace(SCHEME, ''));
  const { hosts, ports, end } = readHosts(input, rest);
  const { path, query } = splitPath(rest.slice(end));
  // A raw "@" here means that an unescaped character in the password has split the URL in the wrong place.
  if (path.includes('@') || hosts.some((host) => host.includes('@'))) throw notEncoded(input);

  const parameters: Partial<Record<ParameterName, string>> = {};
  const set = (name: ParameterName, value: string): void => {
    if (value !== '') parameters[name] = decode(input, value);
  };
  set('user', credentials.user);
  set('password', credentials.password);
  set('host', hosts.length === 1 ? (hosts[0] ?? '') : hosts.join(','));
  // Several hosts without a port still count as so many ports, which matters where a parameter names other hosts.
  set('port', ports.join(','));
  set('dbname', path);
  const foreign: ForeignParameter[] = [];
  let service: string | undefined;
  for (const { name, value } of readQuery(input, query, credentials.password !== '')) {
    if (name === 'service') service = value;
    // The one spelling of JDBC that libpq understands.
    else if (name === 'ssl' && value === 'true') parameters.sslmode = 'require';
    else if (isParameterName(name)) parameters[name] = value;
    else foreign.push({ name, value });
  }
  checkPorts(input, parameters);
  return { parameters, service, foreign };
}

/** For libpq, the first "@" before any "/" ends the credentials, and the first ":" in them separates user and password. */
function splitCredentials(text: string): { credentials: { user: string; password: string }; rest: string } {
  const authority = /^[^/@]*@/.exec(text)?.[0];
  if (authority === undefined) return { credentials: { user: '', password: '' }, rest: text };
  const [user = '', ...password] = authority.slice(0, -1).split(':');
  return { credentials: { user, password: password.join(':') }, rest: text.slice(authority.length) };
}

function readHosts(input: string, text: string): { hosts: string[]; ports: string[]; end: number } {
  const hosts: string[] = [];
  const ports: string[] = [];
  const part = /(?:\[([^\]]*)\]|([^:/?,]*))(?::([^/?,]*))?/y;
  for (;;) {
    const match = part.exec(text);
    const next = text[part.lastIndex];
    if (
      !match ||
      match[1] === '' ||
      (text[match.index] === '[' && match[1] === undefined) ||
      (next !== undefined && !'/?,'.includes(next))
    ) {
      throw new UserError(
        'invalid-input',
        `${input}: the host cannot be parsed.`,
        'Write an IPv6 address in brackets, as in postgres://USER:PASSWORD@[::1]:5432/DATABASE, and percent-encode special characters in the password.',
      );
    }
    hosts.push(match[1] ?? match[2] ?? '');
    ports.push(match[3] ?? '');
    if (next !== ',') return { hosts, ports, end: part.lastIndex };
    part.lastIndex += 1;
  }
}

function splitPath(text: string): { path: string; query: string } {
  const mark = text.indexOf('?');
  const path = mark < 0 ? text : text.slice(0, mark);
  return { path: path.slice(1), query: mark < 0 ? '' : text.slice(mark + 1) };
}

/** libpq accepts one port for all hosts, or one for each. */
function checkPorts(input: string, { host = '', hostaddr, port }: ConnectionParameters): void {
  if (port === undefined) return;
  const ports = port.split(',');
  for (const text of ports) {
    if (text === '' || (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535)) continue;
    // This may be a part of a password, so only a number is shown.
    if (!/^\d{1,9}$/.test(text)) throw notEncoded(input);
    throw new UserError(
      'invalid-input',
      `${input}: ${text} is not a port number.`,
      'Write a port from 1 to 65535; PostgreSQL usually listens on 5432.',
    );
  }
  if (ports.length > 1 && ports.length !== (hostaddr ?? host).split(',').length) {
    throw new UserError(
      'invalid-input',
      `${input}: the number of ports differs from the number of hosts.`,
      'Write one port for each host, or one for all.',
    );
  }
}

/** Parameters whose values may contain an "@". The others have words, numbers and hosts. */
const FREE_TEXT: ReadonlySet<string> = new Set([
  'application_name',
  'dbname',
  'fallback_application_name',
  'options',
  'password',
  'sslpassword',
  'user',
]);

/** @param hasPassword whether a password was found before: then a raw "@" in a value that cannot contain one is part of the password. */
function readQuery(input: string, query: string, hasPassword: boolean): ForeignParameter[] {
  if (query === '') return [];
  // After a raw "@" in the password, a part of the password looks like a parameter.
  const mayBePassword = query.includes('@');
  const pairs = query.split('&');
  // libpq allows an "&" after the last pair, and no other pair without a name.
  if (pairs.length > 1 && pairs.at(-1) === '') pairs.pop();
  return pairs.map((pair) => {
    const [rawName = '', value, ...more] = pair.split('=');
    if (value === undefined || more.length > 0) {
      throw new UserError(
        'invalid-input',
        `${input}: the text after the "?" is not a list of name=value pairs.`,
        'Write it as in ?sslmode=require&connect_timeout=10, and percent-encode "=", "&" and "?" within values and in the password.',
      );
    }
    if (rawName.startsWith('amp;')) {
      throw new UserError(
        'invalid-input',
        `${input}: the connection string was copied with "&amp;" in place of "&".`,
        'Write "&" between the parameters.',
      );
    }
    const name = decode(input, rawName);
    if (name !== 'service' && !isParameterName(name) && !isForeignParameter(name)) {
      throw unknownParameter(input, mayBePassword ? undefined : name);
    }
    if (hasPassword && value.includes('@') && !FREE_TEXT.has(name)) throw notEncoded(input);
    return { name, value: decode(input, value) };
  });
}

function unknownParameter(input: string, name: string | undefined): UserError {
  const shown = name !== undefined && /^[A-Za-z_]{1,40}$/.test(name) ? `"${name}"` : 'in it';
  return new UserError(
    'invalid-input',
    `${input}: the URL parameter ${shown} does not exist in PostgreSQL.`,
    'Remove it from the connection string; if it is part of the password, percent-encode the password.',
  );
}

/** Decodes as libpq does: every "%" must be followed by two hexadecimal digits, and %00 is invalid. */
function decode(input: string, text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text) || text.includes('%00')) throw notEncoded(input);
  const bytes = Buffer.from(
    text.replace(
      /%([0-9A-Fa-f]{2})|[^%]+/g,
      (whole, hex?: string) => hex ?? Buffer.from(whole).toString('hex'),
    ),
    'hex',
  );
  return bytes.toString('utf8');
}

function notEncoded(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the URL cannot be parsed unambiguously, most likely because of a special character in the user name or password.`,
    'Percent-encode the password: @ is %40, / is %2F, : is %3A, # is %23, ? is %3F, % is %25.',
  );
}
