import type { Rule } from './rule.ts';

const DIRECT_HINT = 'Use the direct connection string of the database instead of the pooled one.';

/**
 * Errors of poolers and hosted services in front of the server. Sources: `disconnect_client` in pgbouncer; the module
 * ClientHandler.Error of supavisor; the pages on connection errors of Neon and AWS.
 */
export const POOLER_RULES: readonly Rule[] = [
  {
    pattern: /^unsupported startup parameter(?: in options)?: (.*)/,
    cause: 'The connection string leads to a connection pooler that does not support the parameter $1.',
    hint: DIRECT_HINT,
  },
  {
    pattern: /^prepared statement "(.*)" (?:does not|already) exist/,
    cause: 'A prepared statement is missing or exists already, as happens with a transaction pooler.',
    hint: DIRECT_HINT,
  },
  {
    pattern: /^no such (database|user): (.*)/,
    cause: 'The pooler has no $1 "$2".',
    hint: 'Correct the connection string, or use the direct one of the database.',
  },
  {
    pattern: /^(?:Tenant or user not found|\(ENOTFOUND\) tenant\/user)/,
    cause: "Supabase's pooler does not have this project or user.",
    hint: 'The user must be "postgres.PROJECT-REF" and the host that of the project\'s region; a paused project must be resumed first.',
  },
  {
    pattern: /^Address not in tenant allow_list/,
    cause: "Supabase does not allow connections from the runner's address.",
    hint: "Allow it in the project's network restrictions; the addresses of GitHub-hosted runners change.",
  },
  {
    pattern: /^The endpoint has been disabled|^endpoint is disabled/i,
    cause: 'This Neon endpoint is disabled.',
    hint: "Enable the compute endpoint in Neon's console.",
  },
  {
    pattern: /^Endpoint ID is not specified/,
    cause: 'Neon cannot identify the endpoint: it needs the host name in the TLS handshake (SNI).',
    hint: 'Use the host name of the endpoint (not an IP address), with sslmode=require and without sslsni=0.',
  },
  {
    pattern: /^The requested endpoint could not be found/,
    cause: 'This Neon endpoint does not exist: its branch was deleted, or the host is misspelled.',
    hint: "Copy the connection string from Neon's console again.",
  },
  {
    pattern: /^Your (?:account or )?project has exceeded the (.*?) quota/,
    cause: 'Neon has stopped the project: it has used up its $1 quota.',
    hint: 'Upgrade the plan, or wait for the next billing period.',
  },
  {
    pattern: /^This IP address (?:.* )?is not allowed to connect/,
    cause: "The provider does not allow connections from the runner's address.",
    hint: 'Add it to the IP allow list of the project; the addresses of GitHub-hosted runners change.',
  },
  {
    pattern: /^Failed to identify your database: (.*?)(?:\. Please contact.*)?$/,
    cause: 'Prisma Postgres refuses connections to this database: $1.',
    hint: 'Check in the Prisma Console whether the plan or its spend limit is used up, an invoice is unpaid, or the database was deleted.',
  },
  {
    pattern:
      /^(?:server login has been failing, cached error: |\S+: )?(.*authentication failed.*) \(server_login_retry\)/,
    cause: 'The pooler cannot log in to the database behind it: $1.',
    hint: DIRECT_HINT,
  },
  {
    pattern: /^server login has been failing, cached error: (.*?)(?: \(server_login_retry\))?$/,
    cause: 'The pooler cannot reach the database behind it: $1.',
    hint: 'Check that the database itself is running, or use its direct connection string.',
    transient: true,
  },
  {
    pattern:
      /^(?:pgbouncer cannot connect to server|Couldn't connect to compute node|Failed to connect to upstream database|server conn crashed\?|DbHandler exited)/,
    cause: 'The pooler or proxy cannot reach the database behind it.',
    hint: 'Run the job again; if the error persists, check that the database itself is running.',
    transient: true,
  },
  {
    pattern:
      /^(?:query_wait_timeout|client_login_timeout|Unable to check out process from the pool|Timed-out waiting to acquire database connection|connection failure during authentication)/,
    cause: 'Timed out waiting for a free connection of the pooler.',
    hint: `Run the job when fewer clients are connected. ${DIRECT_HINT}`,
    transient: true,
  },
  {
    pattern:
      /^(?:no more connections allowed|MaxClientsInSessionMode|Max client connections reached|Max pools count reached|Failed to acquire permit to connect|Too many database connection attempts)/i,
    cause: 'The pooler has no free connection.',
    hint: `Run the job when fewer clients are connected, or raise the size of the pool. Each of the jobs is a connection: fewer need fewer. ${DIRECT_HINT}`,
    transient: true,
  },
  {
    pattern: /^(query_timeout|idle_transaction_timeout|client_idle_timeout|transaction_timeout)\b/,
    cause: "The pooler's $1 ended the session.",
    hint: DIRECT_HINT,
  },
  {
    pattern: /^(?:bouncer config error|database "?.*"? is (?:disabled|paused))/,
    cause: 'The pooler is paused or misconfigured.',
    hint: DIRECT_HINT,
  },
];
