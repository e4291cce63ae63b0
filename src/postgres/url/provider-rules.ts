import { UserError } from '../../errors.ts';
import type { ConnectionParameters } from './parameters.ts';
import type { Notice } from './notice.ts';

/** One of the servers in a connection string. */
export interface Endpoint {
  readonly host: string;
  /** Empty: libpq's default, 5432. */
  readonly port: string;
}

/** A hint for a failed connection, chosen by the output of psql. */
export interface FailureHint {
  readonly when: RegExp;
  readonly text: string;
}

/** The effect of a rule on a server. */
interface Effect {
  /** The direct or session form of the address. */
  readonly endpoint?: Endpoint;
  readonly parameters?: ConnectionParameters;
  readonly notice?: string;
  /** Why the server is a transaction pooler. */
  readonly pooler?: string;
  readonly refusal?: { readonly message: string; readonly hint: string };
  readonly failureHint?: FailureHint;
}

/** Where the connection string is used, and the rest of it. */
interface ConnectionContext {
  readonly parameters: ConnectionParameters;
  /** GitHub-hosted runners are in no private network; others may be. */
  readonly hostedRunner: boolean;
}

interface Rule {
  readonly applies: (endpoint: Endpoint) => boolean;
  readonly effect: (endpoint: Endpoint, circumstances: ConnectionContext) => Effect;
}

const ANY_FAILURE = /./;
const INTERNAL_OF_RENDER = {
  message: 'the host is that of an internal database URL of Render, which only services at Render can reach.',
  hint: 'Use the external database URL, which is shown beside it.',
};
const PRIVATE = /\.(?:railway\.internal|flycast|internal|flympg\.net)$/;

/**
 * The providers, one rule each; a rule gets the endpoint as changed by the rules above it. Sources: the
 * providers' own documentation, November 2026.
 */
const RULES: readonly Rule[] = [
  {
    applies: ({ host }) => host === 'pooled.db.prisma.io',
    effect: (endpoint) => ({
      endpoint: { ...endpoint, host: 'db.prisma.io' },
      notice:
        'the pooled host of Prisma Postgres cannot be dumped; the direct host db.prisma.io is used instead, with the same credentials',
      failureHint: { when: ANY_FAILURE, text: 'Use the direct connection string from the Prisma Console.' },
    }),
  },
  {
    applies: ({ host }) => host === 'db.prisma.io',
    effect: (_, { parameters }) => ({
      parameters: {
        sslmode: /^verify-/.test(parameters.sslmode ?? '') ? (parameters.sslmode ?? '') : 'require',
        dbname: parameters.dbname ?? 'postgres',
        gssencmode: 'disable',
      },
      failureHint: {
        when: ANY_FAILURE,
        text: 'Prisma Postgres also refuses connections when the workspace is blocked: check the plan, spend limit and invoices in the Prisma Console.',
      },
    }),
  },
  {
    applies: ({ host }) => /^ep-[^.]*-pooler\..*\bneon\.(?:tech|build)$/.test(host),
    effect: (endpoint) => ({
      endpoint: { ...endpoint, host: endpoint.host.replace('-pooler.', '.') },
      notice: "Neon's pooled host cannot be dumped; the direct host (without -pooler) is used instead",
      failureHint: { when: ANY_FAILURE, text: "Use Neon's unpooled connection string." },
    }),
  },
  {
    applies: ({ host, port }) =>
      port === '6543' &&
      (/\.pooler\.supabase\.com$/.test(host) || /^db\.[a-z0-9]+\.supabase\.co$/.test(host)),
    effect: (endpoint) => ({
      endpoint: { ...endpoint, port: '5432' },
      notice: "port 6543 is Supabase's transaction pooler; port 5432 is used instead",
      failureHint: { when: ANY_FAILURE, text: "Use the connection string of Supabase's session pooler." },
    }),
  },
  {
    applies: ({ host }) => /^db\.[a-z0-9]+\.supabase\.co$/.test(host),
    effect: () => ({
      failureHint: {
        when: /Network is unreachable|Cannot assign requested address|No address associated/,
        text: 'This Supabase host has only an IPv6 address, and GitHub-hosted runners have no IPv6: use the connection string of the session pooler.',
      },
    }),
  },
  {
    applies: ({ host, port }) => port === '6432' || /(?:^|\.)pgbouncer(?:\.|$)/.test(host),
    effect: ({ port }) => ({
      pooler: port === '6432' ? "port 6432 is PgBouncer's default" : 'the host is called pgbouncer',
    }),
  },
  {
    // Docker's name for the machine that a container runs on can be reached from hosted runners, too.
    applies: ({ host }) => PRIVATE.test(host) && host !== 'host.docker.internal',
    effect: ({ host }, { hostedRunner }) => {
      const kind = PRIVATE.exec(host)?.[0] ?? '';
      return hostedRunner
        ? {
            refusal: {
              message: `the host ends with "${kind}", a name in a private network that GitHub-hosted runners cannot reach.`,
              hint: "Use the database's public URL or TCP proxy, or a self-hosted runner in that network.",
            },
          }
        : {};
    },
  },
  {
    // https://render.com/tutorials/postgres-on-render/introduction
    applies: ({ host }) => /^dpg-[a-z0-9]+-[a-z]$/.test(host),
    effect: (_, { hostedRunner }) => (hostedRunner ? { refusal: INTERNAL_OF_RENDER } : {}),
  },
  {
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Troubleshooting.html#CHAP_Troubleshooting.Connecting
    applies: ({ host }) => /\.rds\.amazonaws\.com(?:\.cn)?$/.test(host),
    effect: () => ({
      failureHint: {
        when: /timeout expired|timed out|could not translate/,
        text: 'An RDS instance can be reached from outside its VPC only if it is publicly accessible and an inbound rule of its security group allows the runner.',
      },
    }),
  },
  {
    // https://docs.cloud.google.com/sql/docs/postgres/sql-proxy
    applies: ({ host }) => /^\/cloudsql\//.test(host),
    effect: () => ({
      failureHint: {
        when: ANY_FAILURE,
        text: 'The socket below /cloudsql/ exists in services of Google Cloud only: start the Cloud SQL Auth Proxy in a step before this one, and use 127.0.0.1 as the host.',
      },
    }),
  },
  {
    applies: ({ host }) => /\.cockroachlabs\.cloud$/.test(host),
    effect: () => ({
      refusal: {
        message: 'the server is CockroachDB, which pg_dump cannot dump.',
        hint: 'Use its own BACKUP statement.',
      },
    }),
  },
];

