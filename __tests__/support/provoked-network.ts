import { withListener } from './fake-server.ts';
import { type ProvokedFailure, connectionTo } from './failure-bench.ts';

/** What stands between the runner and the server. */
export const NETWORK_FAILURES: readonly ProvokedFailure[] = [
  {
    name: 'a host that DNS does not know, or cannot look up here',
    cause: /"no-such-host\.invalid" is not known to DNS|could not be resolved/,
    provoke: ({ psql, plain }) => psql(connectionTo(plain, { PGHOST: 'no-such-host.invalid' })),
  },
  {
    name: 'a port on which nothing listens',
    cause: /Nothing accepts connections .*the runner itself/,
    transient: true,
    provoke: ({ psql, plain }) => psql(connectionTo(plain, { PGPORT: '1' })),
  },
  {
    name: 'a socket that is not there',
    cause: /no server .*socket/i,
    provoke: ({ psql, plain, folder }) => psql(connectionTo(plain, { PGHOST: folder })),
  },
  {
    name: 'several hosts, of which the last one answers with a reason',
    cause: /refused the password/,
    provoke: ({ psql, plain }) =>
      psql(
        connectionTo(plain, {
          PGHOST: '127.0.0.1,127.0.0.1',
          PGPORT: `1,${plain.port}`,
          PGPASSWORD: 'wrong',
        }),
      ),
  },
  {
    name: 'a server that never answers',
    cause: /did not respond in time/,
    transient: true,
    provoke: ({ psql }) =>
      withListener(
        () => undefined,
        (connection) => psql({ ...connection, PGCONNECT_TIMEOUT: '2' }),
      ),
  },
  {
    name: 'a connection that is reset',
    cause: /closed the connection/,
    transient: true,
    provoke: ({ psql }) =>
      withListener(
        (socket) => socket.once('data', () => socket.resetAndDestroy()),
        (connection) => psql({ ...connection, PGSSLMODE: 'disable' }),
      ),
  },
  {
    name: 'a connection that is closed at once',
    cause: /closed the connection/,
    transient: true,
    provoke: ({ psql }) => withListener((socket) => socket.end(), psql),
  },
  {
    name: 'a web server on that port',
    cause: /not a PostgreSQL server/,
    provoke: ({ psql }) =>
      withListener(
        (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        (connection) => psql({ ...connection, PGSSLMODE: 'disable' }),
      ),
  },
  {
    name: 'a web server on that port, asked for TLS',
    cause: /not a PostgreSQL server/,
    provoke: ({ psql }) =>
      withListener(
        (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
        (connection) => psql({ ...connection, PGSSLMODE: 'require' }),
      ),
  },
  {
    name: 'a primary where the connection string wants a standby',
    cause: /target_session_attrs/,
    provoke: ({ psql, plain }) => psql(connectionTo(plain, { PGTARGETSESSIONATTRS: 'standby' })),
  },
];
