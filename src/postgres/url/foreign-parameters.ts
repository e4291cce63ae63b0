import { UserError } from '../../errors.ts';
import type { ConnectionParameters } from './parameters.ts';
import type { Notice } from './notice.ts';

/** A URL parameter of another driver that libpq does not have. */
export interface ForeignParameter {
  readonly name: string;
  readonly value: string;
}

/** Foreign parameters, translated for libpq. */
export interface ForeignMeaning {
  readonly parameters: ConnectionParameters;
  readonly notices: readonly Notice[];
  /** Whether one of them marks the server as a transaction pooler. */
  readonly saysPooler: boolean;
}

type Rule = (input: string, parameter: ForeignParameter) => Partial<ForeignMeaning>;

const dropped: Rule = (_, { name }) => ({
  notices: [{ level: 'debug', text: `The URL parameter ${name} belongs to another driver and was ignored` }],
});

const partOfTheDatabase: Rule = (input, { name, value }) => ({
  notices: [
    {
      level: 'info',
      text: `${input}: ${name}=${value} was ignored, because the whole database is backed up. To select schemas, set the schemas input`,
    },
  ],
});

const sslAccept: Rule = (_, { value }) =>
  value === 'strict' ? { parameters: { sslmode: 'verify-full' } } : {};

const ssl: Rule = (input, { value }) => {
  if (['1', 'no-verify', 'true'].includes(value)) return { parameters: { sslmode: 'require' } };
  // asyncpg: the words of libpq.
  if (/^(?:allow|prefer|require|verify-ca|verify-full)$/.test(value))
    return { parameters: { sslmode: value } };
  if (['0', 'false'].includes(value)) return {};
  throw new UserError(
    'invalid-input',
    `${input}: the value of the URL parameter "ssl" is not supported.`,
    'Write sslmode=require, or sslmode=verify-full, instead of ssl=….',
  );
};

const pkcs12: Rule = (input) => {
  throw new UserError(
    'invalid-input',
    `${input}: sslidentity names a PKCS#12 file, which PostgreSQL's own tools cannot read.`,
    'Convert it to PEM with openssl, and set the ssl-cert and ssl-key inputs.',
  );
};

/** By name. Sources: the documentation of Prisma's connection URLs, of node-postgres, asyncpg and pgJDBC, of
 * tokio-postgres' TLS; what Vercel adds to Supabase's URLs. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['connection_limit', dropped],
  ['pool_timeout', dropped],
  ['socket_timeout', dropped],
  ['statement_cache_size', dropped],
  ['single_use_connections', dropped],
  ['max_idle_connection_lifetime', dropped],
  ['max_connection_lifetime', dropped],
  ['pool', dropped],
  ['uselibpqcompat', dropped],
  ['supa', dropped],
  ['workaround', dropped],
  ['schema', partOfTheDatabase],
  ['currentSchema', partOfTheDatabase],
  ['pgbouncer', (_, { value }) => ({ saysPooler: value === 'true' })],
  ['sslaccept', sslAccept],
  ['sslidentity', pkcs12],
  ['ssl', ssl],
]);

export function isForeignParameter(name: string): boolean {
  return RULES.has(name);
}

/**
 * Translates the parameters that Prisma, node-postgres and others add into libpq's, or ignores them with a notice.
 *
 * @throws UserError for what cannot be translated.
 */
export function translateForeign(input: string, foreign: readonly ForeignParameter[]): ForeignMeaning {
  const meanings = foreign.map((parameter) => RULES.get(parameter.name)?.(input, parameter) ?? {});
  return {
    parameters: meanings.reduce<ConnectionParameters>(
      (all, { parameters }) => ({ ...all, ...parameters }),
      {},
    ),
    notices: meanings.flatMap(({ notices = [] }) => notices),
    saysPooler: meanings.some(({ saysPooler = false }) => saysPooler),
  };
}

/** Translates values that have another meaning in the URLs of other drivers. */
export function inLibpqTerms(parameters: ConnectionParameters): ConnectionParameters {
  const { sslcert, ...others } = parameters;
  return {
    ...others,
    // node-postgres: encrypted, without verifying the server.
    ...(parameters.sslmode === 'no-verify' ? { sslmode: 'require' } : {}),
    // In Prisma, sslcert is the server's CA certificate; libpq's client certificate needs a key.
    ...(sslcert === undefined
      ? {}
      : parameters.sslkey === undefined
        ? { sslrootcert: sslcert }
        : { sslcert }),
  };
}
