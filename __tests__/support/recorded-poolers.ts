import { type RecordedFailure, answer, query } from './recorded-failures.ts';

const PGBOUNCER = 'pgbouncer: disconnect_client() in src/client.c, src/janitor.c and src/objects.c';
const SUPAVISOR = 'supavisor: Supavisor.ClientHandler.Error';
const NEON = "Neon's documentation, Connection errors";
const PRISMA = 'errors that users of Prisma Postgres report';
const BACKEND = 'PostgreSQL 17: its sources';

/** What poolers and hosted services say. */
export const POOLER_RECORDS: readonly RecordedFailure[] = [
  {
    name: 'a pooler that refuses a parameter',
    source: PGBOUNCER,
    answer: answer('unsupported startup parameter: extra_float_digits'),
    cause: /pooler that does not support the parameter extra_float_digits/,
  },
  {
    name: 'a pooler that refuses an option',
    source: PGBOUNCER,
    answer: answer('unsupported startup parameter in options: search_path'),
    cause: /pooler that does not support the parameter search_path/,
  },
  {
    name: 'a pooler without that database',
    source: PGBOUNCER,
    answer: answer('no such database: shop'),
    cause: /pooler has no database "shop"/,
  },
  {
    name: 'a pooler without that user',
    source: PGBOUNCER,
    answer: answer('no such user: app'),
    cause: /pooler has no user "app"/,
  },
  {
    name: 'a pooler whose connections are all in use',
    source: PGBOUNCER,
    answer: query('query_wait_timeout'),
    cause: /waiting for a free connection of the pooler/,
    transient: true,
  },
  {
    name: 'a pooler that ends a long query',
    source: PGBOUNCER,
    answer: query('query_timeout'),
    cause: /pooler's query_timeout ended the session/,
  },
  {
    name: 'a pooler that ends a long transaction',
    source: PGBOUNCER,
    answer: query('idle_transaction_timeout'),
    cause: /pooler's idle_transaction_timeout ended the session/,
  },
  {
    name: 'a pooler with too many clients',
    source: PGBOUNCER,
    answer: answer('no more connections allowed (max_client_conn)'),
    cause: /pooler has no free connection/,
    transient: true,
  },
  {
    name: 'a pooler that cannot reach the server',
    source: PGBOUNCER,
    answer: answer('server login has been failing, cached error: connect timeout (server_login_retry)'),
    cause: /pooler cannot reach the database behind it: connect timeout/,
    transient: true,
  },
  {
    name: 'a pooler whose own password is wrong',
    source: PGBOUNCER,
    answer: answer(
      'server login has been failing, cached error: FATAL: password authentication failed for user "app" (server_login_retry)',
    ),
    cause: /pooler cannot log in to the database behind it: .*"app"/,
  },
  {
    name: 'a prepared statement of somebody else',
    source: BACKEND,
    answer: query('prepared statement "S_1" already exists', { severity: 'ERROR' }),
    cause: /transaction pooler/,
  },
  {
    name: 'a project that Supabase does not know',
    source: SUPAVISOR,
    answer: answer('Tenant or user not found'),
    cause: /Supabase's pooler does not have this project/,
  },
  {
    name: 'a project that Supabase does not know, in newer words',
    source: SUPAVISOR,
    answer: answer('(ENOTFOUND) tenant/user postgres.abcdefgh not found'),
    cause: /Supabase's pooler does not have this project/,
  },
  {
    name: 'a session pooler with too many clients',
    source: SUPAVISOR,
    answer: answer(
      'MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size',
    ),
    cause: /pooler has no free connection/,
    transient: true,
  },
  {
    name: 'an address that Supabase does not let in',
    source: SUPAVISOR,
    answer: answer('Address not in tenant allow_list: {192, 0, 2, 7}'),
    cause: /does not allow connections from the runner's address/,
  },
  {
    name: 'a pooler that demands TLS',
    source: SUPAVISOR,
    answer: answer('SSL connection is required'),
    cause: /encrypted connections only/,
  },
  {
    name: 'an endpoint of Neon that is disabled',
    source: NEON,
    answer: answer('The endpoint has been disabled. Enable it using Neon API and retry.', {
      severity: 'ERROR',
    }),
    cause: /Neon endpoint is disabled/,
  },
  {
    name: 'an endpoint of Neon that is not named',
    source: NEON,
    answer: answer(
      'Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support or pass the endpoint ID (first part of the domain name) as a parameter',
      { severity: 'ERROR' },
    ),
    cause: /Neon cannot identify the endpoint/,
  },
  {
    name: 'an endpoint of Neon that is gone',
    source: NEON,
    answer: answer("The requested endpoint could not be found, or you don't have access to it.", {
      severity: 'ERROR',
    }),
    cause: /This Neon endpoint does not exist/,
  },
  {
    name: 'a wrong password, in the words of Neon',
    source: NEON,
    answer: answer("password authentication failed for user 'app'", { severity: 'ERROR' }),
    cause: /refused the password of the user "app"/,
  },
  {
    name: 'an endpoint of Neon that does not start',
    source: NEON,
    answer: answer("Couldn't connect to compute node", { severity: 'ERROR' }),
    cause: /cannot reach the database behind it/,
    transient: true,
  },
  {
    name: 'a plan that is used up at Prisma Postgres',
    source: PRISMA,
    answer: answer(
      'Failed to identify your database: Your account has restrictions: planLimitReached. Please contact Prisma support to resolve account restrictions.',
    ),
    cause: /Prisma Postgres refuses connections to this database: .*planLimitReached\.$/,
  },
  {
    name: 'an IAM token that Amazon RDS does not take',
    source: "Amazon RDS's documentation, IAM database authentication",
    answer: answer('PAM authentication failed for user "app"'),
    cause: /refused the user "app" \(PAM\)/,
  },
];