/** A connection after the rules. */
export interface ResolvedConnection {
  readonly parameters: ConnectionParameters;
  readonly notices: readonly Notice[];
  /** Why the server is known to be a transaction pooler; undefined when it is not known to be one. */
  readonly pooler: string | undefined;
  readonly failureHints: readonly FailureHint[];
}

/**
 * Applies the provider rules to every server in the parameters.
 *
 * @param saysPooler whether the connection string itself marks its server as a transaction pooler.
 * @throws UserError for a server that cannot be backed up from this runner.
 */
export function applyProviderRules(
  input: string,
  connection: ConnectionContext,
  saysPooler: boolean,
): ResolvedConnection {
  const effects: Effect[] = [];
  let parameters = connection.parameters;
  const endpoints = endpointsOf(parameters).map((given) => {
    let endpoint = given;
    for (const rule of RULES) {
      if (!rule.applies({ ...endpoint, host: endpoint.host.toLowerCase() })) continue;
      const effect = rule.effect(endpoint, { ...connection, parameters });
      if (effect.refusal)
        throw new UserError('invalid-input', `${input}: ${effect.refusal.message}`, effect.refusal.hint);
      endpoint = effect.endpoint ?? endpoint;
      parameters = { ...parameters, ...effect.parameters };
      effects.push(effect);
    }
    return endpoint;
  });
  const moved = effects.some((effect) => effect.endpoint !== undefined);
  return {
    parameters: moved ? { ...parameters, ...asParameters(endpoints) } : parameters,
    notices: effects.flatMap(({ notice }) =>
      notice === undefined ? [] : [{ level: 'notice', text: `${input}: ${notice}.` }],
    ),
    // A pooled address that was replaced by its direct form is no longer a pooler.
    pooler:
      effects.find(({ pooler }) => pooler !== undefined)?.pooler ??
      (saysPooler && !moved ? 'the URL contains pgbouncer=true' : undefined),
    failureHints: effects.flatMap(({ failureHint }) => (failureHint ? [failureHint] : [])),
  };
}

function endpointsOf({ host = '', port = '' }: ConnectionParameters): Endpoint[] {
  const ports = port.split(',');
  return host
    .split(',')
    .map((name, index) => ({ host: name, port: ports[ports.length === 1 ? 0 : index] ?? '' }));
}

function asParameters(endpoints: readonly Endpoint[]): ConnectionParameters {
  const ports = endpoints.map(({ port }) => port);
  return {
    host: endpoints.map(({ host }) => host).join(','),
    ...(ports.every((port) => port === '') ? {} : { port: ports.join(',') }),
  };
}
