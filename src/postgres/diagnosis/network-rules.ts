import type { Rule } from './rule.ts';

const CERTIFICATE_HINT =
  'Use sslmode=verify-full with sslrootcert=system for a public certificate authority (CA), or set sslrootcert to the certificate of the right one.';
const SERVICE_HINT =
  "A name without a dot is usually that of a service. Only jobs with a container of their own reach services by name: in other jobs, map the port (ports: ['5432:5432']) and use 127.0.0.1 as the host.";
const THIS_RUNNER = /^at "(?:localhost|127\.[\d.]+|::1)"/;

/** TLS, from the certificate files to the handshake. Sources: fe-connect.c, fe-secure-openssl.c of libpq. */
const TLS_RULES: readonly Rule[] = [
  {
    pattern: /^server does not support SSL, but SSL was required/,
    cause: 'The connection string requires TLS, which the server does not support.',
    hint: 'Enable TLS on the server; for a server in a private network only, use ?sslmode=disable.',
  },
  {
    pattern:
      /^server certificate for ("[^"]*"(?: \(and \d+ other names?\))?) does not match host name "(.*)"/,
    cause: 'The server\'s TLS certificate is for $1, not for "$2".',
    hint: 'Use the host name in the certificate, or install a certificate for this host name on the server.',
  },
  {
    pattern: /^root certificate file "(.*)" does not exist/,
    cause: 'The file "$1" of sslrootcert does not exist.',
    hint: CERTIFICATE_HINT,
  },
  {
    pattern: /^could not read root certificate file "(.*)": (.*)/,
    cause: 'The file "$1" of sslrootcert cannot be read: $2.',
    hint: 'It must contain certificates in PEM format, including the -----BEGIN CERTIFICATE----- lines.',
  },
  {
    pattern: /^weak sslmode "(.*)" may not be used with sslrootcert=system/,
    cause: 'sslrootcert=system cannot be used with sslmode=$1.',
    hint: 'Use sslmode=verify-full.',
  },
  {
    pattern: /^SSL error: certificate verify failed|^certificate verify failed/,
    cause:
      "The server's TLS certificate could not be verified: it is expired or not signed by a trusted CA (sslrootcert).",
    hint: CERTIFICATE_HINT,
  },
  {
    pattern: /^private key file "(.*)" has group or world access/,
    cause: 'The private key file "$1" of sslkey can be read by other users.',
    hint: 'Run chmod 600 on it.',
  },
  {
    pattern: /^certificate present, but not private key file "(.*)"/,
    cause: 'The connection string has a client certificate, but its private key file "$1" is missing.',
    hint: 'Set sslkey together with sslcert.',
  },
  {
    pattern:
      /^could not load private key file "(.*)": key values mismatch|^certificate does not match private key file "(.*)"/,
    cause: 'The client certificate and the private key do not match.',
    hint: 'Set sslcert and sslkey to a certificate and its own key.',
  },
  {
    pattern: /^could not (?:load|read|open) (?:private key|certificate) file "(.*?)"(?:: (.*))?$/,
    cause: 'The file "$1" of the client certificate cannot be used: $2.',
    hint: 'sslcert and sslkey must be in PEM format; an encrypted key needs sslpassword.',
  },
  {
    pattern:
      /^SSL error: .*alert (?:unknown ca|bad certificate|certificate (?:expired|revoked|unknown|required)|unsupported certificate|decrypt error)/,
    cause: 'The server did not accept the client certificate.',
    hint: 'Set sslcert to an unexpired certificate that is signed by a CA that the server trusts, and sslkey to its key.',
  },
  {
    pattern:
      /^SSL error: .*(?:protocol version|unsupported protocol|handshake failure|no protocols available)/,
    cause: 'The server and the client tools have no version of TLS in common.',
    hint: 'Remove ssl_min_protocol_version and ssl_max_protocol_version from the connection string, or update the server.',
  },
  {
    pattern:
      /^received invalid response to SSL negotiation|^expected authentication request from server|^SSL error: .*wrong version number|^direct SSL connection was established without ALPN/,
    cause: 'The service at this host and port is not a PostgreSQL server.',
    hint: 'Check the host and the port in the connection string (usually 5432).',
  },
];

