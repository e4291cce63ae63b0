import {
  type FailureBench,
  type ProvokedFailure,
  connectionTo,
  newDatabase,
  newRole,
  whileSession,
  withHba,
} from './failure-bench.ts';

/** Who may log in. */
export const ACCESS_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a wrong password',
    cause: /refused the password of the user "postgres"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGPASSWORD: 'wrong' })),
  },
  {
    name: 'a wrong password, told by pg_dump',
    cause: /refused the password of the user "postgres"/,
    provoke: ({ plain, pgDump }) => pgDump(connectionTo(plain, { PGPASSWORD: 'wrong' })),
  },
  {
    name: 'no password',
    cause: /requires a password/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGPASSWORD: '' })),
  },
  {
    name: 'a role whose password has expired',
    cause: /refused the password of the user "expired"/,
    hint: /VALID UNTIL/,
    provoke: async ({ plain, psql }) => psql(await newRole(plain, 'expired', "VALID UNTIL '2020-01-01'")),
  },
  {
    name: 'a role that does not exist',
    cause: /no user "ghost"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGUSER: 'ghost' })),
  },
  {
    name: 'a role that may not log in',
    cause: /user "no_login" is not permitted to log in/,
    provoke: async ({ plain, psql }) => {
      const role = await newRole(plain, 'no_login');
      await plain.query('ALTER ROLE no_login NOLOGIN');
      return psql(role);
    },
  },
  {
    name: 'another way to log in than the connection string demands',
    cause: /require_auth/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGREQUIREAUTH: 'md5' })),
  },
  {
    name: 'a password in clear where the connection string demands SCRAM',
    cause: /require_auth/,
    provoke: ({ plain, psql }) =>
      psql(connectionTo(plain, { PGUSER: 'cleartext', PGREQUIREAUTH: 'scram-sha-256' })),
  },
  {
    name: 'channel binding without TLS',
    cause: /channel binding/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGCHANNELBINDING: 'require' })),
  },
  {
    name: 'a rejection in pg_hba.conf, without encryption',
    cause: /does not allow this user to connect .*pg_hba\.conf/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGUSER: 'rejected' })),
  },
  {
    name: 'a rejection in pg_hba.conf, with encryption and without',
    cause: /does not allow this user to connect .*pg_hba\.conf/,
    provoke: ({ tls, psql }) => psql(connectionTo(tls, { PGUSER: 'rejected', PGSSLMODE: 'prefer' })),
  },
  {
    name: 'no line in pg_hba.conf for an encrypted connection',
    cause: /does not allow this user to connect .*pg_hba\.conf/,
    provoke: ({ tls, psql }) => withHba(tls, [], () => psql(connectionTo(tls, { PGSSLMODE: 'prefer' }))),
  },
  {
    name: 'a wrong password with TLS, and no line in pg_hba.conf without',
    cause: /refused the password/,
    provoke: ({ tls, psql }) => psql(connectionTo(tls, { PGPASSWORD: 'wrong', PGSSLMODE: 'prefer' })),
  },
  {
    name: 'peer authentication as somebody else',
    cause: /refused the user "peered": peer authentication/i,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGHOST: plain.socketFolder, PGUSER: 'peered' })),
  },
  {
    name: 'ident authentication where nothing answers it',
    cause: /refused the user "identified": ident authentication/i,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGUSER: 'identified' })),
  },
  {
    name: 'a database that does not exist',
    cause: /no database "nope"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGDATABASE: 'nope' })),
  },
  {
    name: 'a database that the role may not connect to',
    cause: /lacks the privilege to connect to the database "closed"/,
    provoke: async ({ plain, psql }) => {
      await newDatabase(plain, 'closed', 'REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
      return psql({ ...(await newRole(plain, 'stranger')), PGDATABASE: 'closed' });
    },
  },
  {
    name: 'a database that accepts no connections',
    cause: /database "template0" accepts no connections/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGDATABASE: 'template0' })),
  },
  {
    name: 'a setting in the options that the server does not know',
    cause: /does not have the setting "nope\.?\w*"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGOPTIONS: '-c nope=1' })),
  },
  {
    name: 'a client encoding that the server does not know',
    cause: /rejects the value that is set for "client_encoding"/,
    provoke: ({ plain, psql }) => psql(connectionTo(plain, { PGCLIENTENCODING: 'NOPE' })),
  },
];

/** Limits on connections. */
export const LIMIT_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a role with as many connections as it may have',
    cause: /no free connection/,
    transient: true,
    provoke: async ({ plain, psql }) => psql(await newRole(plain, 'full_role', 'CONNECTION LIMIT 0')),
  },
  {
    name: 'a database with as many connections as it may have',
    cause: /no free connection/,
    transient: true,
    provoke: async ({ plain, psql }) => {
      await newDatabase(plain, 'full_database', 'ALTER DATABASE full_database CONNECTION LIMIT 0');
      return psql({ ...(await newRole(plain, 'late_role')), PGDATABASE: 'full_database' });
    },
  },
  {
    name: 'a server whose last connections are for superusers',
    cause: /no free connection/,
    transient: true,
    provoke: async ({ narrow, psql }) => {
      const role = await newRole(narrow, 'commoner');
      return withSessions(narrow, 4, () => psql(role));
    },
  },
  {
    name: 'a server without any connection left',
    cause: /no free connection/,
    transient: true,
    provoke: ({ narrow, psql }) => withSessions(narrow, 6, () => psql(connectionTo(narrow))),
  },
];

/** Keeps this number of connections open. */
async function withSessions<T>(
  database: FailureBench['narrow'],
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  if (count === 0) return work();
  return whileSession(database, 'SELECT 1', () => withSessions(database, count - 1, work));
}
