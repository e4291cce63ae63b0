import type { Rule } from './rule.ts';

const CERTIFICATE_HINT =
  'Use sslmode=verify-full with sslrootcert=system for a public certificate authority, or give the right one.';
const THIS_RUNNER = /^at "(?:localhost|127\.[\d.]+|::1)"/;

/** TLS, from the certificate files to the handshake. Sources: fe-connect.c, fe-secure-openssl.c of libpq. */
const TLS_RULES: readonly Rule[] = [
  {
    pattern: /^server does not support SSL, but SSL was required/,
    cause: 'The connection string asks for TLS, and the server does not offer it.',
    hint: 'Switch TLS on at the server; only for a server on a private network, use ?sslmode=disable.',
  },
  {
    pattern:
      /^server certificate for ("[^"]*"(?: \(and \d+ other names?\))?) does not match host name "(.*)"/,
    cause: 'The server\'s TLS certificate is for $1, not for "$2".',
    hint: 'Connect by the name that the certificate has, or have the server present the right one.',
  },
  {
    pattern: /^root certificate file "(.*)" does not exist/,
    cause: 'The file "$1" of sslrootcert does not exist.',
    hint: CERTIFICATE_HINT,
  },
  {
    pattern: /^could not read root certificate file "(.*)": (.*)/,
    cause: 'The file "$1" of sslrootcert cannot be read: $2.',
    hint: 'It must hold certificates in PEM form, -----BEGIN CERTIFICATE----- and all.',
  },
  {
    pattern: /^weak sslmode "(.*)" may not be used with sslrootcert=system/,
    cause: 'sslrootcert=system does not go together with sslmode=$1.',
    hint: 'Use sslmode=verify-full.',
  },
  {
    pattern: /^SSL error: certificate verify failed|^certificate verify failed/,
    cause:
      "The server's TLS certificate could not be verified: it has expired, or nobody whom sslrootcert trusts signed it.",
    hint: CERTIFICATE_HINT,
  },
  {
    pattern: /^private key file "(.*)" has group or world access/,
    cause: 'The private key file "$1" of sslkey is one that others may read.',
    hint: 'chmod 600 it.',
  },
  {
    pattern: /^certificate present, but not private key file "(.*)"/,
    cause: 'The connection string gives a client certificate, and its private key file "$1" is missing.',
    hint: 'Give sslkey together with sslcert.',
  },
  {
    pattern:
      /^could not load private key file "(.*)": key values mismatch|^certificate does not match private key file "(.*)"/,
    cause: 'The client certificate and the private key do not belong together.',
    hint: 'Give sslcert and sslkey that were made together.',
  },
  {
    pattern: /^could not (?:load|read|open) (?:private key|certificate) file "(.*?)"(?:: (.*))?$/,
    cause: 'The file "$1" of the client certificate cannot be used: $2.',
    hint: 'sslcert and sslkey must be in PEM form; an encrypted key needs sslpassword.',
  },
  {
    pattern:
      /^SSL error: .*alert (?:unknown ca|bad certificate|certificate (?:expired|revoked|unknown|required)|unsupported certificate|decrypt error)/,
    cause: 'The server did not accept the client certificate.',
    hint: 'Give sslcert and sslkey that an authority known to the server has signed and that are still valid.',
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
    cause: 'What answers at the host and port is not a PostgreSQL server.',
    hint: 'Check the port in the connection string (usually 5432), and that no web address was given for the host.',
  },
];

/** Names and ways. Those that got further stand first: of several addresses, they tell more. */
export const NETWORK_RULES: readonly Rule[] = [
  ...TLS_RULES,
  {
    pattern: /^(?:session is (?:not )?read-only|server is (?:not )?in hot standby mode)/,
    cause: 'The server is not of the kind that target_session_attrs in the connection string asks for.',
    hint: 'Remove target_session_attrs, or name the other servers too.',
  },
  {
    pattern: /^timeout expired|^Connection timed out/,
    cause: 'The server did not answer in time.',
    hint: 'Check the host and port; a time-out usually means a firewall or a private network that the runner is not part of.',
    transient: true,
  },
  {
    pattern: /^(?:No such file or directory|Connection refused|Permission denied)/,
    address: /^on socket /,
    cause: 'There is no server on the socket that the connection string names.',
    hint: 'Give a host in the connection string: without one, libpq looks for a server on the runner itself.',
  },
  {
    pattern: /^Connection refused/,
    address: THIS_RUNNER,
    cause: 'Nothing accepts connections at the port of the connection string, on the runner itself.',
    hint: 'Its host is the runner (localhost). For a service container, map its port; else use the name of the database server.',
    transient: true,
  },
  {
    pattern: /^Connection refused/,
    cause: 'Nothing accepts connections at the host and port of the connection string.',
    hint: 'Check host and port, that the server runs, and that its firewall lets the runner in.',
    transient: true,
  },
  {
    pattern: /^(?:No route to host|Host is (?:down|unreachable))/,
    cause: 'There is no way from this runner to the host of the connection string.',
    hint: 'Check the host; a private address is reached only by runners inside its network.',
  },
  {
    pattern: /^(?:Network is unreachable|Cannot assign requested address|Address family not supported)/,
    address: /^at (?:"[^"]*" \()?"?[\da-f]*:[\da-f:.]*[)"]/i,
    cause: "The server's network cannot be reached from this runner: its address is an IPv6 address.",
    hint: 'A host that has only an IPv6 address cannot be reached from hosted runners: use its IPv4 or pooled (session) address.',
  },
  {
    pattern: /^Network is unreachable/,
    cause: "The server's network cannot be reached from this runner.",
    hint: 'A private address is reached only by runners inside its network; hosted runners have no IPv6.',
  },
  {
    pattern: /^could not translate host name .*Temporary failure in name resolution/,
    cause: "The server's name could not be looked up just now (temporary DNS failure).",
    hint: 'Run the job again; if it stays so, check the host in the connection string.',
    transient: true,
  },
  {
    pattern: /^could not translate host name "([\w.-]+)"/,
    cause: 'The host "$1" is not known to DNS.',
    hint: 'Correct the host in the connection string; a private name is known only to runners inside its network.',
  },
  {
    // What is no name of a host may be a piece of a password with an "@" in it.
    pattern: /^could not translate host name/,
    cause: 'The host of the connection string is not one that DNS could know.',
    hint: 'Correct the host, and percent-encode special characters in the password (@ is %40).',
  },
];

/** What is left when a connection ends, whatever ended it. */
export const LOST_CONNECTION_RULES: readonly Rule[] = [
  {
    pattern:
      /^server closed the connection unexpectedly|^SSL SYSCALL error|^could not (?:receive data from|send data to) server|^SSL connection has been closed unexpectedly|^connection to server was lost|^Connection reset by peer|^no connection to the server|^lost synchronization with server/,
    cause: 'The server closed the connection unexpectedly.',
    hint: "Run the job again; if it stays so, look into the server's log for a crash or a limit.",
    transient: true,
  },
];