/** Names and routes. Those that got further come first: of several addresses, they say more. */
export const NETWORK_RULES: readonly Rule[] = [
  ...TLS_RULES,
  {
    pattern: /^(?:session is (?:not )?read-only|server is (?:not )?in hot standby mode)/,
    cause: 'The server is not of the kind that target_session_attrs in the connection string requires.',
    hint: 'Remove target_session_attrs, or name the other servers too.',
  },
  {
    pattern: /^timeout expired|^Connection timed out/,
    cause: 'The server did not respond in time.',
    hint: 'Check the host and port; a timeout usually means a firewall, or a private network that the runner is not in.',
    transient: true,
  },
  {
    pattern: /^(?:No such file or directory|Connection refused|Permission denied)/,
    address: /^on socket /,
    cause: 'There is no server at the socket in the connection string.',
    hint: 'Add a host to the connection string: without one, libpq looks for a server on the runner itself.',
  },
  {
    pattern: /^Connection refused/,
    address: THIS_RUNNER,
    cause: 'Nothing accepts connections at the port of the connection string, on the runner itself.',
    hint: "Its host is the runner (localhost). For a service container, map its port (ports: ['5432:5432']); in a job with a container of its own, use the name of the service as the host. Otherwise, use the name of the database server.",
    transient: true,
  },
  {
    pattern: /^Connection refused/,
    cause: 'Nothing accepts connections at the host and port of the connection string.',
    hint: 'Check host and port, that the server is running, and that its firewall allows the runner.',
    transient: true,
  },
  {
    pattern: /^(?:No route to host|Host is (?:down|unreachable))/,
    cause: 'There is no route from this runner to the host of the connection string.',
    hint: 'Check the host; a private address can only be reached by runners inside its network.',
  },
  {
    pattern: /^(?:Network is unreachable|Cannot assign requested address|Address family not supported)/,
    address: /^at (?:"[^"]*" \()?"?[\da-f]*:[\da-f:.]*[)"]/i,
    cause: "The server's network cannot be reached from this runner: its address is an IPv6 address.",
    hint: 'GitHub-hosted runners cannot reach a host that has only an IPv6 address: use its IPv4 or pooled (session) address.',
  },
  {
    pattern: /^Network is unreachable/,
    cause: "The server's network cannot be reached from this runner.",
    hint: 'A private address can only be reached by runners inside its network; GitHub-hosted runners have no IPv6.',
  },
  {
    pattern: /^could not translate host name "host\.docker\.internal"/,
    cause: 'The host "host.docker.internal" is not known on this machine.',
    hint: 'Docker Desktop defines that name, and Docker on Linux does not. For a server on the runner itself, use 127.0.0.1; from the container of a job, the name of the service.',
  },
  {
    pattern: /^could not translate host name "([A-Za-z][\w-]*)".*Temporary failure in name resolution/,
    cause: 'The host "$1" could not be resolved.',
    hint: SERVICE_HINT,
    transient: true,
  },
  {
    pattern: /^could not translate host name "([A-Za-z][\w-]*)"/,
    cause: 'The host "$1" is not known to DNS.',
    hint: SERVICE_HINT,
  },
  {
    pattern: /^could not translate host name .*Temporary failure in name resolution/,
    cause: "The server's host name could not be resolved (temporary DNS failure).",
    hint: 'Run the job again; if the error persists, check the host in the connection string.',
    transient: true,
  },
  {
    pattern: /^could not translate host name "([\w.-]+)"/,
    cause: 'The host "$1" is not known to DNS.',
    hint: 'Correct the host in the connection string; a private name can only be resolved by runners inside its network.',
  },
  {
    // What is not a host name may be a part of a password that contains an "@".
    pattern: /^could not translate host name/,
    cause: 'The host in the connection string is not a valid host name.',
    hint: 'Correct the host, and percent-encode special characters in the password (@ is %40).',
  },
];

/** Messages about a connection that ended, for whatever reason. */
export const LOST_CONNECTION_RULES: readonly Rule[] = [
  {
    pattern:
      /^server closed the connection unexpectedly|^SSL SYSCALL error|^could not (?:receive data from|send data to) server|^SSL connection has been closed unexpectedly|^connection to server was lost|^Connection reset by peer|^no connection to the server|^lost synchronization with server/,
    cause: 'The server closed the connection unexpectedly.',
    hint: "Run the job again; if the error persists, check the server's log for a crash or a limit.",
    transient: true,
  },
];
