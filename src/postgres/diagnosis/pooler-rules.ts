import type { Rule } from './rule.ts';

const DIRECT_HINT = 'Use the direct connection string of the database instead of the pooled one.';

/**
 * What poolers and hosted services say in the server's place. Sources: `disconnect_client` in pgbouncer; the module
 * ClientHandler.Error of supavisor; the pages on connection errors of Neon and AWS.
 */
export const POOLER_RULES: readonly Rule[] = [
  {
    pattern: /^unsupported startup parameter(?: in options)?: (.*)/,
    cause: 'The connection string leads to a connection pooler that does not take the parameter $1.',
    hint: DIRECT_HINT,
  },
  {
    pattern: /^prepared statement "(.*)" (?:does not|already) exist/,
    cause: 'A prepared statement got lost or is there twice, as happens behind a transaction pooler.',
    hint: DIRECT_HINT,
  },
  {
    pattern: /^no such (database|user): (.*)/,
    cause: 'The pooler has no $1 "$2".',
    hint: 'Correct the connection string, or use the direct one of the database.',
  },
  {
    pattern: /^(?:Tenant or user not found|\(ENOTFOUND\) tenant\/user)/,
    cause: "Supabase's pooler knows no such project or user.",
    hint: 'The user is "postgres.PROJECT-REF", the host that of the region of the project; a paused project must be resumed first.',
  },
  {
    pattern: /^Address not in tenant allow_list/,
    cause: "Supabase does not let the runner's address in.",
    hint: "Allow it in the project's network restrictions; hosted runners have changing addresses.",
  },
  {
    pattern: /^The endpoint has been disabled|^endpoint is disabled/i,
    cause: 'This Neon endpoint is disabled.',
    hint: "Enable the compute endpoint in Neon's console.",
  },
  {
    pattern: /^Endpoint ID is not specified/,
    cause: 'Neon cannot tell which endpoint is meant: it needs the host name in the TLS handshake (SNI).',
    hint: 'Connect by the host name of the endpoint (not by an IP address), with sslmode=require and without sslsni=0.',
  },
  {
    pattern: /^The requested endpoint could not be found/,
    cause: 'There is no such Neon endpoint: its branch was deleted, or the host is mistyped.',
    hint: "Copy the connection string from Neon's console again.",
  },
  {
    pattern: /^Your (?:account or )?project has exceeded the (.*?) quota/,
    cause: 'Neon has stopped the project: it has used up its $1 quota.',
    hint: 'Upgrade the plan, or wait for the next billing period.',
  },
  {
    pattern: /^This IP address (?:.* )?is not allowed to connect/,
    cause: "The provider does not let the runner's address in.",
    hint: 'Add it to the IP allow list of the project; hosted runners have changing addresses.',
  },
  {
    pattern: /^Failed to identify your database: (.*?)(?:\. Please contact.*)?$/,
    cause: 'Prisma Postgres does not serve this database: $1.',
    hint: 'Look into the Console: is the plan or its spend limit used up, an invoice open, or was the database deleted?',
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
    hint: 'Look whether the database itself runs; or use its direct connection string.',
    transient: true,
  },
  {
    pattern:
      /^(?:pgbouncer cannot connect to server|Couldn't connect to compute node|Failed to connect to upstream database|server conn crashed\?|DbHandler exited)/,
    cause: 'The pooler or proxy cannot reach the database behind it.',
    hint: 'Run the job again; if it stays so, look whether the database itself runs.',
    transient: true,
  },
  {
    pattern:
      /^(?:query_wait_timeout|client_login_timeout|Unable to check out process from the pool|Timed-out waiting to acquire database connection|connection failure during authentication)/,
    cause: 'The pooler had no connection to the database free in time.',
    hint: `Run the backup when fewer clients are connected. ${DIRECT_HINT}`,
    transient: true,
  },
  {
    pattern:
      /^(?:no more connections allowed|MaxClientsInSessionMode|Max client connections reached|Max pools count reached|Failed to acquire permit to connect|Too many database connection attempts)/i,
    cause: 'The pooler has no free connection.',
    hint: `Run the backup when fewer clients are connected, or raise the size of the pool. ${DIRECT_HINT}`,
    transient: true,
  },
  {
    pattern: /^(query_timeout|idle_transaction_timeout|client_idle_timeout|transaction_timeout)\b/,
    cause: "The pooler's $1 ended the session.",
    hint: DIRECT_HINT,
  },
  {
    pattern: /^(?:bouncer config error|database "?.*"? is (?:disabled|paused))/,
    cause: 'The pooler is paused or set up wrongly.',
    hint: DIRECT_HINT,
  },
];
