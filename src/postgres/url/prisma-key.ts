import { UserError } from '../../errors.ts';
import { type JsonObject, isJsonObject } from '../../github/json.ts';

/** The target of a `prisma+postgres://` URL. */
export type PrismaTarget =
  /** The key contains credentials for the database's own address, as a `postgres://` URL. */
  | { readonly kind: 'direct'; readonly url: string }
  /** The database can only be reached through Prisma's tunnel. */
  | { readonly kind: 'tunnel'; readonly apiKey: string }
  /** The server of `prisma dev` on this machine; the key contains the URL. */
  | { readonly kind: 'local'; readonly url: string };

const SCHEME = /^prisma\+postgres(?:ql)?:$/;
const LOCAL_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const COPY_AGAIN =
  'Copy the connection string again from the Prisma Console, preferably the direct one: postgres://…@db.prisma.io:5432/postgres?sslmode=require.';

/**
 * Reads a `prisma+postgres://HOST/?api_key=…` URL. No error shows any part of it.
 *
 * @param url without white space around it.
 * @throws UserError when it is not such a URL, or its key is damaged.
 */
export function readPrismaUrl(input: string, url: string): PrismaTarget {
  // The error of `new URL` would contain the URL, which must not become a cause.
  const parsed = URL.parse(url);
  if (!parsed || !SCHEME.test(parsed.protocol)) {
    throw new UserError('invalid-input', `${input}: the value is not a prisma+postgres:// URL.`, COPY_AGAIN);
  }
  const apiKey = keyOf(input, parsed.searchParams);
  if (LOCAL_HOSTS.has(parsed.hostname.toLowerCase())) {
    return { kind: 'local', url: localDatabaseUrl(input, apiKey) };
  }
  const direct = directUrl(input, apiKey);
  return direct === undefined ? { kind: 'tunnel', apiKey } : { kind: 'direct', url: direct };
}

/**
 * The `postgres://` URL with the credentials in an API key of Prisma Postgres: newer keys are a JWT whose payload
 * has `tenant_id` and `secure_key`. Prisma does not document this, so a notice says that it was used.
 *
 * @returns undefined for a key without them, which only the tunnel can check.
 * @throws UserError for a JWT that is damaged.
 */
export function directUrl(input: string, apiKey: string): string | undefined {
  const parts = apiKey.split('.');
  if (parts.length !== 3) return undefined;
  const payload = jsonObject(parts[1] ?? '');
  if (!payload) throw damagedKey(input);
  const { tenant_id: user, secure_key: password } = payload;
  if (!isCredential(user) || !isCredential(password)) return undefined;
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${credentials}@db.prisma.io:5432/postgres?sslmode=require`;
}

/**
 * The `postgres://` URL in the key of a local `prisma dev` server: base64url of JSON with `databaseUrl`.
 *
 * @throws UserError when the key contains none.
 */
export function localDatabaseUrl(input: string, apiKey: string): string {
  const url = jsonObject(apiKey.replace(/={1,2}$/, ''))?.['databaseUrl'];
  if (typeof url === 'string' && /^postgres(?:ql)?:\/\/\S+$/.test(url)) return url;
  throw new UserError(
    'invalid-input',
    `${input}: the api_key of this local prisma+postgres:// URL contains no database address.`,
    'Use the postgres:// URL of a real server: "prisma dev" cannot be dumped.',
  );
}

function keyOf(input: string, parameters: URLSearchParams): string {
  const [apiKey = '', ...more] = parameters.getAll('api_key');
  if (apiKey === '' || more.length > 0) {
    throw new UserError(
      'invalid-input',
      `${input}: the prisma+postgres:// URL has ${more.length > 0 ? 'more than one' : 'no'} api_key.`,
      COPY_AGAIN,
    );
  }
  // It becomes an HTTP header: no white space, ASCII only.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw damagedKey(input);
  return apiKey;
}

/** The JSON object in a base64url text; undefined when there is none. Never throws, because V8's messages quote the text. */
function jsonObject(text: string): JsonObject | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Node.js ignores invalid characters, so only a text that encodes to the same again is valid.
  if (text === '' || bytes.toString('base64url') !== text) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Text that can stand in a URL and in an environment variable. */
function isCredential(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.isWellFormed() && !/\p{Cc}/u.test(value);
}

function damagedKey(input: string): UserError {
  return new UserError(
    'invalid-input',
    `${input}: the api_key of the prisma+postgres:// URL is damaged; most likely it was truncated or changed when it was copied.`,
    COPY_AGAIN,
  );
}
