import { UserError, errorCode } from '../../errors.ts';
import { USE_DIRECT } from './tunnel-gateway.ts';

/** Why a connection through the tunnel failed; `psql` only sees that its connection was closed. */
export class TunnelError extends UserError {
  /** Whether the same attempt is likely to succeed a little later. */
  readonly transient: boolean;

  constructor(message: string, hint: string, options: ErrorOptions & { readonly transient: boolean }) {
    super('connection', message, hint, options);
    this.transient = options.transient;
  }
}

const AGAIN = `Run the job again. If the error persists: ${USE_DIRECT}`;

/** The gateway answered the WebSocket handshake with an HTTP error (401 and 410 are documented by Prisma). */
export function refusedWith(status: number, host: string): TunnelError {
  if (status === 401 || status === 403) {
    return new TunnelError(
      `Prisma's tunnel refused the api_key of the connection string (HTTP ${status}).`,
      `The key is wrong or was revoked. ${USE_DIRECT}`,
      { transient: false },
    );
  }
  if (status === 410) {
    return new TunnelError(
      'There is no Prisma Postgres database for the api_key of the connection string (HTTP 410).',
      `The database was deleted, or the key belongs to another product of Prisma, such as Accelerate with your own database: then use the postgres:// URL of that database. ${USE_DIRECT}`,
      { transient: false },
    );
  }
  return new TunnelError(
    `Prisma's tunnel at ${host} answered with HTTP ${status} instead of a connection.`,
    AGAIN,
    { transient: status === 429 || status >= 500 },
  );
}

interface NetworkRule {
  readonly codes: RegExp;
  readonly what: (host: string) => string;
  readonly transient: boolean;
}

/** Codes of Node's network, TLS and proxy errors, and of ws's own. */
const NETWORK_RULES: readonly NetworkRule[] = [
  {
    codes: /^ERR_PROXY/,
    what: (host) => `The proxy (https_proxy) could not connect to Prisma's tunnel at ${host}.`,
    transient: false,
  },
  {
    codes: /^ENOTFOUND$/,
    what: (host) => `The host of Prisma's tunnel, ${host}, is not known to DNS.`,
    transient: false,
  },
  {
    codes: /^EAI_AGAIN$/,
    what: (host) => `The host of Prisma's tunnel, ${host}, could not be resolved (temporary DNS failure).`,
    transient: true,
  },
  {
    codes: /^ECONNREFUSED$/,
    what: (host) => `Nothing accepts connections at Prisma's tunnel, ${host}.`,
    transient: true,
  },
  {
    codes: /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    what: (host) => `Prisma's tunnel at ${host} cannot be reached from this runner.`,
    transient: true,
  },
  {
    codes: /CERT|^(?:SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH)/,
    what: (host) => `The TLS certificate of Prisma's tunnel at ${host} could not be verified.`,
    transient: false,
  },
  {
    codes: /^(?:WS_ERR_|HPE_|EPROTO$|ERR_SSL)/,
    what: (host) => `The server at ${host} does not use the protocol of Prisma's tunnel.`,
    transient: false,
  },
];

/** The connection to the gateway failed before or after it was open. */
export function networkFailure(error: unknown, host: string): TunnelError {
  const code = errorCode(error) ?? '';
  const rule = NETWORK_RULES.find(({ codes }) => codes.test(code));
  const what = rule?.what(host) ?? `The connection to Prisma's tunnel at ${host} failed.`;
  return new TunnelError(what, AGAIN, { cause: error, transient: rule?.transient ?? true });
}

/** The gateway accepted the connection and did not answer the handshake. */
export function handshakeTimedOut(milliseconds: number, host: string): TunnelError {
  const seconds = milliseconds / 1000;
  return new TunnelError(`Prisma's tunnel at ${host} did not respond within ${seconds} s.`, AGAIN, {
    transient: true,
  });
}

/**
 * The gateway ended a connection that was still in use.
 *
 * @param code the WebSocket close code (RFC 6455, section 7.4.1); 1006: it ended without one.
 */
export function dropped(code: number, host: string): TunnelError {
  return new TunnelError(
    `Prisma's tunnel at ${host} closed the connection to the database (WebSocket close code ${code}).`,
    AGAIN,
    { transient: true },
  );
}

/** More connections at once than the tunnel allows. */
export function tooManyConnections(limit: number): TunnelError {
  return new TunnelError(
    `More than ${limit} connections at once were opened through Prisma's tunnel.`,
    'Use fewer parallel jobs.',
    { transient: true },
  );
}
