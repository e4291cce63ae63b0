import { type Rule, SECRET_HINT } from './rule.ts';

const ALLOW_HINT =
  "Allow the runner's address in the server's configuration or your provider's network settings.";

/** Who can log in, from where, and to which database. Sources: libpq/auth.c, utils/init/postinit.c, fe-auth.c. */
export const ACCESS_RULES: readonly Rule[] = [
  {
    // Neon's proxy uses single quotes.
    pattern: /^password authentication failed for user ["'](.*)["']/,
    cause: 'The server refused the password of the user "$1".',
    hint: `${SECRET_HINT} Special characters in the password must be percent-encoded (@ is %40). An expired password (VALID UNTIL) gives the same error.`,
  },
  {
    pattern: /^(?:fe_sendauth: )?no password supplied/,
    cause: 'The server requires a password and the connection string has none.',
    hint: SECRET_HINT,
  },
  {
    pattern: /^role "(.*)" does not exist/,
    query: /^(SET ROLE)/,
    cause: 'The role "$1", which --role sets, does not exist on the server.',
    hint: 'Correct --role in pg-dump-args.',
  },
  {
    pattern: /^role "(.*)" does not exist/,
    cause: 'The server has no user "$1".',
    hint: SECRET_HINT,
  },
  {
    pattern: /^permission denied to set role "(.*)"/,
    cause: 'The user lacks the privilege to SET ROLE "$1".',
    hint: 'GRANT that role to the user, or remove --role from pg-dump-args.',
  },
  {
    pattern: /^role "(.*)" is not permitted to log in/,
    cause: 'The user "$1" is not permitted to log in.',
    hint: 'Give the role LOGIN, or use another user in the connection string.',
  },
  {
    from: 'tool',
    pattern: /^authentication method requirement "(.*)" failed: (.*)/,
    cause:
      'The connection string requires an authentication method that the server did not use (require_auth=$1: $2).',
    hint: 'Correct require_auth in the connection string, or remove it.',
  },
  {
    from: 'tool',
    pattern: /^channel binding (?:is )?required/,
    cause: 'The connection string requires channel binding, which works with TLS and SCRAM passwords only.',
    hint: 'Add sslmode=require, or remove channel_binding=require (connection poolers often lack it).',
  },
  {
    from: 'tool',
    pattern: /^authentication method (\d+) not supported|^SCRAM authentication requires libpq/,
    cause: 'The client tools do not support the authentication method that the server requires.',
    hint: 'Use a newer postgres-version, or a user with a password.',
  },
  {
    pattern: /^PAM authentication failed for user "(.*)"/,
    cause: 'The server refused the user "$1" (PAM).',
    hint: 'On Amazon RDS this is IAM authentication, whose tokens are valid for 15 minutes: generate one in this job, just before this step.',
  },
  {
    pattern: /^certificate authentication failed for user "(.*)"/,
    cause: 'The client certificate does not name the user "$1".',
    hint: 'Use a certificate whose common name (CN) is the user, or the user that it names.',
  },
  {
    pattern:
      /^(Peer|Ident|GSSAPI|SSPI|LDAP|RADIUS|BSD|Cloud SQL IAM user) authentication failed for user "(.*)"/,
    cause: 'The server refused the user "$2": $1 authentication failed.',
    hint: 'For a user with a password, set scram-sha-256 for this connection in pg_hba.conf.',
  },
  {
    pattern: /^pg_hba\.conf rejects .*?connection for host "(.*?)"/,
    cause:
      'The server does not allow this user to connect to this database from the address $1 (pg_hba.conf rejects it).',
    hint: ALLOW_HINT,
  },
  {
    pattern: /^no pg_hba\.conf entry for .*?host "([^"]*)".*(?:SSL encryption|GSS encryption|SSL on)$/,
    cause:
      'The server does not allow this user to connect to this database from the address $1 (pg_hba.conf).',
    hint: ALLOW_HINT,
  },
  {
    pattern: /^connection requires a valid client certificate/,
    cause: 'The server requires a client certificate, and none was given.',
    hint: 'Set sslcert and sslkey, and sslmode=require or stricter, in the connection string.',
  },
  {
    // Also of Supavisor, RDS Proxy, Neon.
    pattern:
      /^no pg_hba\.conf entry for .*(?:no encryption|SSL off)$|^SSL connection is required|^This RDS Proxy requires TLS|^connection is insecure/,
    cause: 'The server accepts encrypted connections only.',
    hint: 'Add ?sslmode=require to the connection string.',
  },
  {
    pattern: /^no pg_hba\.conf entry/,
    cause: 'The server does not allow this user to connect to this database from this address (pg_hba.conf).',
    hint: ALLOW_HINT,
  },
  {
    pattern: /^database "(.*)" does not exist/,
    cause: 'The server has no database "$1".',
    hint: 'Correct the name after the last "/" of the connection string.',
  },
  {
    pattern: /^database "(.*)" is not currently accepting connections/,
    cause: 'The database "$1" accepts no connections.',
    hint: 'Use another database in the connection string; template0 cannot be backed up.',
  },
  {
    pattern: /^cannot connect to invalid database "(.*)"/,
    cause: 'The database "$1" is left over from a DROP DATABASE that was interrupted.',
    hint: 'Use another database in the connection string.',
  },
  {
    pattern: /^permission denied for database "?(.*?)"?$/,
    cause: 'The user lacks the privilege to connect to the database "$1".',
    hint: 'GRANT CONNECT ON DATABASE to the user, or use another one.',
  },
];
