import type { RecordedFailure } from './recorded-failures.ts';

const LIBPQ = 'libpq 17: fe-connect.c, and strerror of glibc';
const OPENSSL = 'libpq 17: fe-secure-openssl.c with the reasons of OpenSSL 3';
const AT = 'psql: error: connection to server at "db.example.com" (192.0.2.1), port 5432 failed:';
const AT_IPV6 = 'connection to server at "db.example.com" (2001:db8::1), port 5432 failed:';

/** What libpq and pg_dump print by themselves. */
export const TOOL_RECORDS: readonly RecordedFailure[] = [
  {
    name: 'a name that DNS does not know',
    source: LIBPQ,
    printed:
      'psql: error: could not translate host name "nope.example" to address: Name or service not known',
    cause: /The host "nope\.example" is not known to DNS/,
  },
  {
    name: 'a DNS that does not answer',
    source: LIBPQ,
    printed:
      'psql: error: could not translate host name "db.example.com" to address: Temporary failure in name resolution',
    cause: /temporary DNS failure/,
    transient: true,
  },
  {
    name: 'a piece of a password where the host should be',
    source: LIBPQ,
    printed:
      'psql: error: could not translate host name "w0rd@db.example.com" to address: Name or service not known',
    cause: /^The host in the connection string is not a valid host name\.$/,
  },
  {
    name: 'a host that has only an IPv6 address',
    source: LIBPQ,
    printed: `psql: error: ${AT_IPV6} Network is unreachable\n\tIs the server running on that host and accepting TCP/IP connections?`,
    cause: /cannot be reached from this runner: its address is an IPv6 address/,
  },
  {
    name: 'a host that is not reached by IPv6 and does not answer by IPv4',
    source: LIBPQ,
    printed: `psql: error: ${AT_IPV6} Network is unreachable\n\tIs the server running on that host and accepting TCP/IP connections?\nconnection to server at "db.example.com" (192.0.2.1), port 5432 failed: timeout expired`,
    cause: /did not respond in time/,
    transient: true,
  },
  {
    name: 'a host that refuses by IPv4 and is not reached by IPv6',
    source: LIBPQ,
    printed: `${AT} Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n${AT_IPV6} Network is unreachable\n\tIs the server running on that host and accepting TCP/IP connections?`,
    cause: /Nothing accepts connections at the host and port/,
    transient: true,
  },
  {
    name: 'an unknown answer of one address, and another one that is not reached',
    source: LIBPQ,
    printed: `${AT} FATAL:  something new\n${AT_IPV6} Network is unreachable`,
    cause: /^The server reports: something new$/,
  },
  {
    name: 'a network without a way there',
    source: LIBPQ,
    printed: `${AT} No route to host\n\tIs the server running on that host and accepting TCP/IP connections?`,
    cause: /no route from this runner/,
  },
  {
    name: 'an IPv4 network that is not reached',
    source: LIBPQ,
    printed: `${AT} Network is unreachable`,
    cause: /^The server's network cannot be reached from this runner\.$/,
  },
  {
    name: 'a server that says nothing more',
    source: LIBPQ,
    printed: `${AT} Connection timed out\n\tIs the server running on that host and accepting TCP/IP connections?`,
    cause: /did not respond in time/,
    transient: true,
  },
  {
    name: 'a connection that breaks off during the TLS handshake',
    source: OPENSSL,
    printed: `${AT} SSL SYSCALL error: EOF detected`,
    cause: /closed the connection/,
    transient: true,
  },
  {
    name: 'a connection that breaks off during the dump',
    source: 'pg_dump 17: pg_dump.c, dumpTableData_copy',
    printed:
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetCopyData() failed.\npg_dump: detail: Error message from server: SSL SYSCALL error: EOF detected\npg_dump: detail: Command was: COPY public.t (id) TO stdout;',
    cause: /closed the connection/,
    transient: true,
  },
  {
    name: 'a handshake that fails',
    source: OPENSSL,
    printed: `${AT} SSL error: sslv3 alert handshake failure`,
    cause: /no version of TLS in common/,
  },
  {
    name: 'a client certificate that is demanded in the handshake',
    source: OPENSSL,
    printed: `${AT} SSL error: tlsv13 alert certificate required`,
    cause: /did not accept the client certificate/,
  },
  {
    name: 'a way to log in that libpq does not know',
    source: 'libpq 9.6: fe-auth.c',
    printed: 'psql: error: authentication method 10 not supported',
    cause: /do not support the authentication method/,
  },
  {
    name: 'a refusal, in the words of libpq 13',
    source: 'libpq 13: connectFailureMessage in fe-connect.c',
    printed:
      'pg_dump: error: connection to database "shop" failed: could not connect to server: Connection refused\n\tIs the server running on host "db.example.com" (192.0.2.1) and accepting\n\tTCP/IP connections on port 5432?',
    cause: /Nothing accepts connections/,
    transient: true,
  },
  {
    name: 'an error during a dump, in the words of pg_dump 13',
    source: 'pg_dump 13: pg_dump.c, dumpTableData_copy',
    printed:
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.\npg_dump: error: Error message from server: ERROR:  invalid page in block 7 of relation base/5/16385\npg_dump: error: The command was: COPY public.t (id) TO stdout;',
    cause: /is damaged: invalid page in block 7 .*, in the table public\.t\.$/,
  },
  {
    name: 'a locked table, in the words of pg_dump 13',
    source: 'pg_dump 13: pg_backup_db.c, die_on_query_failure',
    printed:
      'pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout\npg_dump: error: query was: LOCK TABLE public.held IN ACCESS SHARE MODE',
    cause: /Timed out waiting for a lock on the table public\.held/,
  },
  {
    name: 'a server that is too old',
    source: 'pg_dump 17: pg_backup_db.c, _check_database_version',
    printed:
      'pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server version: 9.1.24; pg_dump version: 17.11',
    cause: /The server \(9\.1\.24\) is too old for pg_dump \(17\.11\)/,
  },
  {
    name: 'a pg_dump that was built without zstd',
    source: 'pg_dump 17: supports_compression in compress_io.c',
    printed: 'pg_dump: error: this build does not support compression with zstd',
    cause: /rejects the compression: .*zstd\.$/,
  },
  {
    name: 'a runner that has not enough memory',
    source: 'PostgreSQL 17: common/fe_memutils.c',
    printed: 'pg_dump: error: out of memory',
    cause: /pg_dump ran out of memory on the runner/,
  },
  {
    name: 'a result that does not fit into the memory of the runner',
    source: 'libpq 17: fe-protocol3.c',
    printed:
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetCopyData() failed.\npg_dump: detail: Error message from server: out of memory for query result',
    cause: /pg_dump ran out of memory on the runner/,
  },
  {
    name: 'tools whose libraries are missing',
    source: 'glibc 2.36: elf/dl-load.c',
    printed:
      '/opt/pg tools/bin/pg_dump: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory',
    cause: /client tools cannot start on this runner: libpq\.so\.5: cannot open/,
  },
];
