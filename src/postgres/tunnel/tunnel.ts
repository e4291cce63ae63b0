import { Agent } from 'node:https';
import { type Socket, createServer } from 'node:net';
import { UserError, messageOf } from '../../errors.ts';
import { log } from '../../runner/log.ts';
import type { ConnectionParameters } from '../url/parameters.ts';
import { type TunnelError, tooManyConnections } from './tunnel-failure.ts';
import { isForeign } from './tunnel-peer.ts';
import { type Gateway, type Relay, startRelay } from './tunnel-relay.ts';

/** How a tunnel is opened. */
export interface TunnelOptions {
  readonly apiKey: string;
  /** See `tunnelGateway`. */
  readonly gatewayUrl: URL;
  /** Aborting prevents the opening. An open tunnel stays open until `close()`: tools cancel their queries through it. */
  readonly signal: AbortSignal;
  /** Where `https_proxy` and `no_proxy` are read; the process's environment when absent. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long the gateway may take to answer, in milliseconds; 15 000 when absent. */
  readonly handshakeMs?: number;
  /** How many connections may be open at once; 8 when absent. */
  readonly maxConnections?: number;
}

/** A port of this machine that leads to a Prisma Postgres database, without password and TLS. */
export interface Tunnel {
  readonly host: string;
  readonly port: number;
  /**
   * Why the last connection failed: psql only sees that it was closed. A connection that opens later clears it;
   * undefined as well when the database itself ended the connection, and told psql why.
   */
  readonly failure: TunnelError | undefined;
  /** How many connections are open. */
  readonly connections: number;
  /** Bytes in memory that wait to be passed on: bounded, because the slower side sets the pace. */
  readonly bufferedBytes: number;
  /** Ends all connections, and waits until they are closed. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const HANDSHAKE_MS = 15_000;
const MAX_CONNECTIONS = 8;
/** One is kept for the session that asks the server whether it still works. */
export const TUNNEL_LIMIT = { of: "Prisma's tunnel", most: MAX_CONNECTIONS, taken: 1 } as const;

/**
 * Opens a bridge to Prisma's tunnel on a free port of 127.0.0.1. Each connection to it opens one WebSocket to the
 * gateway: a wrong key shows with the first connection, in `failure`.
 *
 * While it is open, every program of this user, and of root, can connect to the database through it without a password. On
 * Linux other users are refused; elsewhere the operating system does not show who connects.
 *
 * @throws UserError when the key cannot be sent, or no port can be opened; the signal's reason when it was aborted.
 */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  options.signal.throwIfAborted();
  if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
    throw new UserError(
      'invalid-input',
      'The api_key of the connection string contains invalid characters.',
      'Copy the connection string again from the Prisma Console.',
    );
  }
  const bridge = new Bridge(options);
  await bridge.listen();
  return bridge;
}

/**
 * The parameters with which libpq connects through a tunnel: the WebSocket encrypts, the key authenticates,
 * and the gateway accepts any user name.
 */
export function tunnelParameters({ host, port }: Pick<Tunnel, 'host' | 'port'>): ConnectionParameters {
  return {
    host,
    port: String(port),
    user: 'postgres',
    dbname: 'postgres',
    sslmode: 'disable',
    gssencmode: 'disable',
    // Longer than the handshake timeout, so that the tunnel knows the reason before psql gives up.
    connect_timeout: '30',
  };
}

class Bridge implements Tunnel {
  readonly host = HOST;
  readonly #gateway: Gateway;
  readonly #maxConnections: number;
  readonly #clients = new Set<Socket>();
  readonly #relays = new Set<Relay>();
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    void this.#serve(client);
  });
  #failure: TunnelError | undefined;
  #closing = false;

  constructor({ apiKey, gatewayUrl, env = process.env, handshakeMs, maxConnections }: TunnelOptions) {
    // Before Node 24.5 the option is unknown, and connections are direct.
    const agent = gatewayUrl.protocol === 'wss:' ? new Agent({ proxyEnv: env }) : undefined;
    this.#gateway = { url: gatewayUrl, apiKey, agent, handshakeMs: handshakeMs ?? HANDSHAKE_MS };
    this.#maxConnections = maxConnections ?? MAX_CONNECTIONS;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get failure(): TunnelError | undefined {
    return this.#failure;
  }

  get connections(): number {
    return this.#clients.size;
  }

  get bufferedBytes(): number {
    return [...this.#relays].reduce((sum, relay) => sum + relay.bufferedBytes, 0);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(
          new UserError(
            'connection',
            `No port on ${HOST} could be opened for Prisma's tunnel: ${messageOf(error)}`,
            'Use a direct connection string of the database.',
            { cause: error },
          ),
        );
      });
      this.#server.listen(0, HOST, resolve);
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const relay of this.#relays) relay.destroy();
    for (const client of this.#clients) client.destroy();
    await Promise.all([...this.#relays].map(({ ended }) => ended));
    await closed;
    this.#gateway.agent?.destroy();
  }

  async #serve(client: Socket): Promise<void> {
    client.on('error', (error) => {
      log.debug(`A connection to the tunnel failed: ${messageOf(error)}`);
    });
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    const foreign = await isForeign(client);
    if (client.destroyed) return;
    if (foreign)
      log.debug('Another user of this machine tried to use the tunnel; the connection was refused.');
    if (foreign || !this.#hasRoom()) {
      client.destroy();
      return;
    }
    const relay = startRelay(client, this.#gateway, {
      onOpen: () => (this.#failure = undefined),
      onFailure: (failure) => {
        if (!this.#closing) this.#failure = failure;
      },
    });
    this.#relays.add(relay);
    await relay.ended;
    this.#relays.delete(relay);
  }

  #hasRoom(): boolean {
    if (this.#closing) return false;
    if (this.#relays.size < this.#maxConnections) return true;
    this.#failure = tooManyConnections(this.#maxConnections);
    return false;
  }
}
