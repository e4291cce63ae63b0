import { type IncomingMessage, createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { type Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer, createWebSocketStream } from 'ws';
import type { Certificate } from './database-certificate.ts';

/** How a server trusts the gateway: there are no passwords in the tunnel, and there is one database behind it. */
export const TRUSTS_GATEWAY = 'host postgres postgres 127.0.0.1/32 trust';

/** A part of a key. */
export function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A key as Prisma gives them: a JSON web token, whose signature only Prisma checks. */
export function apiKeyWith(payload: object): string {
  return `${base64url({ alg: 'HS256' })}.${base64url(payload)}.c2lnbmF0dXJl`;
}

/** As older keys are: nothing but the tunnel knows what it stands for. */
export const API_KEY = apiKeyWith({ id: 'an-older-key' });

/** The connection string that contains a key. */
export function urlWithKey(apiKey: string): string {
  return `prisma+postgres://accelerate.prisma-data.net/?api_key=${apiKey}`;
}

/** What a gateway leads to, and whom it lets in. */
export interface GatewayOptions {
  /** The server behind it; it must trust whoever comes from 127.0.0.1, since there are no passwords in the tunnel. */
  readonly target: { readonly host: string; readonly port: number };
  readonly apiKey: string;
  /** Speaks TLS with it, and its URL is a wss:// one. */
  readonly tls?: Certificate;
}

/** How a gateway behaves from now on; a test changes it as it likes. */
export interface Behaviour {
  /** Passes connections on, or answers all with this HTTP status, or does not answer at all. */
  answer: 'relay' | 'stall' | number;
  /** Sends what the server says in fragments of that many bytes. */
  fragmentBytes: number;
  /** Drops a connection once it has sent that many bytes to the client. */
  dropAfterBytes: number;
  /** How it drops: with this WebSocket close code, or, when undefined, without one. */
  dropWith: number | undefined;
}

/**
 * A gateway as Prisma runs one, over a real server: one WebSocket per connection, the key in a header, the bytes of
 * PostgreSQL's protocol in binary frames. It misbehaves on demand.
 */
export interface TunnelGateway {
  readonly url: URL;
  readonly behaviour: Behaviour;
  /** How many WebSockets are open. */
  readonly open: number;
  /** How many were opened in all. */
  readonly opened: number;
  /** How many requests have come, whatever became of them. */
  readonly requests: number;
  /** How many bytes have been handed to the network for clients, in all. */
  readonly sentBytes: number;
  /** How many bytes were read from clients, in all. */
  readonly receivedBytes: number;
  stop(): Promise<void>;
}

export async function startTunnelGateway(options: GatewayOptions): Promise<TunnelGateway> {
  const gateway = new Gateway(options);
  await gateway.listen();
  return gateway;
}

class Gateway implements TunnelGateway {
  readonly behaviour: Behaviour = {
    answer: 'relay',
    fragmentBytes: Infinity,
    dropAfterBytes: Infinity,
    dropWith: undefined,
  };
  opened = 0;
  requests = 0;
  sentBytes = 0;
  receivedBytes = 0;
  readonly #options: GatewayOptions;
  readonly #connections = new Set<Duplex>();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly #server;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#server = options.tls
      ? createHttpsServer({ key: options.tls.key, cert: options.tls.certificate })
      : createHttpServer();
    this.#server.on('connection', (connection: Duplex) => {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    });
    this.#server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
      this.#upgrade(request, connection, head);
    });
  }

  get url(): URL {
    return new URL(`${this.#options.tls ? 'wss' : 'ws'}://127.0.0.1:${this.#port}/websocket`);
  }

  get open(): number {
    return this.#sockets.clients.size;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  get #port(): number {
    const address = this.#server.address();
    return isAddress(address) ? address.port : 0;
  }

  #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const { answer } = this.behaviour;
    this.requests += 1;
    connection.on('error', () => undefined);
    if (answer === 'stall') return;
    const known = request.headers.authorization === `Bearer ${this.#options.apiKey}`;
    const status = answer === 'relay' ? (known ? 101 : 401) : answer;
    if (status !== 101) {
      connection.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno`);
      return;
    }
    this.#sockets.handleUpgrade(request, connection, head, (socket) => {
      this.opened += 1;
      void this.#relay(socket);
    });
  }

  async #relay(socket: WebSocket): Promise<void> {
    const { host, port } = this.#options.target;
    const target = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const stream = createWebSocketStream(socket);
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => (this.receivedBytes += chunk.length));
    stream.pause();
    await Promise.allSettled([pipeline(stream, target), pipeline(target, this.#frames(socket))]);
    target.destroy();
    stream.destroy();
  }

  /** Sends what is written to it as the behaviour says, each piece after the one before has left. */
  #frames(socket: WebSocket): Writable {
    const { fragmentBytes, dropAfterBytes, dropWith } = this.behaviour;
    let sent = 0;
    const send = async (chunk: Buffer): Promise<void> => {
      for (let at = 0; at < chunk.length; at += fragmentBytes) {
        const piece = chunk.subarray(
          at,
          Math.min(at + fragmentBytes, chunk.length, at + dropAfterBytes - sent),
        );
        const fin = at + fragmentBytes >= chunk.length;
        await new Promise<void>((resolve, reject) => {
          socket.send(piece, { binary: true, fin }, (error) => {
            if (error) reject(error);
            else resolve();
          });
        });
        sent += piece.length;
        this.sentBytes += piece.length;
        if (sent < dropAfterBytes) continue;
        if (dropWith === undefined) socket.terminate();
        else socket.close(dropWith);
        throw new Error('dropped');
      }
    };
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        send(chunk).then(() => {
          done();
        }, done);
      },
      final: (done) => {
        socket.close(1000);
        done();
      },
    });
  }
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
