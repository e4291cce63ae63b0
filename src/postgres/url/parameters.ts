/**
 * The connection parameters of libpq 17 and the environment variable of each; `null` where there is none and the
 * parameter goes into a service file instead.
 *
 * Source: PostgreSQL 17 documentation, "Parameter Key Words" and "Environment Variables" of libpq.
 */
export const LIBPQ_PARAMETERS = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  require_auth: 'PGREQUIREAUTH',
  channel_binding: 'PGCHANNELBINDING',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  client_encoding: 'PGCLIENTENCODING',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  fallback_application_name: null,
  keepalives: null,
  keepalives_idle: null,
  keepalives_interval: null,
  keepalives_count: null,
  tcp_user_timeout: null,
  replication: null,
  gssencmode: 'PGGSSENCMODE',
  gssdelegation: 'PGGSSDELEGATION',
  gsslib: 'PGGSSLIB',
  krbsrvname: 'PGKRBSRVNAME',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslcompression: 'PGSSLCOMPRESSION',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: null,
  sslcertmode: 'PGSSLCERTMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  sslsni: 'PGSSLSNI',
  requirepeer: 'PGREQUIREPEER',
  requiressl: 'PGREQUIRESSL',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  load_balance_hosts: 'PGLOADBALANCEHOSTS',
} as const satisfies Record<string, string | null>;

/** The name of a connection parameter. */
export type ParameterName = keyof typeof LIBPQ_PARAMETERS;

/** Connection parameters by name, decoded: what a connection string means. */
export type ConnectionParameters = Readonly<Partial<Record<ParameterName, string>>>;

export function isParameterName(name: string): name is ParameterName {
  return Object.hasOwn(LIBPQ_PARAMETERS, name);
}

/** The entries of `parameters` that have a value, typed. */
export function parameterEntries(parameters: ConnectionParameters): [ParameterName, string][] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    isParameterName(name) ? [[name, value]] : [],
  );
}
